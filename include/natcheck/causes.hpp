// The codes of causes. Behind each the values that belong to it, in their order.
#pragma once

#include <natcheck/cause.hpp>

namespace natcheck {

enum class cause_code : std::uint16_t {
  none,
  quoted,  ///< text: what another program or host says, the operating system included

  operation_failed,  ///< operation, cause
  longer_than,       ///< bytes at most

  // The time was over.
  not_answered_in_time,      ///< stopped by the caller's limit
  table_not_read_in_time,    ///< likewise
  stopped_before_an_answer,  ///< likewise, before the schedule was over
  router_too_slow,           ///< likewise, while removing
  no_answer_in,              ///< milliseconds; stopped by the caller's limit
  cut_short,                 ///< cause: what was seen until the caller's limit
  nothing_sent_in_time,      ///< stopped by the caller's limit
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

  // What a command expects of an option.
  expected,  ///< cause: one of the following
  expected_router_address,
  expected_time,
  expected_lifetime,
  expected_count,
  expected_port,
  expected_web_page,
  expected_stun_server,
  expected_protocols,
  expected_host,

  // Why `discover` did not ask, or test.
  external_servers_off,
  web_check_off,
  no_ipv4_route,
  no_public_ipv6_behind_router,
  no_router_on_route,
  no_external_address_seen,
  external_address_is_own,
  no_external_server_known,
  server_has_answered,
  not_needed,

  // A greeting, as its client sees it. Times are in seconds.
  no_connection_in,        ///< time
  connection_reset_first,  ///< before a greeting
  server_closed_without_data,
  no_greeting_in,             ///< time
  greeting_incomplete,        ///< text: what was said
  greeting_malformed,         ///< cause, text
  echo_lost_in,               ///< bytes that came, bytes sent, time
  echo_closed_after,          ///< bytes that came, bytes sent
  echo_altered_after,         ///< intact bytes
  payload_altered,            ///< bytes that came, bytes sent, intact bytes
  only_smaller_greeting,      ///< bytes to echo without an answer, bytes with one
  only_smaller_datagram,      ///< datagrams without an answer, their bytes to echo, bytes with one
  only_plain_datagram,        ///< datagrams without an answer
  no_answer_within,           ///< time
  no_answer_to_datagram_in,   ///< time
  no_answer_to_datagrams_in,  ///< datagrams, time
  no_answer_to_smaller_in,    ///< datagrams, smaller ones, time
  other_address_reached_first,  ///< time without an answer
  own_firewall_rejects,
  another_natcheck_server,  ///< text: its instance

  // What is wrong with a line of the greeting.
  trailing_space,
  no_version_number,
  invalid_key,
  invalid_value,  ///< text: the key
  line_too_long,  ///< bytes at most

  // Why a visitor was rejected, or not greeted.
  unknown_protocol,  ///< text: what was said
  evicted,           ///< to make room for others
  closed_without_data,
  closed_after,           ///< text: what was said
  sent_nothing_for,       ///< seconds
  sent_nothing_more_for,  ///< seconds
  answer_not_acknowledged,
  http_incomplete_after,  ///< seconds, text: what was sent
  http_rejected,          ///< status, text: what was sent
  datagram_rejected,      ///< cause: one of the following
  datagram_empty,
  datagram_unknown,    ///< text: what was said
  datagram_malformed,  ///< cause
  datagram_incomplete,
  datagram_size_wrong,  ///< bytes after its line, bytes announced
  datagram_from_port_zero,
  datagram_source_forged,
  datagram_from_echo_port,  ///< port
  rate_limit_exceeded,
  answer_not_sent,  ///< cause
  no_route_to_visitor,

  // Why the server does not listen, or ends.
  port_in_use,      ///< cause: of the system; "t" or "u" (ss), port
  low_port_denied,  ///< cause: of the system; port, a higher one
  mapping_required,

  // What is wrong with a URL.
  url_with_control_character,
  url_not_http,
  url_with_user,
  url_without_host,
  url_with_bad_host,         ///< host
  url_with_bad_port,         ///< port
  url_without_address,       ///< host
  url_of_another_host,       ///< address
  url_of_another_network,    ///< address
  web_url_unusable,          ///< cause
  web_host_without_address,  ///< version of IP

  // HTTP.
  http_connecting_took,  ///< seconds
  http_sending_took,     ///< seconds
  http_answering_took,   ///< seconds
  http_status,           ///< number
  http_answer_not_http,
  http_chunk_without_size,
  http_answer_too_long,  ///< KiB at most
  http_closed_unanswered,

  // The search for UPnP devices (SSDP).
  ssdp_answer_too_long,  ///< bytes at most
  ssdp_announcement,
  ssdp_without_status,  ///< how it begins
  ssdp_status,          ///< what stands for it
  ssdp_without_location,
  ssdp_location_unusable,            ///< cause
  upnp_search_unanswered,            ///< searches
  upnp_search_unanswered_and_alone,  ///< searches, why the multicast was not sent
  upnp_search_answer_unusable,       ///< cause
  upnp_description_unreadable,       ///< URL, cause

  // UPnP's descriptions and SOAP.
  upnp_without_wan_connection,
  upnp_without_ipv6_firewall,
  upnp_description_incomplete,  ///< what is missing
  upnp_control_url_unusable,    ///< cause
  upnp_answer_empty,
  upnp_answer_not_upnp,
  upnp_answer_lacks,      ///< action, what
  upnp_connection_error,  ///< errorCode, its name: a WAN connection's
  upnp_firewall_error,    ///< errorCode, its name: an IPv6 firewall's
  upnp_undefined_error,   ///< errorCode

  // Entries of a UPnP router's table, and pinholes.
  entry_of_another_device,         ///< external port, client, internal port, description
  entry_refused_without_conflict,  ///< cause
  entry_not_made,
  entry_gone,
  entry_changed_hands,       ///< external port, client, internal port, description
  entry_of_another_program,  ///< external port, description
  entry_of_another_address,  ///< address
  entry_not_removed,
  nothing_mapped,
  ipv6_firewall_off,
  ipv6_firewall_closed,
  router_not_found_again,
  router_restarted,
  pinhole_not_made,
  pinhole_gone,

  // The table of a UPnP router.
  table_stopped_after,        ///< entries, cause
  table_not_listed,           ///< cause
  table_empty_or_not_listed,  ///< cause
  table_entry_unreadable,     ///< index, cause
  table_of_placeholders,      ///< entries in a row
  table_repeats,
  table_too_long,  ///< entries read
  table_begins_with_1,
  table_lacks_entry,       ///< index
  table_entries_left_out,  ///< indexes
  table_ports_unreadable,  ///< indexes
  table_entries_twice,

  // Sockets, names, and the routes of this host.
  nothing_listens,
  no_route_to_network,
  host_unreachable,
  forbidden_by_firewall,
  no_permission,
  address_in_use,
  no_such_local_address,
  too_many_connections,  ///< of this program
  too_many_files,        ///< of this machine
  ip_version_off,
  closed_by_other_side,
  no_free_port,
  route_unreachable,
  route_prohibits,  ///< a route or a rule
  route_prohibits_or_no_permission,
  route_discards,
  lookup_timed_out,     ///< of a name
  no_such_interface,    ///< text: those that there are
  only_loopback,        ///< no such interface, and no other
  changed_during_read,  ///< the tables of the kernel

  // STUN: its messages, its servers, and the survey of them.
  stun_fingerprint_wrong,
  stun_undefined_error,
  stun_unknown_attribute,          ///< number
  stun_attribute_without_address,  ///< number
  stun_no_address,
  stun_error_without_code,
  stun_attribute_too_long,
  stun_no_cookie,
  stun_wrong_type,    ///< number
  stun_wrong_length,  ///< bytes, bytes by its header
  stun_other_request,
  stun_not_stun,
  stun_too_long,         ///< bytes
  stun_rejected,         ///< error code
  stun_rejected_saying,  ///< error code, text
  stun_silent_over_tcp,  ///< milliseconds
  another_server_answered,
  udp_answered,
  in_own_network,
  no_route_to_internet,  ///< IP version
  name_without_address,
  resolved_too_late,
  resolves_to_own_network,  ///< address

  // The path, the owner of an address, and the behavior of the NAT.
  hops_silent,              ///< packets, milliseconds
  hop_sent_back,            ///< address, ICMP code
  no_second_address,        ///< text: server
  unusable_second_address,  ///< text: server, endpoint
  no_stun_over_udp,
  mapping_untested,    ///< cause
  filtering_untested,  ///< cause
  hairpin_untested,    ///< cause
  lifetime_untested,   ///< of a UDP binding: cause
  server_too_slow,
  mapped_addresses_contradict,
  second_address_silent,
  port_may_depend_on_destination,
  not_decided_in_time,
  server_stopped_answering,
  silence_means_nothing,
  second_address_refused,   ///< error code
  answered_from_elsewhere,  ///< endpoint that was asked for, endpoint
  no_nat,
  seen_as_not_public,  ///< address
  response_port_ignored,
  binding_outlived_time,

  // What a router writes in the place of its external address.
  external_address_impossible,  ///< text, cause: what it is
  ipv6_not_ipv4,
  its_own_address,
  broadcast_address,
  loopback_address,
  multicast_address,
  host_name,
  no_ip_address,

  // The firewall and the NAT rules of this host.
  needs_net_raw,
  packets_not_watched,  ///< cause
  rules_need_root,
  rule_not_understood,  ///< text: family, table, chain
  legacy_rules,

  // What becomes of a mapping, and why it is left alone.
  slept_past_lease,
  no_answer_before_lease_end,
  other_protocol_answers,
  other_grant,
  external_address_changed,  ///< address before, address now
  own_address_changed,       ///< likewise
  router_changed,            ///< address now
  route_to_router_lost,
  made_to_stay,             ///< by mappings add
  never_confirmed,          ///< why it was not removed
  used_by_natcheck,         ///< text: the number of its process
  open_as_another_port,     ///< internal port, external port, who keeps it
  added_before,             ///< external port; by mappings add
  may_be_listened_on,       ///< internal port, external port, options of the command
  leads_to_former_address,  ///< address, external port, options of the command
  may_lead_elsewhere,       ///< text: host, external port, options of the command
  on_another_network,       ///< address of the router, interface
  leads_to_other,           ///< text: host, port, description
  leads_here_for_other,     ///< likewise
  no_ipv4_gateway,
  other_device_is_router,  ///< address of the default gateway, address of the router
  other_version_wrote_it,
  past_the_last
};

}  // namespace natcheck
