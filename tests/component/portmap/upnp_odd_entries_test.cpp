// Entries that are changed under our hands, that read back otherwise than they were asked for, or
// that stand although the gateway refused them: mapped, removed, or told as not removed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/portmap/upnp_router.hpp"
#include "portmap/removals.hpp"

namespace natcheck::portmap {
namespace upnp_odd_entries_test {

using namespace support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class UpnpOddEntries : public UpnpRouter {
 protected:
  /// The gateway keeps what is added as `change` makes of it.
  void keep_as(std::function<void(row&)> change) {
    gateway_.on_request = [this, change, done = false](const http_request&) mutable {
      const auto found = gateway_.table.find(key);
      if (done || found == gateway_.table.end()) return;
      change(found->second);
      done = true;
    };
  }
  /// It does what is asked of it, and answers this all the same.
  void make_then_answer(const http_answer& answer) {
    gateway_.on_request = [this, answer](const http_request& request) {
      if (request.action != "AddPortMapping") return;
      gateway_.table[key] = ours();
      gateway_.answers["AddPortMapping"] = answer;
    };
  }
  void make_table_fail() {
    gateway_.answers["GetSpecificPortMappingEntry"] = http_page("", "503 Service Unavailable");
  }
};

// --- changed since ---------------------------------------------------------------------------

TEST_F(UpnpOddEntries, WhatSomebodyPointedToAnotherPortHereIsRemoved) {
  ASSERT_TRUE(map());
  gateway_.table[key].port = "9001";
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpOddEntries, SoItIsByTheNextRun) {
  ASSERT_TRUE(map());
  gateway_.table[key].port = "9001";
  ASSERT_TRUE(loop_.await(next_run(mapper_.record(strict))->unmap()));
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpOddEntries, WhatIsAnothersByNowIsToldAsThat) {
  const std::pair<row, const char*> table[] = {
      {foreign(), "now leads to 127.0.0.77:80 (\"web server\")"},
      {{"127.0.0.77", "4321", "natcheck", "3600"}, "now leads to 127.0.0.77:4321 (\"natcheck\")"},
      {{host_ip, "80", "game", "0"}, "now leads to 127.0.0.1:80 (\"game\")"},
  };
  for (const auto& [taken, words] : table) {
    gateway_.table.clear();
    ASSERT_TRUE(map());
    gateway_.table[key] = taken;
    const auto removed = unmap();
    ASSERT_FALSE(removed) << words;
    EXPECT_EQ(removed.error().refusal, mapping_refusal::taken_over);
    EXPECT_TRUE(leaves_nothing(removed));
    EXPECT_THAT(to_string(removed.error().detail), HasSubstr(words));
    EXPECT_EQ(gateway_.table.count(key), 1U);
    EXPECT_TRUE(unmap()) << "nothing is left to remove";
  }
}

// --- read back otherwise ---------------------------------------------------------------------

TEST_F(UpnpOddEntries, WhatReadsBackOtherwiseIsMappedAndNotVerified) {
  const std::pair<std::function<void(row&)>, const char*> changes[] = {
      {[](row& of) { of.client = "0.0.0.0"; }, "0.0.0.0:4321"},
      {[](row& of) { of.client = "127.0.0.77"; }, "127.0.0.77:4321"},
      {[](row& of) { of.port = "0"; }, "127.0.0.1:0"},
  };
  for (const auto& [change, shown] : changes) {
    SCOPED_TRACE(shown);
    gateway_.table.clear();
    keep_as(change);
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(strict));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_FALSE(made->verified);
    EXPECT_EQ(made->shown_to, shown);
    const auto seen = loop_.await(mapper.check());
    ASSERT_TRUE(seen);
    EXPECT_TRUE(seen->stands) << to_string(seen->detail);
    ASSERT_TRUE(loop_.await(mapper.unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpOddEntries, AnEntryThatNamesNobodyIsRemovedByTheNextRun) {
  keep_as([](row& of) { of.client = "0.0.0.0"; });
  ASSERT_TRUE(map());
  ASSERT_TRUE(loop_.await(next_run(mapper_.record(strict))->unmap()));
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpOddEntries, AnothersThatCameMeanwhileIsAConflict) {
  keep_as([](row& of) { of = foreign(); });
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

// --- refused, and made all the same ------------------------------------------------------------

TEST_F(UpnpOddEntries, WhatIsRefusedAndStandsIsMapped) {
  std::vector<http_answer> answers{http_page("", "503 Service Unavailable"),
                                   http_page("", "404 Not Found")};
  for (const int code : {501, 718, 402, 606, 728}) answers.push_back(soap_fault(code));
  for (const auto& answer : answers) {
    gateway_.table.clear();
    gateway_.answers.clear();
    make_then_answer(answer);
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(strict));
    ASSERT_TRUE(made) << to_string(made.error());
    ASSERT_TRUE(loop_.await(mapper.unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpOddEntries, WhatIsRefusedAndAnothersIsAConflict) {
  gateway_.on_request = [this](const http_request& request) {
    if (request.action != "AddPortMapping") return;
    gateway_.table[key] = {"127.0.0.77", "4321", "natcheck", "3600"};
    gateway_.answers["AddPortMapping"] = soap_fault(718);
  };
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

// Nobody said that there is nothing.
TEST_F(UpnpOddEntries, WhatIsRefusedAndCannotBeReadIsRememberedUntilItIsGone) {
  std::vector<http_answer> answers{http_page("", "503 Service Unavailable")};
  for (const int code : {501, 718, 402, 606, 728}) answers.push_back(soap_fault(code));
  for (const auto& answer : answers) {
    gateway_.table.clear();
    gateway_.answers.clear();
    make_then_answer(answer);
    make_table_fail();
    upnp_mapper mapper(gateway_.access());
    ASSERT_FALSE(loop_.await(mapper.map(strict)));
    const auto removed = loop_.await(mapper.unmap());
    ASSERT_FALSE(removed);
    EXPECT_FALSE(leaves_nothing(removed));
    gateway_.answers.clear();
    ASSERT_TRUE(loop_.await(next_run(mapper.record(strict))->unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

// --- leases that are refused by whatever code --------------------------------------------------

TEST_F(UpnpOddEntries, NoLeaseIsTriedAfterARefusalThatMayBeAboutIt) {
  for (const int code : {501, 600, 601, 611, 899}) {
    SCOPED_TRACE(code);
    gateway_.table.clear();
    gateway_.requests.clear();
    gateway_.refuses = [=](const std::string&, const row& wanted) {
      return wanted.lease == "0" ? 0 : code;
    };
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(strict));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->lifetime, std::chrono::seconds(0));
    EXPECT_THAT(leases(), ElementsAre("3600", "0"));
    ASSERT_TRUE(loop_.await(mapper.unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpOddEntries, SoItIsAfterABareHttpError) {
  gateway_.on_request = [this](const http_request& request) {
    if (request.action != "AddPortMapping") return;
    gateway_.answers.clear();
    if (element(request.body, "NewLeaseDuration") == "0") return;
    gateway_.answers["AddPortMapping"] = http_page("", "500 Internal Server Error");
  };
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(leases(), ElementsAre("3600", "0"));
}

}  // namespace upnp_odd_entries_test
}  // namespace natcheck::portmap
