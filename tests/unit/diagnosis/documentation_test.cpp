#include <gtest/gtest.h>

#include <fstream>
#include <natcheck/diagnosis.hpp>
#include <set>

#include "diagnosis/findings.hpp"

namespace natcheck {
namespace documentation_test {

constexpr int last_verdict = static_cast<int>(verdict_code::return_path_broken);

std::set<std::string> headings() {
  std::ifstream file(NATCHECK_DIAGNOSES);
  std::set<std::string> found;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("### ")) found.insert(line.substr(4));
  }
  return found;
}

std::set<std::string> codes() {
  std::set<std::string> all;
  for (int i = 0; i <= last_verdict; ++i) {
    all.emplace(to_string(static_cast<verdict_code>(i)));
  }
  for (const auto code : judging::finding_codes) all.emplace(code);
  return all;
}

TEST(Documentation, HasAHeadingForEveryCodeAndNoOther) { EXPECT_EQ(headings(), codes()); }

TEST(Codes, AreTheNamesOfTheirEnumerators) {
  EXPECT_EQ(to_string(verdict_code::direct), "direct");
  EXPECT_EQ(to_string(verdict_code::inconclusive), "inconclusive");
  EXPECT_EQ(to_string(verdict_code::reachable), "reachable");
  EXPECT_EQ(to_string(verdict_code::wrong_host_answers), "wrong-host-answers");
  EXPECT_EQ(to_string(verdict_code::mapping_refused), "mapping-refused");
  EXPECT_EQ(to_string(verdict_code::no_mapping_service), "no-mapping-service");
  EXPECT_EQ(to_string(verdict_code::not_listening), "not-listening");
  EXPECT_EQ(to_string(verdict_code::host_firewall), "host-firewall");
  EXPECT_EQ(to_string(verdict_code::return_path_broken), "return-path-broken");
  EXPECT_EQ(to_string(confidence::unconfirmed), "unconfirmed");
}

}  // namespace documentation_test
}  // namespace natcheck
