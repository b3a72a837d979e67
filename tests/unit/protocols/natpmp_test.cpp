#include <gtest/gtest.h>

#include <vector>

#include "protocols/lease/epoch.hpp"
#include "protocols/natpmp/codec.hpp"

namespace natcheck::natpmp {
namespace natpmp_test {

using namespace std::chrono_literals;
using datagram = std::vector<std::uint8_t>;
using boost::asio::ip::make_address;
using lease::answer;
using lease::fault_kind;
using lease::request;

lease::map mapping(transport protocol, std::uint16_t internal_port) {
  lease::map asked;
  asked.protocol = protocol;
  asked.internal_port = internal_port;
  asked.suggested.port = 40000;
  asked.lifetime_s = 3600;
  return asked;
}

const request address_request = lease::presence{};
const request tcp_request = mapping(transport::tcp, 1234);

// RFC 6886 sections 3.2 and 3.3: 203.0.113.7 after 1000 s; 1234 mapped to 40000 for 3600 s.
const datagram address_answer{0, 128, 0, 0, 0, 0, 0x03, 0xe8, 203, 0, 113, 7};
const datagram tcp_answer{0, 130, 0, 0, 0, 0, 0x03, 0xe8, 0x04, 0xd2, 0x9c, 0x40, 0, 0, 0x0e, 0x10};

TEST(NatPmp, WritesRequests) {
  EXPECT_EQ(encode(address_request), (datagram{0, 0}));
  EXPECT_EQ(encode(tcp_request), (datagram{0, 2, 0, 0, 0x04, 0xd2, 0x9c, 0x40, 0, 0, 0x0e, 0x10}));
  auto removal = mapping(transport::udp, 1234);
  removal.suggested = {};
  removal.lifetime_s = 0;
  EXPECT_EQ(encode(removal), (datagram{0, 1, 0, 0, 0x04, 0xd2, 0, 0, 0, 0, 0, 0}));
}

TEST(NatPmp, ReadsAnAddress) {
  const auto read = check(address_answer, address_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{0, 0, 1000, endpoint{make_address("203.0.113.7"), 0}}));
}

TEST(NatPmp, ReadsAMapping) {
  const auto read = check(tcp_answer, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{0, 3600, 1000, endpoint{{}, 40000}}));
}

TEST(NatPmp, ReadsARemoval) {
  const datagram removed{0, 130, 0, 0, 0, 0, 0x03, 0xe8, 0x04, 0xd2, 0, 0, 0, 0, 0, 0};
  const auto read = check(removed, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{0, 0, 1000, endpoint{}}));
}

struct refusal_row {
  std::uint8_t code;
  cause_code why;
  mapping_refusal refusal;
};

TEST(NatPmp, ReadsRefusalsOfEveryKindAndSize) {
  const refusal_row rows[]{
      {1, cause_code::result_unsupported_version, mapping_refusal::unsupported_version},
      {2, cause_code::result_not_authorized, mapping_refusal::not_authorized},
      {3, cause_code::result_no_external_address, mapping_refusal::network_failure},
      {4, cause_code::result_table_full, mapping_refusal::table_full},
      {200, cause_code::result_undefined, mapping_refusal::other}};
  for (const auto& row : rows) {
    // 8 bytes is the shortest form; miniupnpd pads with zeros; what follows is not to be believed.
    for (const std::size_t size : {8U, 12U, 16U}) {
      datagram bytes(size, 0xee);
      const datagram head{0, 130, 0, row.code, 0, 0, 0, 9};
      std::copy(head.begin(), head.end(), bytes.begin());
      const auto read = check(bytes, tcp_request);
      ASSERT_TRUE(read) << to_string(read.error().reason);
      EXPECT_EQ(*read, (answer{row.code, 0, 9, {}}));
      const auto meaning = meaning_of(codec, read->result);
      EXPECT_EQ(meaning.why, row.why) << +row.code;
      EXPECT_EQ(meaning.refusal, row.refusal) << +row.code;
    }
  }
}

TEST(NatPmp, AnUnknownOperationEchoesTheRequestSoThereIsNoEpoch) {
  const datagram echoed{0, 130, 0, 5, 0x04, 0xd2, 0x04, 0xd2, 0, 0, 0x0e, 0x10};
  const auto read = check(echoed, tcp_request);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{5, 0, {}, {}}));
}

TEST(NatPmp, BothFormsOfTheBadVersionAnswer) {
  for (const std::uint8_t operation :
       {std::uint8_t{0}, std::uint8_t{128}}) {  // RFC 6886 section 3.5; miniupnpd
    const auto read = check(datagram{0, operation, 0, 1, 0, 0, 0, 9}, address_request);
    ASSERT_TRUE(read) << to_string(read.error().reason);
    EXPECT_EQ(*read, (answer{1, 0, 9, {}}));
  }
}

struct fault_row {
  datagram bytes;
  request asked;
  fault_kind kind;
  std::string_view reason;
};

TEST(NatPmp, NamesWhatIsWrong) {
  const fault_row rows[]{
      {{}, address_request, fault_kind::malformed, "0 bytes, too short for an answer"},
      {{0, 128},
       address_request,
       fault_kind::malformed,
       "2 bytes; an answer to an address request has at least 12"},
      {{0, 130, 0, 0, 0, 0, 0, 9},
       tcp_request,
       fault_kind::malformed,
       "8 bytes; an answer to a TCP mapping request has at least 16"},
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
      {tcp_answer, mapping(transport::udp, 1234), fault_kind::another_request,
       "an answer to a TCP mapping request instead of a UDP mapping request"},
      {tcp_answer, mapping(transport::tcp, 4321), fault_kind::another_request,
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
    const auto read = check(row.bytes, row.asked);
    ASSERT_FALSE(read) << row.reason;
    EXPECT_EQ(read.error().kind, row.kind) << row.reason;
    EXPECT_EQ(to_string(read.error().reason), row.reason);
  }
}

TEST(NatPmp, UdpAndTcpAnswersDiffer) {
  const auto read = check(tcp_answer, mapping(transport::udp, 1234));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, fault_kind::another_request);
}

void expect_whole_or_padded(const datagram& whole, const request& asked) {
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(check(std::span(whole).first(size), asked)) << size << " bytes";
  }
  const auto exact = check(whole, asked);
  ASSERT_TRUE(exact);
  datagram longer = whole;
  for (int excess = 1; excess <= 20; ++excess) {
    longer.push_back(0xff);
    const auto padded = check(longer, asked);
    ASSERT_TRUE(padded) << to_string(padded.error().reason);
    EXPECT_EQ(*padded, *exact);
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

}  // namespace natpmp_test
}  // namespace natcheck::natpmp
