// Whose an entry is, whether it stands, and what a later run may remove.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/portmap/upnp_router.hpp"

namespace natcheck::portmap {
namespace upnp_entries_test {

using namespace support;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ending = http_answer::ending;

class UpnpEntries : public UpnpRouter {};

// --- whose entry ---------------------------------------------------------------------------

TEST_F(UpnpEntries, AGatewayThatDoesNotOverwriteIsGivenANewEntry) {
  gateway_.refuses = [this](const std::string& which, const row&) {
    return gateway_.table.contains(which) ? 718 : 0;
  };
  gateway_.table[key] = ours();
  gateway_.table[key].lease = "17";
  for (int i = 0; i < 2; ++i) {
    const auto made = map();
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(gateway_.table.at(key).lease, "3600");
    EXPECT_EQ(gateway_.count("DeletePortMapping"), i + 1);
  }
}

TEST_F(UpnpEntries, APermanentEntryNeedsNoRenewal) {
  gateway_.refuses = [this](const std::string& which, const row& wanted) {
    if (gateway_.table.contains(which)) return 718;
    return wanted.lease == "0" ? 0 : 725;
  };
  for (int i = 0; i < 2; ++i) {
    const auto made = map();
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->lifetime, 0s);
  }
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0) << "it is open all the while";
}

TEST_F(UpnpEntries, AnEntryThatCannotBeReplacedIsAConflict) {
  gateway_.table[key] = ours();
  refuse_port(key, 718);
  gateway_.answers["DeletePortMapping"] = soap_fault(606);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
}

// miniupnpd answers 718 for ports that its rules deny.
TEST_F(UpnpEntries, AConflictWithNobodyMayBeARule) {
  refuse_port(key, 718);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_THAT(to_string(made.error().detail),
              AllOf(HasSubstr("718"), HasSubstr("a rule of the router")));
}

// --- steps that fail -------------------------------------------------------------------------

struct attempt_end {
  result<mapping> made;
  result<void> removed;
};

/// Maps on a router of which one step fails, and removes when it is well again.
asio::awaitable<attempt_end> map_and_unmap(fake_gateway& gateway) {
  upnp_mapper mapper(gateway.access());
  const mapping_request wanted{transport::tcp, 4321, 1234, 3600s, false};
  auto made = co_await mapper.map(wanted);
  gateway.answers.clear();
  auto removed = co_await mapper.unmap();
  co_return attempt_end{std::move(made), std::move(removed)};
}

TEST_F(UpnpEntries, NothingIsLeftWhereAStepFailed) {
  const http_answer failures[] = {
      soap_fault(501),
      http_page("", "500 Internal Server Error"),
      http_page("<html>Please log in</html>"),
      {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<s:Env"},
      {"", ending::reset},
      {"", ending::close},
  };
  const std::string reading = "GetSpecificPortMappingEntry";
  const std::pair<std::string, bool> steps[] = {{"/rootDesc.xml", false},
                                                {"AddPortMapping", false},
                                                {reading, true},
                                                {"GetExternalIPAddress", true}};
  std::vector<std::unique_ptr<fake_gateway>> gateways;
  std::vector<asio::awaitable<attempt_end>> attempts;
  for (const auto& [step, maps_without] : steps) {
    for (const http_answer& failure : failures) {
      gateways.push_back(std::make_unique<fake_gateway>(loop_.context()));
      gateways.back()->answers[step] = failure;
      attempts.push_back(map_and_unmap(*gateways.back()));
    }
  }
  const auto ends = loop_.await_all(std::move(attempts));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto& [step, maps_without] = steps[i / std::size(failures)];
    SCOPED_TRACE(step + ", failure " + std::to_string(i % std::size(failures)));
    EXPECT_EQ(ends[i].made.has_value(), maps_without);
    if (ends[i].made) {
      EXPECT_EQ(ends[i].made->verified, step != reading);
    }
    EXPECT_TRUE(ends[i].removed);
    EXPECT_THAT(gateways[i]->table, IsEmpty());
  }
}

// --- looking after it ----------------------------------------------------------------------

TEST_F(UpnpEntries, ALookReadsEntryAndAddress) {
  ASSERT_TRUE(map());
  gateway_.requests.clear();
  gateway_.external_address = "5.5.5.6";
  const auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
  EXPECT_EQ(seen->external_address, asio::ip::make_address("5.5.5.6"));
  EXPECT_THAT(gateway_.actions(), ::testing::UnorderedElementsAre("GetSpecificPortMappingEntry",
                                                                  "GetExternalIPAddress"));
}

TEST_F(UpnpEntries, WhatTheTableShowsIsWhatStands) {
  struct {
    const char* what;
    std::optional<row> entry;
    bool stands;
    const char* detail;
  } const table[] = {
      {"no longer has the entry", {}, false, "no longer has the entry"},
      {"foreign", foreign(), false, "127.0.0.77:80 (\"web server\")"},
      {"another port of ours", row{host_ip, "80", "natcheck", "0"}, false, "127.0.0.1:80"},
      {"another name, the same place", row{host_ip, "4321", "UPnP", "3600"}, true, ""},
      {"ours", ours(), true, ""},
  };
  ASSERT_TRUE(map());
  for (const auto& line : table) {
    SCOPED_TRACE(line.what);
    gateway_.table.clear();
    if (line.entry) gateway_.table[key] = *line.entry;
    const auto seen = check();
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_EQ(seen->stands, line.stands);
    EXPECT_THAT(to_string(seen->detail), HasSubstr(line.detail));
  }
}

TEST_F(UpnpEntries, ALookThatFailsTellsNothing) {
  ASSERT_TRUE(map());
  gateway_.answers["GetExternalIPAddress"] = soap_fault(501);
  const auto unnamed = check();
  ASSERT_TRUE(unnamed) << to_string(unnamed.error());
  EXPECT_FALSE(unnamed->external_address);
  for (const int code : {401, 501}) {
    gateway_.answers["GetSpecificPortMappingEntry"] = soap_fault(code);
    const auto seen = check();
    ASSERT_FALSE(seen);
    EXPECT_EQ(seen.error().code, code);
    EXPECT_FALSE(proves_loss(seen.error()));
  }
}

// A restart of miniupnpd changes its HTTP port.
TEST_F(UpnpEntries, AfterAFailedLookTheGatewayIsSearchedAnew) {
  ASSERT_TRUE(map());
  gateway_.description = describe_igd("/new");
  gateway_.answers["/ctl#GetSpecificPortMappingEntry"] = {"", ending::reset};
  gateway_.answers["/ctl#GetExternalIPAddress"] = {"", ending::reset};
  EXPECT_FALSE(check());
  const auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
}

TEST_F(UpnpEntries, UnmapFindsAGatewayThatMoved) {
  ASSERT_TRUE(map());
  gateway_.description = describe_igd("/new");
  for (const char* action : {"DeletePortMapping", "GetSpecificPortMappingEntry"}) {
    gateway_.answers[std::string("/ctl#") + action] = {"", ending::reset};
  }
  const auto removed = unmap();
  EXPECT_TRUE(removed) << to_string(removed.error());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

// --- an earlier run's ----------------------------------------------------------------------

TEST_F(UpnpEntries, ANextRunRemovesWhatItClaimed) {
  gateway_.keeps_description_as = "UPnP";
  EXPECT_FALSE(mapper_.record(strict).description) << "not known before it was read back";
  ASSERT_TRUE(map());
  const mapping_record record = mapper_.record(strict);
  EXPECT_EQ(record.description, "UPnP");
  EXPECT_EQ(record.external_port, 1234);
  ASSERT_TRUE(loop_.await(next_run(record)->unmap()));
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpEntries, ANextRunLeavesWhatIsNotAsItWasClaimed) {
  mapping_record record = mapper_.record(strict);
  record.description = "UPnP";
  struct {
    row entry;
    bool removed;
  } const table[] = {
      {ours(), true},
      {{host_ip, "4321", "UPnP", "0"}, true},
      {{host_ip, "4321", "game", "0"}, false},
      {{host_ip, "80", "natcheck", "0"}, true},  // somebody has changed it
      {{"127.0.0.77", "4321", "natcheck", "0"}, false},
  };
  gateway_.times.settling = 1h;  // not waited for: nothing is about to change
  for (const auto& line : table) {
    gateway_.table = {{key, line.entry}};
    const auto ended = loop_.await(next_run(record)->unmap());
    EXPECT_EQ(ended.has_value(), line.removed) << "what stays is not told as removed";
    EXPECT_EQ(gateway_.table.empty(), line.removed) << line.entry.client << line.entry.description;
  }
}

TEST_F(UpnpEntries, ANextRunRemovesNothingBlindly) {
  gateway_.table[key] = ours();
  gateway_.answers["GetSpecificPortMappingEntry"] = soap_fault(401);
  const auto removed = loop_.await(next_run(mapper_.record(strict))->unmap());
  ASSERT_FALSE(removed);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpEntries, ANextRunThatMapsTakesOver) {
  mapping_record record = mapper_.record(strict);
  record.internal.ip = asio::ip::make_address("127.0.0.77");  // before DHCP had another
  gateway_.table[key] = {"127.0.0.77", "4321", "natcheck", "0"};
  const auto next = next_run(record);
  const auto made = loop_.await(next->map(strict));
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(gateway_.table.at(key).client, host_ip);
}

// Secure mode of miniupnpd.
TEST_F(UpnpEntries, ARemovalThatIsForAnotherAddressSaysSo) {
  mapping_record record = mapper_.record(strict);
  record.internal.ip = asio::ip::make_address("127.0.0.77");
  gateway_.table[key] = {"127.0.0.77", "4321", "natcheck", "0"};
  gateway_.answers["DeletePortMapping"] = soap_fault(606);
  const auto removed = loop_.await(next_run(record)->unmap());
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, 606);
  EXPECT_THAT(to_string(removed.error().detail),
              AllOf(HasSubstr("127.0.0.77"), HasSubstr("only that address")));
}

}  // namespace upnp_entries_test
}  // namespace natcheck::portmap
