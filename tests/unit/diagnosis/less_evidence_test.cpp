// Properties over many combinations of evidence: knowing less never proves more.
#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "evidence_builder.hpp"
#include "print.hpp"
#include "proof.hpp"

namespace natcheck {
namespace less_evidence_test {

using namespace natcheck::testing;
using change = std::function<void(discover_evidence&)>;
using changes = std::vector<change>;

const changes hosts{
    [](auto&) {},
    [](auto& e) { add_ipv6(e); },
    [](auto& e) { e = home("5.5.5.5"); },
    [](auto& e) { e = home("100.64.9.9"); },
    [](auto& e) { e.host.ipv4->kind = interface_kind::tunnel; },
    [](auto& e) { e = home("192.0.0.2"); },
};

const changes neighbors{
    [](auto&) {},
    [](auto& e) { e.gateway->neighbor = neighbor_state::resolved; },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unanswered; },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; },
};

const changes pcp_answers{
    [](auto&) {},
    [](auto& e) { pcp_says(e, 0); },
    [](auto& e) { pcp_says(e, 2); },
    [](auto& e) { pcp_says(e, 7); },
    [](auto& e) { pcp_says(e, 12); },
};

const changes nat_pmp_answers{
    [](auto& e) { nat_pmp_says(e, "5.5.5.5"); },   [](auto& e) { nat_pmp_says(e, "6.6.6.6"); },
    [](auto& e) { nat_pmp_says(e, "10.0.0.2"); },  [](auto& e) { nat_pmp_says(e, "100.64.5.2"); },
    [](auto& e) { nat_pmp_says(e, "192.0.0.2"); }, [](auto& e) { nat_pmp_says(e, "0.0.0.0"); },
    [](auto& e) { nat_pmp_fails(e, 2); },          [](auto& e) { nat_pmp_fails(e, 3); },
    [](auto& e) { silence(e.gateway->nat_pmp); },
};

const changes upnp_answers{
    [](auto& e) { upnp_says(e, "5.5.5.5"); },
    [](auto& e) { upnp_says(e, "192.168.100.2"); },
    [](auto& e) { upnp_says(e, "100.64.5.2"); },
    [](auto& e) { upnp_says(e, ""); },
    [](auto& e) { upnp_says(e, "", "Disconnected"); },
    [](auto& e) { silence(e.gateway->upnp); },
};

const changes reflexive{
    [](auto&) {},
    [](auto& e) { seen_as(e, "5.5.5.5"); },
    [](auto& e) { seen_as(e, "7.7.7.7"); },
    [](auto& e) {
      seen_as(e, "5.5.5.5");
      add_view(e, "9.9.2.7", "7.7.7.7");
    },
    [](auto& e) {
      add_view(e, "9.9.0.7", "5.5.5.5");
      add_view(e, "9.9.1.7", "7.7.7.7");
    },
    [](auto& e) {
      add_silent(e, "9.9.1.7");
      add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
    },
    [](auto& e) { nothing_beyond(e); },
    [](auto& e) {
      nothing_beyond(e);
      redirect(e, "http://login.example/");
    },
    [](auto& e) {
      add_unresolved(e);
      web(e, web_result::failed);
    },
    [](auto& e) {
      nothing_beyond(e);
      e.web = {};
      add_view(e, "2a00:9::7", "2a00:1::10");
    },
};

const changes paths{
    [](auto&) {},
    [](auto& e) {
      hops(e, {"192.168.1.1", "9.9.9.1"});
    },
    [](auto& e) {
      hops(e, {"192.168.1.1", "10.0.0.1", "9.9.9.1"});
    },
    [](auto& e) {
      hops(e, {"192.168.1.1", "10.0.0.1", "100.64.0.1", "9.9.9.1"});
    },
    [](auto& e) { hops(e, {"192.168.1.1"}); },
    [](auto& e) { hops(e, {}); },
};

const changes owners{
    [](auto&) {},
    [](auto& e) { owned(e); },
    [](auto& e) { disowned(e); },
    [](auto& e) { owner_says(e, "5.5.5.5", "192.168.1.2", true); },
    [](auto& e) { owned(e, "7.7.7.7"); },
};

// What was not asked, or not asked to the end.
const changes losses{
    [](auto& e) { e.gateway->pcp = {}; },
    [](auto& e) { e.gateway->nat_pmp = {}; },
    [](auto& e) { e.gateway->upnp = {}; },
    [](auto& e) { e.gateway->nat_pmp.external_address.reset(); },
    [](auto& e) {
      e.gateway->nat_pmp.result.reset();
      e.gateway->nat_pmp.refusal = mapping_refusal::none;
    },
    [](auto& e) {
      e.gateway->pcp.result.reset();
      e.gateway->pcp.refusal = mapping_refusal::none;
    },
    [](auto& e) { e.gateway->upnp.connection_status.reset(); },
    [](auto& e) { e.gateway->upnp.external_address.reset(); },
    [](auto& e) { e.gateway->upnp.external_address_text.reset(); },
    [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; },
    [](auto& e) { e.stun.clear(); },
    [](auto& e) { e.path = {}; },
    [](auto& e) { e.owner = {}; },
    [](auto& e) { e.web = {}; },
};

/// A part of all combinations, spread evenly: the step, a prime, shares no factor with any of their
/// numbers.
template <class Check>
void for_many_combinations(Check check) {
  const changes* const dimensions[] = {&hosts,        &neighbors, &pcp_answers, &nat_pmp_answers,
                                       &upnp_answers, &reflexive, &paths,       &owners};
  constexpr std::size_t step = COMBINATION_STEP;
  std::size_t all = 1;
  for (const auto* dimension : dimensions) all *= dimension->size();
  for (std::size_t number = 0; number < all; number += step) {
    auto seen = home();
    std::size_t rest = number;
    for (const auto* dimension : dimensions) {
      (*dimension)[rest % dimension->size()](seen);
      rest /= dimension->size();
    }
    check(seen);
  }
}

/// The owner test, or a router on the path, speaks against what the gateway and the outside agree
/// on.
bool contradicts_single_nat(const discover_evidence& seen) {
  const auto reported = reports_of(seen);
  const auto outside = seen_outside(seen);
  const bool agree = std::any_of(outside.begin(), outside.end(),
                                 [&](const address& one) { return contains(reported, one); });
  const auto is_private_hop = [](const path_hop& hop) {
    return hop.ttl > 1 && hop.ip && !is_public(*hop.ip);
  };
  return agree && (disowned_by_gateway(seen) ||
                   std::any_of(seen.path.hops.begin(), seen.path.hops.end(), is_private_hop));
}

/// A server or a service that contradicted the others, or answers by way of a router that is not
/// there: whoever has not heard of it knows no better.
bool was_in_conflict(const discover_evidence& seen, const diagnosis& judged) {
  const bool dead = seen.gateway->neighbor == neighbor_state::unanswered;
  if (dead && !(seen.stun.empty() && seen.path.hops.empty())) return true;
  if (contradicts_single_nat(seen)) return true;
  for (const auto& found : judged.findings) {
    if (found.code == "sources-disagree") return true;
  }
  return false;
}

/// That nothing answers is itself seen; whoever has not seen it may hope.
bool is_absence(verdict_code code) {
  return code == verdict_code::offline || code == verdict_code::no_internet ||
         code == verdict_code::captive_portal || code == verdict_code::gateway_wan_down;
}

void expect_no_more(const discover_evidence& more, const diagnosis& judged,
                    const discover_evidence& less) {
  const auto& before = judged.main;
  const auto with_less = diagnose(less);
  const auto& after = with_less.main;
  const auto story = before.summary + " -> " + after.summary;
  if (after.certainty == confidence::confirmed) {
    EXPECT_TRUE(is_proven(less, after.code)) << story;
    const bool same = before.code == after.code || was_in_conflict(more, judged);
    const bool both_absent = is_absence(before.code) && is_absence(after.code);
    EXPECT_TRUE(same || both_absent || before.certainty == confidence::confirmed) << story;
  }
  const bool proven_no = judged.answer == answer::no && before.certainty == confidence::confirmed;
  if (proven_no && !is_absence(before.code) && !was_in_conflict(more, judged)) {
    EXPECT_NE(with_less.answer, answer::yes) << story;
  }
}

TEST(LessEvidence, NeverProvesMore) {
  for_many_combinations([](const discover_evidence& seen) {
    const auto judged = diagnose(seen);
    for (const auto& lose : losses) {
      auto less = seen;
      lose(less);
      expect_no_more(seen, judged, less);
    }
  });
}

TEST(LessEvidence, OfOneServerNeverProvesMore) {
  for_many_combinations([](const discover_evidence& seen) {
    const auto judged = diagnose(seen);
    for (std::size_t i = 0; i < seen.stun.size(); ++i) {
      auto less = seen;
      less.stun.erase(less.stun.begin() + static_cast<std::ptrdiff_t>(i));
      expect_no_more(seen, judged, less);
    }
  });
}

TEST(LessEvidence, OfOneRouterOnThePathNeverProvesMore) {
  for_many_combinations([](const discover_evidence& seen) {
    const auto judged = diagnose(seen);
    for (std::size_t i = 0; i < seen.path.hops.size(); ++i) {
      auto less = seen;
      less.path.hops[i].ip.reset();
      expect_no_more(seen, judged, less);
    }
  });
}

TEST(LessEvidence, YesMeansThatAPublicAddressWasNamed) {
  for_many_combinations([](const discover_evidence& seen) {
    const auto judged = diagnose(seen);
    const auto& v = judged.main;
    const bool yes = judged.answer == answer::yes;
    const bool by_ipv6 = v.code == verdict_code::ipv6_only && seen.host.ipv6;
    EXPECT_TRUE(!yes || by_ipv6 || judged.external) << v.summary;
    EXPECT_FALSE(v.advice.empty()) << v.summary;
  });
}

TEST(LessEvidence, WhatIsConfirmedIsProven) {
  for_many_combinations([](const discover_evidence& seen) {
    const auto v = diagnose(seen).main;
    EXPECT_TRUE(v.certainty != confidence::confirmed || is_proven(seen, v.code)) << v.summary;
  });
}

}  // namespace less_evidence_test
}  // namespace natcheck
