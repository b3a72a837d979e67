#include <gtest/gtest.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/error.hpp>
#include <natcheck/operations.hpp>
#include <set>

#include "diagnosis/wording/rows.hpp"

namespace natcheck {
namespace wording_test {

TEST(Wording, FillsInValuesOfEachKind) {
  const auto ip = boost::asio::ip::make_address("192.0.2.1");
  EXPECT_EQ(to_string(cause(cause_code::no_answer_in, 1750)),
            "timed out after 1750 ms without an answer");
  EXPECT_EQ(to_string(cause(cause_code::quoted, ip)), "192.0.2.1");
  EXPECT_EQ(to_string(cause(cause_code::quoted, endpoint{ip, 80})), "192.0.2.1:80");
  EXPECT_EQ(to_string(cause(cause_code::quoted, cause(cause_code::quoted, "inner"))), "inner");
  EXPECT_EQ(to_string(cause()), "");
}

TEST(Wording, HasWordsForNumbers) {
  EXPECT_EQ(to_string(cause(cause_code::upnp_connection_error, 606, "NotAuthorized")),
            "not authorized (UPnP error 606)");
  EXPECT_EQ(to_string(cause(cause_code::upnp_firewall_error, 704, "NoSuchEntry")),
            "it has no such pinhole (UPnP error 704)");
  EXPECT_EQ(to_string(cause(cause_code::upnp_connection_error, 733, "InconsistentParameters")),
            "InconsistentParameters (UPnP error 733)");
}

TEST(Wording, SaysWhatWasTriedBeforeWhatHappened) {
  const failure failed{outcome::timed_out, operation(operation_code::quoted, "asking the router"),
                       cause_code::not_answered_in_time, 0};
  EXPECT_EQ(to_string(failed), "asking the router: timed out before it answered");
  EXPECT_EQ(to_string(cause_of(failed)), to_string(failed));
}

TEST(Wording, LetsNoControlCharacterThrough) {
  EXPECT_EQ(to_string(cause(cause_code::quoted, "\x1b[2J\\n\n")), "\\x1b[2J\\n\\n");
}

template <class Row, class Code>
void expect_one_row_each(std::span<const Row> rows, Code last) {
  for (auto number = 1U; number < static_cast<unsigned>(last); ++number) {
    const auto code = static_cast<Code>(number);
    EXPECT_EQ(std::ranges::count(rows, code, &Row::code), 1) << number;
  }
}

TEST(Wording, HasOneRowForEachCode) {
  auto causes = wording::all_causes();
  std::erase_if(causes, [](const auto& row) { return row.number.has_value(); });
  const auto operations = wording::all_operations();
  expect_one_row_each<wording::cause_row>(causes, cause_code::past_the_last);
  expect_one_row_each<wording::operation_row>(operations, operation_code::past_the_last);
}

TEST(Wording, HasEachSentenceOnce) {
  std::set<std::string_view> seen;
  for (const auto& row : wording::all_causes())
    EXPECT_TRUE(seen.insert(row.words).second) << row.words;
}

}  // namespace wording_test
}  // namespace natcheck
