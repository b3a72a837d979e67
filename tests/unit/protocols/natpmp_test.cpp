#include <gtest/gtest.h>

#include <vector>

#include "protocols/natpmp/codec.hpp"
#include "protocols/natpmp/epoch.hpp"

namespace natcheck::natpmp {
namespace {

using namespace std::chrono_literals;
using datagram = std::vector<std::uint8_t>;
using boost::asio::ip::make_address_v4;

constexpr expectation address_request{opcode::external_address};
constexpr expectation tcp_request{opcode::map_tcp, 1234};

// RFC 6886 sections 3.2 and 3.3: 203.0.113.7 after 1000 s; 1234 mapped to 40000 for 3600 s.
const datagram address_answer{0, 128, 0, 0, 0, 0, 0x03, 0xe8, 203, 0, 113, 7};
const datagram tcp_answer{0, 130, 0, 0, 0, 0, 0x03, 0xe8, 0x04, 0xd2, 0x9c, 0x40, 0, 0, 0x0e, 0x10};

TEST(NatPmp, ReadsAnAddress) {
  const auto read = check(address_answer, address_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{result_code::success, 1000, make_address_v4("203.0.113.7")}));
}

TEST(NatPmp, ReadsAMapping) {
  const auto read = check(tcp_answer, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{result_code::success, 1000, {}, 1234, 40000, 3600}));
}

TEST(NatPmp, ReadsARemoval) {
  const datagram removed{0, 130, 0, 0, 0, 0, 0x03, 0xe8, 0x04, 0xd2, 0, 0, 0, 0, 0, 0};
  const auto read = check(removed, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{result_code::success, 1000, {}, 1234, 0, 0}));
}

struct refusal_row {
  std::uint8_t code;
  std::string_view words;
  mapping_refusal meaning;
};

TEST(NatPmp, ReadsRefusalsOfEveryKindAndSize) {
  const refusal_row rows[]{{1, "version", mapping_refusal::unsupported_version},
                           {2, "allow", mapping_refusal::not_authorized},
                           {3, "external address", mapping_refusal::network_failure},
                           {4, "table is full", mapping_refusal::table_full},
                           {200, "does not define", mapping_refusal::other}};
  for (const auto& row : rows) {
    // 8 bytes is the shortest form; miniupnpd pads with zeros; what follows is not to be believed.
    for (const std::size_t size : {8U, 12U, 16U}) {
      datagram bytes(size, 0xee);
      const datagram head{0, 130, 0, row.code, 0, 0, 0, 9};
      std::copy(head.begin(), head.end(), bytes.begin());
      const auto read = check(bytes, tcp_request);
      ASSERT_TRUE(read) << to_string(read.error().reason);
      EXPECT_EQ(*read, (answer{static_cast<result_code>(row.code), 9, {}}));
      EXPECT_NE(describe(read->result).find(row.words), std::string_view::npos) << +row.code;
      EXPECT_EQ(refusal_of(read->result), row.meaning) << +row.code;
    }
  }
}

TEST(NatPmp, AnUnknownOperationEchoesTheRequestSoThereIsNoEpoch) {
  const datagram echoed{0, 130, 0, 5, 0x04, 0xd2, 0x04, 0xd2, 0, 0, 0x0e, 0x10};
  const auto read = check(echoed, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{result_code::unsupported_opcode, {}, {}}));
}

TEST(NatPmp, BothFormsOfTheBadVersionAnswer) {
  for (const std::uint8_t operation :
       {std::uint8_t{0}, std::uint8_t{128}}) {  // RFC 6886 section 3.5; miniupnpd
    const auto read = check(datagram{0, operation, 0, 1, 0, 0, 0, 9}, address_request);
    ASSERT_TRUE(read) << to_string(read.error().reason);
    EXPECT_EQ(*read, (answer{result_code::unsupported_version, 9, {}}));
  }
}

struct fault_row {
  datagram bytes;
  expectation expected;
  fault_kind kind;
  std::string_view reason;
};

TEST(NatPmp, NamesWhatIsWrong) {
  const fault_row rows[]{
      {{}, address_request, fault_kind::malformed, "0 bytes, too short for an answer"},
      {{0, 128},
       address_request,
       fault_kind::malformed,
       "2 bytes; an answer to an address request has 12"},
      {{0, 130, 0, 0, 0, 0, 0, 9},
       tcp_request,
       fault_kind::malformed,
       "8 bytes; an answer to a TCP mapping request has 16"},
      // A router that has PCP alone answered so, and cut short.
      {{2, 128},
       address_request,
       fault_kind::other_version,
       "it speaks PCP (version 2), not NAT-PMP"},
      {{2}, address_request, fault_kind::other_version, "it speaks PCP (version 2), not NAT-PMP"},
      {{2, 128, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9},
       address_request,
       fault_kind::other_version,
       "it speaks PCP (version 2), not NAT-PMP"},
      {{'H', 'T', 'T', 'P'}, address_request, fault_kind::malformed, "version 72 instead of 0"},
      {{0, 0}, address_request, fault_kind::malformed, "a request, not an answer"},
      {{0, 0, 0, 1}, address_request, fault_kind::malformed, "a request, not an answer"},
      {tcp_answer, address_request, fault_kind::another_request,
       "an answer to a TCP mapping request instead of an address request"},
      {address_answer, tcp_request, fault_kind::another_request,
       "an answer to an address request instead of a TCP mapping request"},
      {tcp_answer,
       {opcode::map_udp, 1234},
       fault_kind::another_request,
       "an answer to a TCP mapping request instead of a UDP mapping request"},
      {tcp_answer,
       {opcode::map_tcp, 4321},
       fault_kind::another_request,
       "an answer for internal port 1234 instead of 4321"},
      {{0, 0x85, 0, 0, 0, 0, 0, 9},
       address_request,
       fault_kind::malformed,
       "an answer to operation 5, which NAT-PMP does not define"},
      {{0, 130, 0, 0, 0, 0, 0, 9, 0x04, 0xd2, 0, 0, 0, 0, 0x0e, 0x10},
       tcp_request,
       fault_kind::malformed,
       "grants external port 0"},
  };
  for (const auto& row : rows) {
    const auto read = check(row.bytes, row.expected);
    ASSERT_FALSE(read) << row.reason;
    EXPECT_EQ(read.error().kind, row.kind) << row.reason;
    EXPECT_EQ(to_string(read.error().reason), row.reason);
  }
}

TEST(NatPmp, UdpAndTcpAnswersDiffer) {
  const auto read = check(tcp_answer, {opcode::map_udp, 1234});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, fault_kind::another_request);
}

void expect_whole_or_padded(const datagram& whole, const expectation& expected) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(check(std::span(whole).first(size), expected)) << size << " bytes";
  }
  const auto exact = check(whole, expected);
  ASSERT_TRUE(exact);
  datagram longer = whole;
  for (int excess = 1; excess <= 20; ++excess) {
    longer.push_back(0xff);
    const auto padded = check(longer, expected);
    ASSERT_TRUE(padded) << to_string(padded.error().reason);
    EXPECT_EQ(padded->external_address, exact->external_address);
    EXPECT_EQ(padded->external_port, exact->external_port);
    EXPECT_EQ(padded->lifetime_s, exact->lifetime_s);
  }
}

TEST(NatPmp, EveryTruncationIsRefusedAndExcessIsIgnored) {
  expect_whole_or_padded(address_answer, address_request);
  expect_whole_or_padded(tcp_answer, tcp_request);
}

TEST(NatPmp, RefusalsNeedEightBytes) {
  const datagram refusal{0, 128, 0, 2, 0, 0, 0, 9};
  for (std::size_t size = 0; size < refusal.size(); ++size) {
    EXPECT_FALSE(check(std::span(refusal).first(size), address_request)) << size << " bytes";
  }
  EXPECT_TRUE(check(refusal, address_request));
}

// --- the epoch -----------------------------------------------------------------------------

struct epoch_row {
  std::uint32_t first;
  std::uint32_t second;
  std::chrono::milliseconds between;
  epoch_state expected;
};

TEST(NatPmpEpoch, FollowsTheClockHere) {
  using enum epoch_state;
  const epoch_row rows[]{
      {1000, 1000, 0s, runs_on},
      {1000, 1060, 60s, runs_on},
      {1000, 998, 0s, runs_on},     // 2 s of rounding
      {1000, 997, 0s, began_anew},  // the gateway began again
      {1000, 0, 60s, began_anew},
      {0, 0, 0s, runs_on},      // nothing wraps around 0
      {0, 698, 800s, runs_on},  // one part in 8 slower: 700 - 2
      {0, 697, 800s, began_anew},
      {0, 0, 3500ms, runs_on},  // 3 * 7 / 8 = 2, and 2 for rounding
      {0, 0, 5s, stands_still},
      {1000, 1000, 60s, stands_still},
      {1000, 1001, 60s, began_anew},
      {0, 0xffffffff, 0s, runs_on},  // ahead is no loss (section 3.6)
      {0xffffffff, 0, 1s, began_anew},
      {100, 5000, 60s, runs_on},
  };
  for (const auto& row : rows) {
    epoch_watch watch;
    const std::chrono::nanoseconds start = 100h;
    EXPECT_EQ(watch.accept(row.first, start), epoch_state::runs_on)
        << "the first answer is believed";
    EXPECT_EQ(watch.accept(row.second, start + row.between), row.expected)
        << row.first << " -> " << row.second << " after " << row.between.count() << " ms";
  }
}

TEST(NatPmpEpoch, AnInvalidOneIsTheStartOfTheNextComparison) {
  epoch_watch watch;
  const std::chrono::nanoseconds start = 100h;
  EXPECT_EQ(watch.accept(1000, start), epoch_state::runs_on);
  EXPECT_EQ(watch.accept(5, start + 60s), epoch_state::began_anew);
  EXPECT_EQ(watch.accept(65, start + 120s), epoch_state::runs_on);
}

}  // namespace
}  // namespace natcheck::natpmp
