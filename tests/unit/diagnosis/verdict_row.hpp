// One row of a table of verdicts: evidence bent in some respect, and what must follow from it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <natcheck/diagnosis.hpp>

#include "evidence_builder.hpp"
#include "print.hpp"

namespace natcheck::testing {

using change = std::function<void(discover_evidence&)>;

struct row {
  const char* name;
  change bend;
  verdict_code code;
  confidence certainty;
  answer yes_or_no;
  const char* public_ip;  ///< nullptr: none is known
  const char* in_summary;
  const char* in_evidence;
  const char* in_advice;
};

inline void make_public(discover_evidence& e, const char* local) {
  e.host.interfaces = {nic("eth0", local)};
  e.host.ipv4 = egress_route(local, "192.168.1.1");
}

inline void cut_off(discover_evidence& e) {
  e.host.ipv4.reset();
  e.gateway.reset();
  e.host.interfaces = {nic("eth0", "192.168.1.10", false)};
}

inline discover_evidence evidence_of(const row& r) {
  auto seen = home();
  r.bend(seen);
  return seen;
}

inline void check_verdict(const row& r) {
  using ::testing::Contains;
  using ::testing::HasSubstr;
  SCOPED_TRACE(r.name);
  const auto seen = evidence_of(r);
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, r.code);
  EXPECT_EQ(v.certainty, r.certainty);
  EXPECT_EQ(diagnose(seen).answer, r.yes_or_no);
  const auto found = diagnose(seen).external;
  EXPECT_EQ(found ? found->ip.to_string() : "none", r.public_ip == nullptr ? "none" : r.public_ip);
  EXPECT_THAT(v.summary, HasSubstr(r.in_summary));
  EXPECT_THAT(v.evidence, Contains(HasSubstr(r.in_evidence)));
  EXPECT_THAT(v.advice, Contains(HasSubstr(r.in_advice)));
}

inline void check_sentences(const row& r) {
  SCOPED_TRACE(r.name);
  const auto judged = diagnose(evidence_of(r));
  const auto& v = judged.main;
  EXPECT_TRUE(v.summary.ends_with('.')) << v.summary;
  for (const auto& text : v.evidence) EXPECT_FALSE(text.empty() || text.ends_with('.')) << text;
  for (const auto& text : v.advice) EXPECT_FALSE(text.empty() || text.ends_with('.')) << text;
  for (const auto& f : judged.findings) {
    EXPECT_TRUE(f.summary.ends_with('.')) << f.summary;
    EXPECT_FALSE(f.advice.empty() || f.advice.ends_with('.')) << f.advice;
  }
}

/// Whichever server is named first, the verdict is the same.
inline void check_order_of_servers(const row& r) {
  SCOPED_TRACE(r.name);
  auto seen = evidence_of(r);
  const auto v = diagnose(seen).main;
  const auto found = diagnose(seen).external;
  for (std::size_t turn = 1; turn < seen.stun.size(); ++turn) {
    std::rotate(seen.stun.begin(), seen.stun.begin() + 1, seen.stun.end());
    const auto turned = diagnose(seen).main;
    EXPECT_EQ(turned.code, v.code);
    EXPECT_EQ(turned.certainty, v.certainty);
    EXPECT_EQ(turned.summary, v.summary);
    EXPECT_EQ(turned.advice, v.advice);
    const auto turned_found = diagnose(seen).external;
    EXPECT_EQ(turned_found ? turned_found->ip : address(), found ? found->ip : address());
  }
}

template <class Rows>
void check_all(const Rows& rows) {
  for (const row& r : rows) {
    check_verdict(r);
    check_sentences(r);
    check_order_of_servers(r);
  }
}

}  // namespace natcheck::testing
