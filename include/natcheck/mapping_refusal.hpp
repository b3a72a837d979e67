// Why a gateway opens no port: one vocabulary for all protocols.
#pragma once

namespace natcheck {

/// What the error code of a protocol means, or what natcheck found to be wrong with a "yes". The
/// code itself stands beside it.
enum class mapping_refusal {
  none,            ///< it did not refuse, or gave no code
  other,           ///< a code that says no more than that there is no mapping
  not_authorized,  ///< by its settings, or not for this host: NAT-PMP 2, PCP 2 and 15, UPnP 606
  unsupported_version,  ///< of the protocol: NAT-PMP 1, PCP 1
  network_failure,      ///< no Internet connection, or no public address: NAT-PMP 3, PCP 7
  table_full,           ///< NAT-PMP 4, UPnP 728
  no_resources,         ///< the table is full, or there is no public address: PCP 8
  over_quota,           ///< of this host, or of this customer: PCP 10
  port_conflict,        ///< something else has the external port: PCP 11, UPnP 718 and 729
  address_mismatch,     ///< another NAT is between this host and the gateway: PCP 12
  port_not_allowed,     ///< UPnP 716
  same_port_required,   ///< as the internal one: UPnP 724
  lifetime_rejected,    ///< UPnP 402 and 725
  no_reason,            ///< UPnP 501
  // Without a code of a protocol:
  already_mapped,     ///< the internal port is open already, on another external port
  granted_otherwise,  ///< another external port than the one that was insisted on
  not_kept,           ///< the gateway accepted, and then has no such entry
  taken_over,         ///< of a removal: the entry is somebody else's by now, and was left alone
};

}  // namespace natcheck
