// Whatever is still missing, a decided answer stays what it is.
#include "diagnosis/decided.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "evidence_builder.hpp"

namespace natcheck::judging {
namespace {

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
  const auto external = public_address_of(seen);
  return {answer_of(seen, diagnose(seen).main),
          external ? std::optional(external->ip) : std::nullopt};
}

/// All that may become of what is not known.
void expect_same_whatever_comes(const discover_evidence& seen, const discover_evidence& known) {
  const auto told = answer_to(seen);
  const auto is_open = [](const service_evidence& s) {
    return s.state == service_state::not_tried;
  };
  for (const auto& a : pcp) {
    if (!is_open(known.gateway->pcp) && &a != &pcp.front()) break;
    for (const auto& b : nat_pmp) {
      if (!is_open(known.gateway->nat_pmp) && &b != &nat_pmp.front()) break;
      for (const auto& c : upnp) {
        if (!is_open(known.gateway->upnp) && &c != &upnp.front()) break;
        for (const auto& d : neighbors) {
          for (const auto& e : rest) {
            auto complete = seen;
            silence(complete.gateway->pcp);
            silence(complete.gateway->nat_pmp);
            silence(complete.gateway->upnp);
            a(complete);
            b(complete);
            c(complete);
            if (!is_open(known.gateway->pcp)) complete.gateway->pcp = known.gateway->pcp;
            if (!is_open(known.gateway->nat_pmp)) {
              complete.gateway->nat_pmp = known.gateway->nat_pmp;
            }
            if (!is_open(known.gateway->upnp)) complete.gateway->upnp = known.gateway->upnp;
            d(complete);
            e(complete);
            ASSERT_EQ(answer_to(complete), told);
          }
        }
      }
    }
  }
}

/// Calls `visit` for every combination of what may be known early.
void for_each_early(const std::function<void(const discover_evidence&)>& visit) {
  for (const auto& host : hosts) {
    for (const auto& views : outside) {
      for (const auto& a : pcp) {
        for (const auto& b : nat_pmp) {
          for (const auto& c : upnp) {
            auto seen = home();
            host(seen);
            views(seen);
            a(seen);
            b(seen);
            c(seen);
            seen.gateway->neighbor = neighbor_state::unknown;
            visit(seen);
          }
        }
      }
    }
  }
}

TEST(Decided, NothingThatIsMissingChangesTheAnswer) {
  int decided = 0;
  for_each_early([&](const discover_evidence& seen) {
    if (!is_decided(seen)) return;
    ++decided;
    expect_same_whatever_comes(seen, seen);
  });
  EXPECT_GT(decided, 0);
}

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

}  // namespace
}  // namespace natcheck::judging
