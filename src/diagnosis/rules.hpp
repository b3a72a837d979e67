// The rules of `discover`, each one function; discover_rules.cpp has their order.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <optional>

#include "diagnosis/situation.hpp"

namespace natcheck::judging {

/// A verdict when the rule applies. Its evidence holds what the rule rests on; what the gateway's
/// services said is appended to it for every rule.
using rule = std::optional<verdict>(const situation&);

// The way out of this host (way_out_rules.cpp).
rule no_ipv4_route;
rule dead_gateway;
rule address_on_host;
rule leaves_by_tunnel;
rule carrier_address_on_host;

// What the gateway claims (claim_rules.cpp).
rule contradicting_claims;
rule public_claim;
rule shared_claim;
rule ds_lite_claim;
rule private_claim;
rule strange_claim;

// What the gateway does not say (service_rules.cpp).
rule hidden_address;
rule wan_down;
rule natpmp_network_failure;
rule unfinished_tests;
rule no_service;
rule nothing_learnt;

/// What is worth knowing beside the verdict.
std::vector<finding> findings_of(const situation& s);

}  // namespace natcheck::judging
