// The codes of findings, as in JSON and in docs/diagnoses.md, and who looks for them.
#pragma once

#include <array>
#include <natcheck/diagnosis.hpp>
#include <optional>
#include <string_view>

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

inline constexpr const char* sources_disagree = "sources-disagree";
inline constexpr const char* external_address_unknown = "external-address-unknown";
inline constexpr const char* external_address_unconfirmed = "external-address-unconfirmed";
inline constexpr const char* upnp_empty_address = "upnp-empty-address";
inline constexpr const char* unusable_external_address = "unusable-external-address";
inline constexpr const char* upnp_wrong_device = "upnp-wrong-device";
inline constexpr const char* several_default_routes = "several-default-routes";
inline constexpr const char* public_address_elsewhere = "public-address-elsewhere";
inline constexpr const char* not_sent = "not-sent";
inline constexpr const char* multicast_blocked = "multicast-blocked";
inline constexpr const char* old_protocol_version = "old-protocol-version";
inline constexpr const char* gateway_state_lost = "gateway-state-lost";
inline constexpr const char* endpoint_dependent_mapping = "endpoint-dependent-mapping";
inline constexpr const char* udp_blocked = "udp-blocked";
inline constexpr const char* other_address_fails = "other-address-fails";
inline constexpr const char* no_hairpin = "no-hairpin";
inline constexpr const char* short_udp_binding = "short-udp-binding";
inline constexpr const char* address_rewritten = "address-rewritten";
inline constexpr const char* names_unresolved = "names-unresolved";
inline constexpr const char* unusable_stun_answer = "unusable-stun-answer";
inline constexpr const char* stun_server_within = "stun-server-within";
inline constexpr const char* dns_filter = "dns-filter";
inline constexpr const char* nat64 = "nat64";
inline constexpr const char* ipv6_firewalled = "ipv6-firewalled";
inline constexpr const char* ipv6_not_global = "ipv6-not-global";
inline constexpr const char* ipv6_translated = "ipv6-translated";

// Of a mapping.
inline constexpr const char* short_lease = "short-lease";
inline constexpr const char* mapping_switched_off = "mapping-switched-off";
inline constexpr const char* mapping_leads_elsewhere = "mapping-leads-elsewhere";

inline constexpr std::array finding_codes{sources_disagree,
                                          upnp_empty_address,
                                          unusable_external_address,
                                          upnp_wrong_device,
                                          several_default_routes,
                                          public_address_elsewhere,
                                          not_sent,
                                          multicast_blocked,
                                          old_protocol_version,
                                          gateway_state_lost,
                                          endpoint_dependent_mapping,
                                          udp_blocked,
                                          other_address_fails,
                                          no_hairpin,
                                          short_udp_binding,
                                          address_rewritten,
                                          names_unresolved,
                                          unusable_stun_answer,
                                          stun_server_within,
                                          dns_filter,
                                          nat64,
                                          ipv6_firewalled,
                                          ipv6_not_global,
                                          ipv6_translated,
                                          external_address_unknown,
                                          external_address_unconfirmed,
                                          short_lease,
                                          mapping_switched_off,
                                          mapping_leads_elsewhere};

/// `seen` is `local` in another prefix (NPTv6, RFC 6296): the interface identifiers are the same,
/// but for the first 16 bits, which keep the checksum (section 3.5).
bool is_prefix_translated(const address& local, const address& seen);

/// By its epoch the gateway has had its present state for less than two minutes, if that epoch
/// advances at all.
bool seems_restarted(const gateway_evidence& gateway);

/// What a family of functions finds, in their order.
template <class Looks, class Evidence>
std::vector<finding> all_found(const Looks& looks, const Evidence& seen) {
  std::vector<finding> all;
  for (const auto& look_for : looks) {
    if (auto one = look_for(seen)) all.push_back(*std::move(one));
  }
  return all;
}

/// Something worth knowing beside the verdict, if it is there to be found.
using look = std::optional<finding>(const facts&);

// About this host's egress route and its gateway (findings.cpp).
look find_disagreement;
look find_wrong_word;
look find_empty_address;
look find_unusable_address;
look find_wrong_device;
look find_several_routes;
look find_address_elsewhere;
look find_unsent;
look find_blocked_multicast;
look find_old_version;
look find_lost_state;

// About the NAT and what is upstream of it (nat_findings.cpp).
look find_dependent_mapping;
look find_blocked_udp;
look find_no_hairpin;
look find_short_binding;
look find_rewriting;
look find_unusable_answer;
look find_server_within;
look find_unresolved_names;
look find_diverted_names;

// About IPv6 (ipv6_findings.cpp).
look find_nat64;
look find_ipv6_firewall;
look find_local_ipv6;
look find_translated_ipv6;

}  // namespace natcheck::judging
