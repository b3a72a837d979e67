// Gateways that refuse a lease time or a port, and what is done about it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/portmap/upnp_router.hpp"

namespace natcheck::portmap {
namespace upnp_quirks_test {

using namespace support;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Le;
using ::testing::SizeIs;
using ending = http_answer::ending;

class UpnpQuirks : public UpnpRouter {
 protected:
  /// Makes each entry on the port after the one that was asked for, and says yes.
  void put_on_another_port() {
    gateway_.keeps_entries = false;
    gateway_.on_request = [this](const http_request& request) {
      if (request.action != "AddPortMapping") return;
      const int port = std::stoi(element(request.body, "NewExternalPort").value_or("0"));
      gateway_.table[std::to_string(port + 1) + "/TCP"] = ours();
    };
  }
};

// --- lease times ---------------------------------------------------------------------------

TEST_F(UpnpQuirks, LeasesAreTriedUntilOneIsAccepted) {
  struct {
    int code;
    const char* accepted;
    std::chrono::seconds granted;
    std::vector<std::string> tried;
  } const table[] = {
      {725, "0", 0s, {"3600", "604800", "0"}},
      {402, "0", 0s, {"3600", "604800", "0"}},
      {-911, "604800", 604'800s, {"3600", "604800"}},
  };
  for (const auto& line : table) {
    SCOPED_TRACE(line.code);
    gateway_.table.clear();
    gateway_.requests.clear();
    gateway_.refuses = [&](const std::string&, const row& wanted) {
      return wanted.lease == line.accepted ? 0 : line.code;
    };
    upnp_mapper mapper(gateway_.access());
    for (int i = 0; i < 2; ++i) {
      const auto made = loop_.await(mapper.map(strict));
      ASSERT_TRUE(made) << to_string(made.error());
      EXPECT_EQ(made->lifetime, line.granted);
      EXPECT_EQ(made->asked_lifetime, 3600s);
      EXPECT_EQ(mapper.record(strict).lifetime, line.granted);
    }
    auto tried = line.tried;
    tried.emplace_back(line.accepted);
    EXPECT_EQ(leases(), tried) << "a renewal begins with what worked";
    ASSERT_TRUE(loop_.await(mapper.unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpQuirks, AGatewayMayIgnoreTheLeaseAndKeepTheEntryForEver) {
  gateway_.on_request = [this](const http_request&) {
    for (auto& [name, entry] : gateway_.table) entry.lease = "0";
  };
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->lifetime, 0s);
}

TEST_F(UpnpQuirks, OtherRefusalsAreNotAboutTheLease) {
  for (const int code : {606, 715, 716, 718, 724, 728, 729}) {
    gateway_.requests.clear();
    refuse_port(key, code);
    const auto made = map();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, code);
    EXPECT_THAT(leases(), ElementsAre("3600"));
  }
}

// --- other ports ---------------------------------------------------------------------------

TEST_F(UpnpQuirks, AnotherPortWhereAnyWillDo) {
  for (const int code : {501, 716, 718, 729}) {
    SCOPED_TRACE(code);
    gateway_.table.clear();
    gateway_.requests.clear();
    refuse_port(key, code);
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(any));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_THAT(made->external_port, AllOf(Ge(49'152), Le(65'535)));
    EXPECT_EQ(made->asked_port, 1234);
    // By 501 it may have meant the lease.
    EXPECT_THAT(ports(), SizeIs(code == 501 ? 3 : 2));
    EXPECT_EQ(mapper.record(any).external_port, made->external_port);
    const auto renewed = loop_.await(mapper.map(any));
    ASSERT_TRUE(renewed) << to_string(renewed.error());
    EXPECT_EQ(renewed->external_port, made->external_port) << "a renewal keeps it";
    ASSERT_TRUE(loop_.await(mapper.unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpQuirks, ThreeOtherPortsAreTried) {
  gateway_.refuses = [](const std::string&, const row&) { return 718; };
  const auto made = map(any);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  EXPECT_THAT(ports(), SizeIs(4));
}

TEST_F(UpnpQuirks, ANoThatIsNotAboutThePortIsFinal) {
  for (const int code : {606, 728}) {
    gateway_.requests.clear();
    gateway_.refuses = [=](const std::string&, const row&) { return code; };
    const auto made = map(any);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, code);
    EXPECT_THAT(ports(), ElementsAre("1234"));
  }
}

TEST_F(UpnpQuirks, PortsBelow1024AreRefusedByNumber) {
  refuse_port("80/TCP", 606);
  auto low = any;
  low.external_port = 80;
  const auto made = map(low);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_GE(made->external_port, 49'152);
  low.any_port = false;
  upnp_mapper insisting(gateway_.access());
  const auto refused = loop_.await(insisting.map(low));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 606);
}

TEST_F(UpnpQuirks, ForeignEntriesAreGoneAround) {
  gateway_.table[key] = foreign();
  const auto made = map(any);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_GE(made->external_port, 49'152);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, SizeIs(1)) << "the foreign one";
}

TEST_F(UpnpQuirks, TheSamePortOnBothSides) {
  gateway_.refuses = [](const std::string& which, const row& wanted) {
    return which == wanted.port + "/TCP" ? 0 : 724;
  };
  const auto refused = map();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 724);
  const auto made = map(any);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->external_port, 4321);
}

TEST_F(UpnpQuirks, Version2ChoosesThePort) {
  make_version_2();
  gateway_.table[key] = foreign();
  const auto made = map(any);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(gateway_.count("AddAnyPortMapping"), 1);
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
  EXPECT_TRUE(made->verified);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, SizeIs(1)) << "the foreign one";
}

TEST_F(UpnpQuirks, Version2MayReserveAnotherPort) {
  make_version_2();
  gateway_.table[key] = foreign();
  gateway_.on_request = [this](const http_request& request) {
    if (request.action != "AddAnyPortMapping") return;
    gateway_.table["777/TCP"] = ours();
    gateway_.answers["AddAnyPortMapping"] =
        soap_response("AddAnyPortMapping", "<NewReservedPort>777</NewReservedPort>");
  };
  const auto made = map(any);
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->external_port, 777);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, SizeIs(1));
}

TEST_F(UpnpQuirks, AReservedPortMustHaveAName) {
  make_version_2();
  gateway_.table[key] = foreign();
  for (const char* values : {"", "<NewReservedPort>0</NewReservedPort>"}) {
    gateway_.answers["AddAnyPortMapping"] = soap_response("AddAnyPortMapping", values);
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(any));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::malformed);
  }
}

TEST_F(UpnpQuirks, Version2InNameOnly) {
  make_version_2();
  gateway_.table[key] = foreign();
  for (const int code : {401, 602}) {
    gateway_.answers["AddAnyPortMapping"] = soap_fault(code);
    upnp_mapper mapper(gateway_.access());
    const auto made = loop_.await(mapper.map(any));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_GE(made->external_port, 49'152);
  }
}

// --- another port than the one it was told, without a word -----------------------------------

TEST_F(UpnpQuirks, WhatItPutsOnAnotherPortIsClosed) {
  put_on_another_port();
  const row others{host_ip, "4321", "natcheck", "0"};
  gateway_.table["2000/TCP"] = others;
  gateway_.table["2001/TCP"] = foreign();
  mapper_.spare({2000});
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::refused);
  EXPECT_EQ(made.error().refusal, mapping_refusal::granted_otherwise);
  EXPECT_EQ(to_string(made.error().detail), "it granted external port 1235 instead of 1234");
  EXPECT_THAT(gateway_.table, ElementsAre(Key("2000/TCP"), Key("2001/TCP")));
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, SizeIs(2));
}

TEST_F(UpnpQuirks, WhatItPutsOnAnotherPortIsTakenWhereAnyWillDo) {
  put_on_another_port();
  for (int i = 0; i < 2; ++i) {
    const auto made = map(any);
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->external_port, 1235);
    EXPECT_EQ(made->asked_port, 1234);
    EXPECT_TRUE(made->verified);
  }
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty()) << "also what the renewal made";
}

TEST_F(UpnpQuirks, WhatStaysOnAnotherPortIsRemembered) {
  put_on_another_port();
  gateway_.answers["DeletePortMapping"] = soap_fault(501);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().refusal, mapping_refusal::granted_otherwise);
  EXPECT_EQ(mapper_.record(strict).external_port, 1235);
  EXPECT_FALSE(unmap());
  gateway_.answers.clear();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

// With the old port still in its table, a new one would leave that behind.
TEST_F(UpnpQuirks, ARenewalThatIsRefusedStaysWithItsPort) {
  ASSERT_TRUE(map(any));
  refuse_port(key, 501);
  const auto renewed = map(any);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, 501);
  EXPECT_THAT(ports(), ElementsAre("1234", "1234"));
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpQuirks, APortThatWasTakenMeanwhileIsLeft) {
  ASSERT_TRUE(map(any));
  gateway_.table[key] = foreign();
  const auto renewed = map(any);
  ASSERT_TRUE(renewed) << to_string(renewed.error());
  EXPECT_NE(renewed->external_port, 1234);
}

TEST_F(UpnpQuirks, AfterAnAddWithoutAnAnswerThePortStays) {
  gateway_.answers["AddPortMapping"] = {"", ending::hang};
  ASSERT_FALSE(map(any));
  gateway_.answers.clear();
  refuse_port(key, 501);
  ASSERT_FALSE(map(any)) << "the entry of the first may yet come";
  gateway_.table[key] = ours();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

}  // namespace upnp_quirks_test
}  // namespace natcheck::portmap
