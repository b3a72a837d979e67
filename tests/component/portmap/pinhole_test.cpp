#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portmap/upnp_pinhole.hpp"
#include "support/fake_firewall.hpp"

namespace natcheck::portmap {
namespace pinhole_test {

using namespace support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* here = fake_firewall::ip;

class Pinhole : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_ipv6(loop_.context())) GTEST_SKIP() << "no IPv6 on this machine";
    router_.emplace(loop_.context());
    mapper_.emplace(router_->access());
  }
  static mapping_request request(std::chrono::seconds lifetime = 3600s) {
    mapping_request asked;
    asked.internal_port = 4321;
    asked.external_port = 4321;
    asked.lifetime = lifetime;
    return asked;
  }
  result<mapping> map(std::chrono::seconds lifetime = 3600s) {
    return loop_.await(mapper_->map(request(lifetime)));
  }
  result<mapping_check> check() { return loop_.await(mapper_->check()); }
  result<void> unmap() { return loop_.await(mapper_->unmap()); }
  result<void> find() { return loop_.await(mapper_->find()); }

  static fake_firewall::pinhole ours(const char* lease = "3600") {
    return {here, "4321", "6", lease};
  }
  static fake_firewall::pinhole foreign() { return {here, "80", "6", "60"}; }

  loop loop_;
  std::optional<fake_firewall> router_;
  std::optional<upnp_pinhole_mapper> mapper_;
};

TEST_F(Pinhole, Opens) {
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  const endpoint self{asio::ip::make_address(here), 4321};
  EXPECT_EQ(made->via, mapping_protocol::upnp);
  EXPECT_EQ(made->internal, self);
  EXPECT_EQ(made->external_port, 4321);
  EXPECT_EQ(made->external_address, self.ip);
  EXPECT_EQ(made->lifetime, 3600s);
  EXPECT_TRUE(made->verified);
  EXPECT_EQ(made->asked_port, 4321);
  EXPECT_EQ(router_->table.at(1), ours());
  EXPECT_EQ(element(router_->bodies[1], "RemoteHost"), "");
  EXPECT_EQ(element(router_->bodies[1], "RemotePort"), "0");
  EXPECT_THAT(router_->actions,
              ElementsAre("GetFirewallStatus", "AddPinhole", "CheckPinholeWorking"));
}

TEST_F(Pinhole, OpensForUdp) {
  mapping_request asked = request();
  asked.protocol = transport::udp;
  ASSERT_TRUE(loop_.await(mapper_->map(asked)));
  EXPECT_EQ(router_->table.at(1).protocol, "17");
}

TEST_F(Pinhole, CutsTheLeaseToWhatTheStandardAllows) {
  const auto made = map(604800s);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->lifetime, 86400s);
  EXPECT_EQ(made->asked_lifetime, 604800s);
  EXPECT_EQ(router_->table.at(1).lease, "86400");
}

TEST_F(Pinhole, FindChangesNothing) {
  ASSERT_TRUE(find());
  EXPECT_THAT(router_->actions, ElementsAre("GetFirewallStatus"));
  EXPECT_THAT(router_->searches()[0],
              HasSubstr("ST: urn:schemas-upnp-org:service:WANIPv6FirewallControl:1"));
}

struct status_row {
  const char* status;
  const char* words;  ///< empty: it goes on
};

TEST_F(Pinhole, AsksTheFirewallFirst) {
  const status_row rows[]{
      {"<FirewallEnabled>0</FirewallEnabled><InboundPinholeAllowed>1</InboundPinholeAllowed>",
       "its IPv6 firewall is off, so no pinhole is needed"},
      {"<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>0</InboundPinholeAllowed>",
       "its IPv6 firewall does not let devices open ports"},
      {"<FirewallEnabled>1</FirewallEnabled>", ""},
      {"", ""},
  };
  for (const auto& [status, words] : rows) {
    router_->status = status;
    mapper_.emplace(router_->access());
    const auto found = find();
    EXPECT_EQ(found.has_value(), *words == '\0') << status;
    if (found) continue;
    EXPECT_EQ(found.error().kind, outcome::refused);
    EXPECT_EQ(to_string(found.error().detail), words);
  }
  EXPECT_EQ(router_->count("AddPinhole"), 0);
}

TEST_F(Pinhole, RefusalsCarryTheirCodeAndWords) {
  const std::pair<int, const char*> rows[]{{606, "no port below 1024"},
                                           {701, "table of pinholes is full"},
                                           {702, "firewall is off"},
                                           {703, "does not let devices open"},
                                           {501, "without giving a reason"}};
  for (const auto& [code, words] : rows) {
    router_->answers["AddPinhole"] = soap_fault(code);
    const auto made = map();
    ASSERT_FALSE(made) << code;
    EXPECT_EQ(made.error().kind, outcome::refused);
    EXPECT_EQ(made.error().code, code);
    EXPECT_THAT(to_string(made.error().detail), HasSubstr(words));
    EXPECT_THAT(to_string(made.error().detail), HasSubstr(fmt::format("(UPnP error {})", code)));
  }
  ASSERT_TRUE(unmap());
  EXPECT_EQ(router_->count("DeletePinhole"), 0) << "nothing was opened";
}

TEST_F(Pinhole, SuccessWithoutAPinholeIsNone) {
  router_->keeps_pinholes = false;
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().refusal, mapping_refusal::not_kept);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("does not have it"));
}

TEST_F(Pinhole, RenewsByItsNumber) {
  ASSERT_TRUE(map());
  const auto renewed = map(1800s);
  ASSERT_TRUE(renewed) << to_string(renewed.error());
  EXPECT_EQ(renewed->lifetime, 1800s);
  EXPECT_EQ(router_->table.at(1).lease, "1800");
  EXPECT_EQ(router_->count("AddPinhole"), 1);
}

TEST_F(Pinhole, OpensAnewWhatIsGone) {
  for (const int code : {704, 606}) {
    ASSERT_TRUE(map());
    router_->table.clear();
    router_->answers["UpdatePinhole"] = soap_fault(code);
    const auto made = map();
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(router_->table.size(), 1U) << code;
  }
}

TEST_F(Pinhole, AFailedRenewalIsAFailure) {
  ASSERT_TRUE(map());
  router_->answers["UpdatePinhole"] = soap_fault(501);
  const auto renewed = map();
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, 501);
  EXPECT_EQ(router_->count("AddPinhole"), 1);
}

struct check_row {
  http_answer working;
  http_answer packets;
  std::optional<bool> stands;  ///< empty: a failure
};

TEST_F(Pinhole, ChecksByNumber) {
  const http_answer unknown = soap_fault(401);
  const http_answer packets = soap_response("GetPinholePackets", "");
  const check_row rows[]{
      {soap_response("CheckPinholeWorking", "<IsWorking>1</IsWorking>"), unknown, true},
      {soap_fault(709), unknown, true},
      {soap_fault(704), packets, false},
      {soap_fault(606), packets, false},
      {unknown, packets, true},
      {soap_fault(602), soap_fault(704), false},
      {unknown, soap_fault(602), true},
      {soap_fault(501), packets, std::nullopt},
      {http_page("", "404 Not Found"), packets, std::nullopt},
      {http_page("<html>login</html>"), packets, std::nullopt},
  };
  for (const auto& [working, with_packets, stands] : rows) {
    router_->answers.clear();
    ASSERT_TRUE(map());
    router_->answers = {{"CheckPinholeWorking", working}, {"GetPinholePackets", with_packets}};
    const auto seen = check();
    EXPECT_EQ(seen.has_value(), stands.has_value()) << working.bytes;
    if (!seen) continue;
    EXPECT_EQ(seen->stands, stands) << working.bytes;
    EXPECT_EQ(seen->detail.empty(), seen->stands);
  }
}

TEST_F(Pinhole, WhereItCannotBeSeenItIsTakenOnTrust) {
  for (const int code : {401, 606}) {
    router_->answers["CheckPinholeWorking"] = soap_fault(code);
    router_->answers["GetPinholePackets"] = soap_fault(code);
    mapper_.emplace(router_->access());
    const auto made = map();
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_FALSE(made->verified) << code;
    const auto seen = check();
    EXPECT_TRUE(!seen || seen->stands) << code << ": it never let us see it";
    ASSERT_TRUE(unmap());
    EXPECT_THAT(router_->table, IsEmpty());
  }
}

TEST_F(Pinhole, ARestartOfTheRouterMakesItsNumbersVoid) {
  ASSERT_TRUE(map());
  router_->restart();
  router_->table[router_->next_id++] = foreign();  // it has our number now
  router_->control = "/new";
  EXPECT_FALSE(check()) << "its old URL is gone";
  const auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_FALSE(seen->stands);
  EXPECT_EQ(to_string(seen->detail), "the router restarted");
  ASSERT_TRUE(map());
  EXPECT_EQ(router_->table.at(2), ours());
  ASSERT_TRUE(unmap());
  EXPECT_EQ(router_->table.size(), 1U);
  EXPECT_EQ(router_->table.at(1), foreign());
}

TEST_F(Pinhole, ClosesOnce) {
  ASSERT_TRUE(unmap()) << "nothing was asked for";
  EXPECT_THAT(router_->searches(), IsEmpty());
  router_->table[router_->next_id++] = foreign();
  ASSERT_TRUE(map());
  ASSERT_TRUE(unmap());
  ASSERT_TRUE(unmap()) << "nothing is left to close";
  EXPECT_EQ(router_->count("DeletePinhole"), 1);
  EXPECT_EQ(router_->table.size(), 1U);
}

TEST_F(Pinhole, ClosingWhatIsGoneSucceeds) {
  ASSERT_TRUE(map());
  router_->table.clear();
  EXPECT_TRUE(unmap());
}

TEST_F(Pinhole, ARefusalToCloseIsAFailure) {
  ASSERT_TRUE(map());
  router_->answers["DeletePinhole"] = soap_fault(606);
  const auto closed = unmap();
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, 606);
  router_->answers.clear();
  EXPECT_TRUE(unmap()) << "it can be tried again";
  EXPECT_THAT(router_->table, IsEmpty());
}

TEST_F(Pinhole, ClosesWhatWasAskedForAndNeverAnswered) {
  router_->answers["AddPinhole"] = {"", http_answer::ending::hang};
  ASSERT_FALSE(map());
  ASSERT_EQ(router_->table.size(), 1U) << "it was opened all the same";
  router_->answers.clear();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(router_->table, IsEmpty());
}

TEST_F(Pinhole, AnotherRunClosesWhatWasClaimed) {
  EXPECT_EQ(mapper_->record(request()).pinhole, std::nullopt) << "not opened yet";
  ASSERT_TRUE(map());
  const mapping_record record = mapper_->record(request());
  EXPECT_EQ(record.via, mapping_protocol::upnp);
  EXPECT_EQ(record.gateway, asio::ip::make_address(here));
  EXPECT_EQ(record.internal, (endpoint{asio::ip::make_address(here), 4321}));
  EXPECT_EQ(record.lifetime, 3600s);
  EXPECT_EQ(record.pinhole, 1);
  upnp_pinhole_mapper later(router_->access());
  later.restore(record);
  ASSERT_TRUE(loop_.await(later.unmap()));
  EXPECT_THAT(router_->table, IsEmpty());
}

TEST_F(Pinhole, AClaimOfBeforeARestartClosesNobodyElses) {
  ASSERT_TRUE(map());
  const mapping_record record = mapper_->record(request());
  router_->restart();
  router_->table[router_->next_id++] = foreign();
  upnp_pinhole_mapper later(router_->access());
  later.restore(record);
  ASSERT_TRUE(loop_.await(later.unmap()));
  EXPECT_THAT(router_->table, ElementsAre(std::pair(1, foreign())));
}

TEST_F(Pinhole, AsksEverybodyWhereTheRouterIsSilent) {
  router_->silent = true;
  router_->answers_group = true;
  const auto found = find();
  EXPECT_TRUE(found) << to_string(found.error());
}

TEST_F(Pinhole, SilenceIsToldAfterBothSearches) {
  router_->silent = true;
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, outcome::timed_out);
}

TEST_F(Pinhole, ADescriptionWithoutTheServiceIsNoUse) {
  router_->service = "WANIPConnection:1";
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, outcome::malformed);
  EXPECT_THAT(to_string(found.error().detail),
              HasSubstr("no IPv6 firewall that opens ports on request"));
}

TEST_F(Pinhole, IsNotLedAway) {
  trap trap(loop_.context());
  for (const std::string& away : {trap.url("/desc"), std::string("http://[2001:db8::1]/desc")}) {
    router_->location = away;
    const auto found = find();
    ASSERT_FALSE(found) << away;
    EXPECT_THAT(to_string(found.error().detail), HasSubstr("names a host outside this network"));
  }
  router_->location.clear();
  router_->control = trap.url("/fw");
  const auto found = find();
  ASSERT_FALSE(found);
  EXPECT_THAT(to_string(found.error().detail), HasSubstr("control URL is not usable"));
  EXPECT_EQ(trap.visits(), 0);
}

}  // namespace pinhole_test
}  // namespace natcheck::portmap
