#include "mapping/journal/journal_lines.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/mapping/journal/some_records.hpp"

namespace natcheck::journal {
namespace journal_lines_test {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr auto upnp = mapping_protocol::upnp;
constexpr auto nat_pmp = mapping_protocol::nat_pmp;

record_set record_set_of(std::string_view text) {
  record_set read;
  read.read(text);
  return read;
}

dated_record at_noon(const mapping_record& record) { return {record, noon}; }

mapping_record permanent_record() {
  auto record = record_of(upnp, 65535);
  record.lifetime = 0s;
  record.description = "a \"line\"\nand \xff\x01 what a router made of it";
  return record;
}

TEST(JournalLines, TheFormatOfTheFiles) {
  EXPECT_EQ(version_line(), "{\"natcheck-mappings\":1}\n");
  EXPECT_EQ(keep_line(at_noon(pcp_record())),
            R"({"keep":{"via":"pcp","protocol":"udp","gateway":"192.168.1.1",)"
            R"("internal":"192.168.1.10:1234","external_port":1234,"interface":"eth0",)"
            R"("lifetime_s":3600,"nonce":"00112233445566778899aabb"},"at":1700000000})"
            "\n");
  EXPECT_EQ(drop_line(pcp_record()),
            R"({"drop":{"via":"pcp","protocol":"udp","gateway":"192.168.1.1",)"
            R"("internal":"192.168.1.10:1234","external_port":1234}})"
            "\n");
}

TEST(JournalLines, KeepIsReadAsItWasWritten) {
  for (const auto& record :
       {pcp_record(), pinhole_record(), permanent_record(), record_of(nat_pmp, 0)}) {
    const auto line = keep_line(at_noon(record));
    EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
    EXPECT_THAT(record_set_of(line).records(), ElementsAre(at_noon(record))) << line;
  }
}

TEST(JournalLines, ATornLineIsNoLine) {
  const auto whole = keep_line(at_noon(pcp_record()));
  EXPECT_THAT(record_set_of(whole.substr(0, whole.size() - 1)).records(), IsEmpty());
  for (std::size_t length = 0; length < whole.size() - 1; ++length) {
    EXPECT_THAT(record_set_of(whole.substr(0, length)).records(), IsEmpty()) << length;
    // Whatever is left of it, with the next line right behind it or on a line of its own.
    const auto next = keep_line(at_noon(pinhole_record()));
    EXPECT_THAT(record_set_of(whole.substr(0, length) + "\n" + next).records(),
                ElementsAre(at_noon(pinhole_record())))
        << length;
  }
}

TEST(JournalLines, WhatCannotBeReadIsPassedOver) {
  const std::string good = keep_line(at_noon(pcp_record()));
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
    EXPECT_THAT(record_set_of(row).records(), IsEmpty()) << row;
    EXPECT_THAT(record_set_of(version_line() + row + good).records(), SizeIs(1)) << row;
  }
}

TEST(JournalLines, AnotherVersionIsForeign) {
  EXPECT_FALSE(record_set_of(version_line()).foreign());
  EXPECT_FALSE(record_set_of("").foreign());
  EXPECT_TRUE(record_set_of("{\"natcheck-mappings\":2}\n").foreign());
  EXPECT_TRUE(record_set_of("{\"natcheck-mappings\":2}\n" + version_line()).foreign());
}

TEST(Ledger, TheLaterLineCounts) {
  auto longer = pcp_record();
  longer.lifetime = 2h;
  EXPECT_THAT(
      record_set_of(keep_line(at_noon(pcp_record())) + keep_line({longer, noon + 1h})).records(),
      ElementsAre(dated_record{longer, noon + 1h}));
  EXPECT_THAT(record_set_of(keep_line(at_noon(pcp_record())) + drop_line(pcp_record())).records(),
              IsEmpty());
  EXPECT_THAT(record_set_of(drop_line(pcp_record()) + keep_line(at_noon(pcp_record()))).records(),
              SizeIs(1));
}

TEST(Ledger, TextSaysTheSame) {
  record_set records;
  records.keep(at_noon(pinhole_record()));
  records.keep(at_noon(pcp_record()));
  records.keep(at_noon(permanent_record()));
  records.drop(pcp_record());
  EXPECT_EQ(record_set_of(records.text()).records(), records.records());
  EXPECT_THAT(records.records(), SizeIs(2));
}

TEST(SameMapping, IsWhatTheGatewayTakesForOne) {
  const auto changed = [](mapping_record record, auto change) {
    change(record);
    return record;
  };
  const auto pcp = pcp_record();
  const auto other_port = [](mapping_record& c) { c.external_port = 99; };
  EXPECT_TRUE(same_mapping(pcp, changed(pcp, other_port)));
  EXPECT_TRUE(same_mapping(record_of(nat_pmp, 1), record_of(nat_pmp, 2)));
  EXPECT_FALSE(same_mapping(record_of(upnp, 1), record_of(upnp, 2)));
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
    mapping_record record;
    std::chrono::seconds lives;
  } rows[] = {{pcp_record(), 1h}, {permanent_record(), longest_belief}};
  for (const auto& [record, lives] : rows) {
    record_set records;
    records.keep(at_noon(record));
    EXPECT_EQ(end_of(at_noon(record)), noon + lives);
    records.forget_ended(noon + lives - 1s);
    EXPECT_THAT(records.records(), SizeIs(1));
    records.forget_ended(noon + lives);
    EXPECT_THAT(records.records(), IsEmpty());
  }
}

}  // namespace journal_lines_test
}  // namespace natcheck::journal
