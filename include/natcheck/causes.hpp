// The codes of causes and operations. Behind each the values that belong to it, in their order.
#pragma once

#include <natcheck/cause.hpp>

namespace natcheck {

enum class cause_code : std::uint16_t {
  none,
  quoted,  ///< text: what another program or host says, the operating system included

  operation_failed,  ///< operation, cause

  // The time was over.
  not_answered_in_time,      ///< stopped by the caller's limit
  table_not_read_in_time,    ///< likewise
  stopped_before_an_answer,  ///< likewise, before the schedule was over
  router_too_slow,           ///< likewise, while removing
  no_answer_in,              ///< milliseconds; stopped by the caller's limit
  no_answer_to_requests,     ///< requests, milliseconds: the whole schedule
  no_answer_but_from,        ///< requests, milliseconds, endpoint: of another that answered

  // What is wrong with a datagram.
  empty_datagram,
  other_version,            ///< version, ours
  too_short_for_an_answer,  ///< bytes
  answer_too_short,         ///< bytes, at least
  answer_to_too_short,      ///< bytes, what was asked, at least
  pcp_too_long,             ///< bytes at most
  size_not_multiple_of_4,   ///< bytes
  request_not_answer,
  answer_to_undefined,          ///< operation number
  answer_to_another,            ///< the answer's operation, ours
  answer_for_another_port,      ///< internal port, ours
  answer_for_another_protocol,  ///< protocol number, ours
  another_nonce,
  external_port_zero,
  option_too_long,  ///< number of the option, bytes that it claims, bytes left
  speaks_pcp,       ///< version
  speaks_nat_pmp,
  speaks_draft_of_pcp,
  speaks_later_pcp,  ///< version

  // What a result code of PCP or NAT-PMP says.
  result_success,
  result_unsupported_version,
  result_not_authorized,
  result_not_authorized_or_owner,
  result_malformed_request,
  result_unsupported_operation,
  result_unsupported_option,
  result_malformed_option,
  result_no_external_address,
  result_no_wan_connection,
  result_table_full,
  result_no_resources,
  result_unsupported_transport,
  result_over_quota,
  result_external_not_available,
  result_address_mismatch,
  result_too_many_peers,
  result_authentication_required,
  result_undefined,

  // What became of a mapping.
  zero_lifetime_granted,
  other_port_granted,       ///< external port, the one asked for
  other_port_not_returned,  ///< likewise, why its removal failed
  mapping_kept,             ///< seconds that it stays after its removal
  pinhole_kept,             ///< seconds
  mappings_lost,            ///< seconds ago, by the router's clock
  leads_to_another_host,    ///< address
  nonce_not_known,
  last_
};

enum class operation_code : std::uint16_t {
  none,
  quoted,  ///< text

  // Of PCP or NAT-PMP: endpoint, name of the protocol.
  asking_for_presence,
  asking_for_external_address,
  asking_for_mapping,
  asking_for_removal,
  asking_for_shorter_lease,
  removing_mapping,  ///< address
  last_
};

}  // namespace natcheck
