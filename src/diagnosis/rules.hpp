// The rules of `discover`, each one function; discover_rules.cpp has their order.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <optional>

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

/// A verdict when the rule applies. Its evidence holds what the rule rests on; what the gateway's
/// services and the external servers said is appended to it for every rule.
using rule = std::optional<verdict>(const facts&);

// The egress route of this host (egress_rules.cpp).
rule egress_route_not_read;
rule no_ipv4_route;
rule dead_gateway;
rule absent_gateway;
rule leaves_by_tunnel;
rule tunnel_address_on_host;
rule carrier_address_on_host;
rule leaves_without_router;

// What external servers see, and what they do not (outside_rules.cpp).
rule own_address_seen;
rule report_seen;
rule captive_portal;
rule nothing_beyond;
rule public_address_on_host;
rule names_do_not_resolve;

// What the gateway reports (report_rules.cpp).
rule contradicting_reports;
rule public_report;
rule shared_report;
rule ds_lite_report;
rule private_report;
rule strange_report;

// What routers upstream of the gateway show (path_rules.cpp).
rule carrier_on_path;
rule second_router_on_path;

// What the owner test shows (owner_rules.cpp).
rule report_disowned;
rule report_outdated;
rule nat_behind_gateway;

// What the gateway does not report (service_rules.cpp).
rule hidden_address;
rule wan_down;
rule network_failure;
rule another_line_down;
rule service_without_address;
rule unfinished_tests;
rule no_udp_heard;
rule no_service;
rule nothing_learnt;

/// It is not known: the evidence says what is missing.
verdict inconclusive(std::string summary, std::vector<std::string> evidence,
                     std::vector<std::string> advice);

/// Only IPv6 leads out, for the reason `no_ipv4`, a sentence; `why` is the evidence for it
/// (ipv6_rules.cpp). Needs a global IPv6 address.
verdict ipv6_alone(const facts& s, const std::string& no_ipv4, std::vector<std::string> why);

/// IPv6 answers although this host has no public IPv6 address: it is translated (RFC 6296).
verdict translated_ipv6(const facts& s);

/// The gateway says that it has no connection; `certainty` is how sure that is.
verdict judge_wan_down(const facts& s, confidence certainty);

/// The gateway says, by some service, that it has no connection, and nobody names an address.
bool says_down(const facts& s);

/// A second router was seen on the path: what to do on it, and on the inner one.
std::vector<std::string> open_outer_router(const facts& s, const address& outer);

/// The provider's NAT cannot be opened from here: what is left.
std::vector<std::string> around_the_provider(const facts& s);

/// What the verdict answers: yes, no, or could not tell.
answer answer_of(const facts& s, const verdict& judged);

/// What is worth knowing beside the verdict.
std::vector<finding> findings_of(const facts& s);

}  // namespace natcheck::judging
