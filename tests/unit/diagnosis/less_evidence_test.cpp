// Properties over many combinations of evidence: knowing less never proves more.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "evidence_builder.hpp"

namespace natcheck {
namespace {

using namespace natcheck::testing;
using change = std::function<void(discover_evidence&)>;

const std::vector<change> hosts{
    [](auto&) {},
    [](auto& e) { add_ipv6(e); },
    [](auto& e) { e = home("5.5.5.5"); },
    [](auto& e) { e = home("100.64.9.9"); },
    [](auto& e) { e.host.ipv4->kind = interface_kind::tunnel; },
};

const std::vector<change> neighbors{
    [](auto&) {},
    [](auto& e) { e.gateway->neighbor = neighbor_state::resolved; },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unanswered; },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; },
};

const std::vector<change> nat_pmp_answers{
    [](auto& e) { nat_pmp_says(e, "5.5.5.5"); },   [](auto& e) { nat_pmp_says(e, "6.6.6.6"); },
    [](auto& e) { nat_pmp_says(e, "10.0.0.2"); },  [](auto& e) { nat_pmp_says(e, "100.64.5.2"); },
    [](auto& e) { nat_pmp_says(e, "192.0.0.2"); }, [](auto& e) { nat_pmp_says(e, "0.0.0.0"); },
    [](auto& e) { nat_pmp_fails(e, 2); },          [](auto& e) { nat_pmp_fails(e, 3); },
    [](auto& e) { silence(e.gateway->nat_pmp); },
};

const std::vector<change> upnp_answers{
    [](auto& e) { upnp_says(e, "5.5.5.5"); },
    [](auto& e) { upnp_says(e, "192.168.100.2"); },
    [](auto& e) { upnp_says(e, "100.64.5.2"); },
    [](auto& e) { upnp_says(e, ""); },
    [](auto& e) { upnp_says(e, "", "Disconnected"); },
    [](auto& e) { silence(e.gateway->upnp); },
};

const std::vector<change> losses{
    [](auto& e) { silence(e.gateway->nat_pmp); },
    [](auto& e) { e.gateway->nat_pmp = {}; },
    [](auto& e) { e.gateway->nat_pmp.external_address.reset(); },
    [](auto& e) { e.gateway->nat_pmp.result.reset(); },
    [](auto& e) { silence(e.gateway->upnp); },
    [](auto& e) { e.gateway->upnp = {}; },
    [](auto& e) { e.gateway->upnp.connection_status.reset(); },
    [](auto& e) { e.gateway->upnp.external_address.reset(); },
    [](auto& e) { e.gateway->upnp.external_address_text.reset(); },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; },
};

template <class Check>
void for_every_combination(Check check) {
  for (const auto& host : hosts) {
    for (const auto& neighbor : neighbors) {
      for (const auto& nat_pmp : nat_pmp_answers) {
        for (const auto& upnp : upnp_answers) {
          auto seen = home();
          for (const auto* step : {&host, &neighbor, &nat_pmp, &upnp}) (*step)(seen);
          check(seen);
        }
      }
    }
  }
}

void expect_no_more(const discover_evidence& more, const discover_evidence& less) {
  const auto before = diagnose(more).main;
  const auto after = diagnose(less).main;
  const auto story = before.summary + " -> " + after.summary;
  if (after.certainty == confidence::confirmed) {
    EXPECT_EQ(after.code, verdict_code::offline) << story;
    EXPECT_EQ(less.gateway->neighbor, neighbor_state::unanswered) << story;
  }
  // That the router is dead is itself seen; whoever has not seen it may hope.
  if (answer_of(more, before) == answer::no && before.code != verdict_code::offline) {
    EXPECT_NE(answer_of(less, after), answer::yes) << story;
  }
}

TEST(LessEvidence, NeverProvesMore) {
  for_every_combination([](const discover_evidence& seen) {
    for (const auto& lose : losses) {
      auto less = seen;
      lose(less);
      expect_no_more(seen, less);
    }
  });
}

TEST(LessEvidence, YesMeansThatAPublicAddressWasNamed) {
  for_every_combination([](const discover_evidence& seen) {
    const auto v = diagnose(seen).main;
    const bool yes = answer_of(seen, v) == answer::yes;
    EXPECT_TRUE(!yes || public_address_of(seen)) << v.summary;
    EXPECT_FALSE(v.advice.empty()) << v.summary;
  });
}

}  // namespace
}  // namespace natcheck
