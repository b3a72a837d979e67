// Whatever is still missing, a decided answer stays what it is.
#include "diagnosis/decided.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <tuple>
#include <vector>

#include "evidence_builder.hpp"

namespace natcheck::judging {
namespace decided_test {

using namespace natcheck::testing;
using changes = std::vector<std::function<void(discover_evidence&)>>;

// The first of each stands for: not known yet.
const changes pcp{
    [](auto& e) { e.gateway->pcp = {}; },
    [](auto&) {},
    [](auto& e) { pcp_says(e, 0); },
    [](auto& e) { pcp_says(e, 12); },
};
const changes nat_pmp{
    [](auto& e) { e.gateway->nat_pmp = {}; },
    [](auto&) {},
    [](auto& e) { nat_pmp_says(e, "5.5.5.5"); },
    [](auto& e) { nat_pmp_says(e, "7.7.7.7"); },
    [](auto& e) { nat_pmp_says(e, "100.64.5.2"); },
    [](auto& e) { nat_pmp_says(e, "192.168.100.2"); },
    [](auto& e) { nat_pmp_says(e, "0.0.0.0"); },
    [](auto& e) { nat_pmp_fails(e, 3); },
};
const changes upnp{
    [](auto& e) { e.gateway->upnp = {}; },
    [](auto&) {},
    [](auto& e) { upnp_says(e, "5.5.5.5"); },
    [](auto& e) { upnp_says(e, "7.7.7.7"); },
    [](auto& e) { upnp_says(e, "100.64.5.2"); },
    [](auto& e) { upnp_says(e, ""); },
    [](auto& e) { upnp_says(e, "", "Disconnected"); },
};
const changes neighbors{
    [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; },
    [](auto&) {},
    [](auto& e) { e.gateway->neighbor = neighbor_state::unanswered; },
};
const changes rest{
    [](auto&) {},
    [](auto& e) {
      hops(e, {"192.168.1.1", "9.9.9.1"});
    },
    [](auto& e) {
      hops(e, {"192.168.1.1", "10.0.0.1", "100.64.0.1", "9.9.9.1"});
    },
    [](auto& e) {
      hops(e, {});
      web(e, web_result::failed);
    },
    [](auto& e) {
      add_ipv6(e);
      add_view(e, "2a00:9::7", "2a00:1::10");
    },
};

// Whoever is asked outside by IPv4 has answered by then.
const changes outside{
    [](auto&) {},
    [](auto& e) { seen_as(e, "5.5.5.5"); },
    [](auto& e) { seen_as(e, "192.168.1.10"); },
    [](auto& e) {
      add_view(e, "9.9.0.7", "5.5.5.5");
      add_view(e, "9.9.1.7", "7.7.7.7");
    },
    [](auto& e) {
      seen_as(e, "5.5.5.5");
      add_view(e, "9.9.2.7", "7.7.7.7");
    },
    [](auto& e) { add_silent(e, "9.9.0.7"); },
};
const changes hosts{
    [](auto&) {},
    [](auto& e) { e = home("5.5.5.5"); },
    [](auto& e) { e = home("100.64.9.9"); },
    [](auto& e) { e.host.ipv4->kind = interface_kind::tunnel; },
};

struct known_answer {
  answer yes_or_no;
  std::optional<address> external;
  friend bool operator==(const known_answer&, const known_answer&) = default;
};

known_answer answer_to(const discover_evidence& seen) {
  const auto external = diagnose(seen).external;
  return {diagnose(seen).answer, external ? std::optional(external->ip) : std::nullopt};
}

struct choice {
  std::size_t pcp, nat_pmp, upnp;
};

/// What is known early: the first of each stands for "not known yet".
discover_evidence early(discover_evidence seen, choice chosen) {
  pcp[chosen.pcp](seen);
  nat_pmp[chosen.nat_pmp](seen);
  upnp[chosen.upnp](seen);
  seen.gateway->neighbor = neighbor_state::unknown;
  return seen;
}

/// Every answer that complete evidence may lead to, by what the three services said. Computed once
/// for all early states: it does not depend on which of the three was known first.
class complete_answers {
 public:
  explicit complete_answers(const discover_evidence& base) {
    for (std::size_t a = 0; a < pcp.size(); ++a) {
      for (std::size_t b = 0; b < nat_pmp.size(); ++b) {
        for (std::size_t c = 0; c < upnp.size(); ++c) add(base, {a, b, c});
      }
    }
  }
  const std::vector<known_answer>& of(choice chosen) const {
    return answers_[(chosen.pcp * nat_pmp.size() + chosen.nat_pmp) * upnp.size() + chosen.upnp];
  }

 private:
  void add(const discover_evidence& base, choice chosen) {
    auto& answers = answers_.emplace_back();
    for (const auto& d : neighbors) {
      for (const auto& e : rest) {
        auto complete = base;
        silence(complete.gateway->pcp);
        silence(complete.gateway->nat_pmp);
        silence(complete.gateway->upnp);
        complete = early(std::move(complete), chosen);
        d(complete);
        e(complete);
        const auto found = answer_to(complete);
        if (std::ranges::find(answers, found) == answers.end()) answers.push_back(found);
      }
    }
  }
  std::vector<std::vector<known_answer>> answers_;
};

/// All that may become of what is not known.
void expect_same_whatever_comes(choice known, const known_answer& told,
                                const complete_answers& complete) {
  for (std::size_t a = known.pcp; a < (known.pcp ? known.pcp + 1 : pcp.size()); ++a) {
    for (std::size_t b = known.nat_pmp; b < (known.nat_pmp ? known.nat_pmp + 1 : nat_pmp.size());
         ++b) {
      for (std::size_t c = known.upnp; c < (known.upnp ? known.upnp + 1 : upnp.size()); ++c) {
        for (const auto& answer : complete.of({a, b, c})) ASSERT_EQ(answer, told);
      }
    }
  }
}

// A test for every host and every view from outside, so that they run side by side.
class DecidedOn : public ::testing::TestWithParam<std::tuple<std::size_t, std::size_t>> {};

TEST_P(DecidedOn, NothingThatIsMissingChangesTheAnswer) {
  auto base = home();
  hosts[std::get<0>(GetParam())](base);
  outside[std::get<1>(GetParam())](base);
  const complete_answers complete(base);
  for (std::size_t a = 0; a < pcp.size(); ++a) {
    for (std::size_t b = 0; b < nat_pmp.size(); ++b) {
      for (std::size_t c = 0; c < upnp.size(); ++c) {
        const auto seen = early(base, {a, b, c});
        if (is_decided(seen)) {
          expect_same_whatever_comes({a, b, c}, answer_to(seen), complete);
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(HostsAndViews, DecidedOn,
                         ::testing::Combine(::testing::Range<std::size_t>(0, hosts.size()),
                                            ::testing::Range<std::size_t>(0, outside.size())));

TEST(Decided, WhatSomebodyOutsideConfirms) {
  auto seen = home();
  seen.gateway->pcp = {};
  seen.gateway->upnp = {};
  nat_pmp_says(seen, "5.5.5.5");
  EXPECT_FALSE(is_decided(seen)) << "nobody outside has answered";
  seen_as(seen, "5.5.5.5");
  EXPECT_TRUE(is_decided(seen));
  nat_pmp_says(seen, "7.7.7.7");
  EXPECT_FALSE(is_decided(seen)) << "UPnP may still confirm it";
}

}  // namespace decided_test
}  // namespace natcheck::judging
