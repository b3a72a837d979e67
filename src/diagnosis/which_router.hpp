// Which device of the link is the router: decided by what was seen, not by the route alone. Pure.
#pragma once

#include <natcheck/evidence.hpp>
#include <string>

namespace natcheck::judging {

/// A device of the same link other than the gateway and this host.
bool may_be_router(const route_info& way, const address& ip);

/// Whether the gateway answered nothing at all by any of the protocols that were tried.
bool offers_nothing(const mapping_evidence& failed);

/// Whether only a protocol was to be tried that tells of no other device.
bool asks_without_search(const mapping_evidence& failed);

/// `ip` let one of the first two TTLs end: it forwards what this host sends.
bool forwards_packets(const discover_evidence& seen, const address& ip);

/// `device` is on the egress route: it forwards packets, names the address that the Internet sees,
/// or is the gateway by another address (the same link-layer address).
bool is_on_egress_route(const discover_evidence& seen, const gateway_evidence& device);

/// Where the gateway that the route names is not the one that translates, and another one of the
/// link is proven to be, that one becomes `seen.gateway`, and the other one of `other_gateways`.
/// A gateway that the user named stays.
void settle_router(discover_evidence& seen);

/// Why the router is not the one that the route names, as a clause for people; empty where it is.
std::string why_other_router(const discover_evidence& seen);

}  // namespace natcheck::judging
