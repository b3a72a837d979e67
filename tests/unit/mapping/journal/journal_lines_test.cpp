#include "mapping/journal/journal_lines.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/mapping/journal/some_claims.hpp"

namespace natcheck::journal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr auto upnp = mapping_protocol::upnp;
constexpr auto nat_pmp = mapping_protocol::nat_pmp;

ledger ledger_of(std::string_view text) {
  ledger read;
  read.read(text);
  return read;
}

dated_claim at_noon(const mapping_claim& claim) { return {claim, noon}; }

mapping_claim permanent_claim() {
  auto claim = claim_of(upnp, 65535);
  claim.lifetime = 0s;
  claim.description = "a \"line\"\nand \xff\x01 what a router made of it";
  return claim;
}

TEST(JournalLines, TheFormatOfTheFiles) {
  EXPECT_EQ(version_line(), "{\"natcheck-mappings\":1}\n");
  EXPECT_EQ(keep_line(at_noon(pcp_claim())),
            R"({"keep":{"via":"pcp","protocol":"udp","gateway":"192.168.1.1",)"
            R"("internal":"192.168.1.10:1234","external_port":1234,"interface":"eth0",)"
            R"("lifetime_s":3600,"nonce":"00112233445566778899aabb"},"at":1700000000})"
            "\n");
  EXPECT_EQ(drop_line(pcp_claim()),
            R"({"drop":{"via":"pcp","protocol":"udp","gateway":"192.168.1.1",)"
            R"("internal":"192.168.1.10:1234","external_port":1234}})"
            "\n");
}

TEST(JournalLines, KeepIsReadAsItWasWritten) {
  for (const auto& claim :
       {pcp_claim(), pinhole_claim(), permanent_claim(), claim_of(nat_pmp, 0)}) {
    const auto line = keep_line(at_noon(claim));
    EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
    EXPECT_THAT(ledger_of(line).claims(), ElementsAre(at_noon(claim))) << line;
  }
}

TEST(JournalLines, ATornLineIsNoLine) {
  const auto whole = keep_line(at_noon(pcp_claim()));
  EXPECT_THAT(ledger_of(whole.substr(0, whole.size() - 1)).claims(), IsEmpty());
  for (std::size_t length = 0; length < whole.size() - 1; ++length) {
    EXPECT_THAT(ledger_of(whole.substr(0, length)).claims(), IsEmpty()) << length;
    // Whatever is left of it, with the next line right behind it or on a line of its own.
    const auto next = keep_line(at_noon(pinhole_claim()));
    EXPECT_THAT(ledger_of(whole.substr(0, length) + "\n" + next).claims(),
                ElementsAre(at_noon(pinhole_claim())))
        << length;
  }
}

TEST(JournalLines, WhatCannotBeReadIsPassedOver) {
  const std::string good = keep_line(at_noon(pcp_claim()));
  const auto with = [&](std::string_view from, std::string_view to) {
    auto line = good;
    return line.replace(line.find(from), from.size(), to);
  };
  const std::string rows[] = {"\n",
                              "x\n",
                              "[]\n",
                              "{}\n",
                              "{\"keep\":1,\"at\":1}\n",
                              std::string("\0\xff\x80\n", 4),
                              std::string(100'000, '[') + "\n",
                              "{\"drop\":{}}\n",
                              with("\"udp\"", "\"sctp\""),
                              with("\"pcp\"", "\"ssh\""),
                              with("\"pcp\"", "7"),
                              with("192.168.1.1\"", "router\""),
                              with("192.168.1.1\"", "fe80::1\""),
                              with("192.168.1.10:1234", "192.168.1.10"),
                              with("192.168.1.10:1234", "192.168.1.10:0"),
                              with(":1234,", ":65536,"),
                              with(":1234,", ":-1,"),
                              with(":1234,", ":1.5,"),
                              with("3600", "-1"),
                              with("3600", "99999999999"),
                              with("3600", "\"3600\""),
                              with("00112233445566778899aabb", "00112233445566778899aab"),
                              with("00112233445566778899aabb", "00112233445566778899aabg"),
                              with(",\"at\":1700000000", ""),
                              with("1700000000", "1e300")};
  for (const auto& row : rows) {
    EXPECT_THAT(ledger_of(row).claims(), IsEmpty()) << row;
    EXPECT_THAT(ledger_of(version_line() + row + good).claims(), SizeIs(1)) << row;
  }
}

TEST(JournalLines, AnotherVersionIsForeign) {
  EXPECT_FALSE(ledger_of(version_line()).foreign());
  EXPECT_FALSE(ledger_of("").foreign());
  EXPECT_TRUE(ledger_of("{\"natcheck-mappings\":2}\n").foreign());
  EXPECT_TRUE(ledger_of("{\"natcheck-mappings\":2}\n" + version_line()).foreign());
}

TEST(Ledger, TheLaterLineCounts) {
  auto longer = pcp_claim();
  longer.lifetime = 2h;
  EXPECT_THAT(ledger_of(keep_line(at_noon(pcp_claim())) + keep_line({longer, noon + 1h})).claims(),
              ElementsAre(dated_claim{longer, noon + 1h}));
  EXPECT_THAT(ledger_of(keep_line(at_noon(pcp_claim())) + drop_line(pcp_claim())).claims(),
              IsEmpty());
  EXPECT_THAT(ledger_of(drop_line(pcp_claim()) + keep_line(at_noon(pcp_claim()))).claims(),
              SizeIs(1));
}

TEST(Ledger, TextSaysTheSame) {
  ledger claims;
  claims.keep(at_noon(pinhole_claim()));
  claims.keep(at_noon(pcp_claim()));
  claims.keep(at_noon(permanent_claim()));
  claims.drop(pcp_claim());
  EXPECT_EQ(ledger_of(claims.text()).claims(), claims.claims());
  EXPECT_THAT(claims.claims(), SizeIs(2));
}

TEST(SameMapping, IsWhatTheGatewayTakesForOne) {
  const auto changed = [](mapping_claim claim, auto change) {
    change(claim);
    return claim;
  };
  const auto pcp = pcp_claim();
  const auto other_port = [](mapping_claim& c) { c.external_port = 99; };
  EXPECT_TRUE(same_mapping(pcp, changed(pcp, other_port)));
  EXPECT_TRUE(same_mapping(claim_of(nat_pmp, 1), claim_of(nat_pmp, 2)));
  EXPECT_FALSE(same_mapping(claim_of(upnp, 1), claim_of(upnp, 2)));
  EXPECT_TRUE(same_mapping(pcp, changed(pcp, [](auto& c) {
                             c.lifetime = 5s;
                             c.nonce = c.interface = "";
                             c.description.reset();
                           })));
  EXPECT_FALSE(same_mapping(pcp, changed(pcp, [](auto& c) { c.protocol = transport::tcp; })));
  EXPECT_FALSE(same_mapping(pcp, changed(pcp, [](auto& c) { c.internal.port = 1; })));
  EXPECT_FALSE(same_mapping(pcp, changed(pcp, [](auto& c) { c.gateway = c.internal.ip; })));
  EXPECT_FALSE(same_mapping(pcp, changed(pcp, [](auto& c) { c.via = nat_pmp; })));
}

TEST(Ledger, ForgetsWhatHasEnded) {
  const struct {
    mapping_claim claim;
    std::chrono::seconds lives;
  } rows[] = {{pcp_claim(), 1h}, {permanent_claim(), longest_belief}};
  for (const auto& [claim, lives] : rows) {
    ledger claims;
    claims.keep(at_noon(claim));
    EXPECT_EQ(end_of(at_noon(claim)), noon + lives);
    claims.forget_ended(noon + lives - 1s);
    EXPECT_THAT(claims.claims(), SizeIs(1));
    claims.forget_ended(noon + lives);
    EXPECT_THAT(claims.claims(), IsEmpty());
  }
}

}  // namespace
}  // namespace natcheck::journal
