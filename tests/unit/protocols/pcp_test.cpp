#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "protocols/pcp/codec.hpp"
#include "protocols/pcp/nonce.hpp"

namespace natcheck::pcp {
namespace pcp_test {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using datagram = std::vector<std::uint8_t>;
using lease::answer;
using lease::fault_kind;
using lease::map;
using lease::nonce;
using lease::request;

datagram from_hex(std::string_view digits) {
  datagram bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

const lease::presence presence{make_address("192.168.1.10")};

map udp_mapping() {
  map asked;
  asked.client = make_address("192.168.1.10");
  asked.owner = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  asked.protocol = transport::udp;
  asked.internal_port = 51820;
  asked.suggested = {{}, 51820};
  asked.lifetime_s = 7200;
  return asked;
}

const datagram announced = from_hex("0280000000000000000003e8000000000000000000000000");
// 203.0.113.7:40000 for 3600 s.
const datagram granted = from_hex(
    "0281000000000e10000003e80000000000000000000000000102030405060708090a0b0c11000000ca6c9c40"
    "00000000000000000000ffffcb007107");

/// `bytes` with one of them changed.
datagram with(datagram bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

datagram operator+(datagram bytes, const datagram& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

// --- requests ------------------------------------------------------------------------------

TEST(Pcp, WritesAnnounce) {
  EXPECT_EQ(encode(presence), from_hex("020000000000000000000000000000000000ffffc0a8010a"));
  EXPECT_EQ(encode(lease::presence{make_address("fe80::1%7")}),
            from_hex("0200000000000000fe800000000000000000000000000001"))
      << "a scope id means nothing to others";
}

TEST(Pcp, WritesMap) {
  EXPECT_EQ(encode(udp_mapping()),
            from_hex("0201000000001c2000000000000000000000ffffc0a8010a0102030405060708090a0b0c"
                     "11000000ca6cca6c00000000000000000000ffff00000000"));
}

TEST(Pcp, AnyExternalAddressIsOneOfTheClientsFamily) {
  map asked = udp_mapping();
  asked.client = make_address("2001:db8::10");
  const datagram bytes = encode(asked);
  ASSERT_EQ(bytes.size(), 60U);
  EXPECT_EQ(datagram(bytes.begin() + 44, bytes.end()), datagram(16, 0));
  asked.suggested.ip = make_address("2001:db8::11");
  EXPECT_EQ(encode(asked).back(), 0x11);
}

// --- answers -------------------------------------------------------------------------------

TEST(Pcp, ReadsAnnounce) {
  const auto read = check(announced, presence);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{0, 0, 1000, {}}));
}

TEST(Pcp, ReadsMap) {
  const auto read = check(granted, udp_mapping());
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{0, 3600, 1000, endpoint{make_address("203.0.113.7"), 40000}}));
}

TEST(Pcp, NoLifetimeIsBelievedBeyondADay) {
  const auto read = check(with(granted, 4, 0x7f), udp_mapping());
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->lifetime_s, 86'400U);
}

TEST(Pcp, ReadsAnIpv6Pinhole) {
  map asked = udp_mapping();
  asked.client = make_address("2001:db8::10");
  datagram bytes = granted;
  const auto ip = make_address("2001:db8::10").to_v6().to_bytes();
  std::copy(ip.begin(), ip.end(), bytes.begin() + 44);
  const auto read = check(bytes, asked);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->external, (endpoint{make_address("2001:db8::10"), 40000}));
}

/// What a server makes of a request (RFC 6887 section 8.2): the same again, as an answer.
datagram answered(const request& asked, std::uint8_t result) {
  datagram bytes = encode(asked);
  bytes[1] |= 0x80;
  bytes[3] = result;
  const datagram epoch_and_reserve = from_hex("000003e8000000000000000000000000");
  std::copy(epoch_and_reserve.begin(), epoch_and_reserve.end(), bytes.begin() + 8);
  return bytes;
}

TEST(Pcp, WhatIsWrittenIsReadBack) {
  for (const transport protocol : {transport::tcp, transport::udp}) {
    for (const std::uint16_t port : {std::uint16_t{1}, std::uint16_t{256}, std::uint16_t{65535}}) {
      for (const char* ip : {"203.0.113.7", "2001:db8::7"}) {
        map asked = udp_mapping();
        asked.protocol = protocol;
        asked.internal_port = port;
        asked.suggested = {make_address(ip), port};
        const auto read = check(answered(asked, 0), asked);
        ASSERT_TRUE(read) << to_string(read.error().reason);
        EXPECT_EQ(*read, (answer{0, 7200, 1000, asked.suggested}));
      }
    }
  }
}

TEST(Pcp, ADeletionMayLeaveTheMappingForAWhile) {
  map removal = udp_mapping();
  removal.lifetime_s = 0;
  removal.suggested = {};
  const auto gone = check(answered(removal, 0), removal);
  ASSERT_TRUE(gone) << to_string(gone.error().reason);
  EXPECT_EQ(gone->lifetime_s, 0U);
  const auto stays = check(granted, removal);
  ASSERT_TRUE(stays) << to_string(stays.error().reason);
  EXPECT_EQ(stays->lifetime_s, 3600U);
}

TEST(Pcp, RefusalsOfEveryKind) {
  using enum cause_code;
  struct {
    std::uint8_t code;
    cause_code why;
    mapping_refusal refusal;
  } const table[]{
      {1, result_unsupported_version, mapping_refusal::unsupported_version},
      {2, result_not_authorized_or_owner, mapping_refusal::not_authorized},
      {3, result_malformed_request, mapping_refusal::other},
      {4, result_unsupported_operation, mapping_refusal::other},
      {5, result_unsupported_option, mapping_refusal::other},
      {6, result_malformed_option, mapping_refusal::other},
      {7, result_no_wan_connection, mapping_refusal::network_failure},
      {8, result_no_resources, mapping_refusal::no_resources},
      {9, result_unsupported_transport, mapping_refusal::other},
      {10, result_over_quota, mapping_refusal::over_quota},
      {11, result_external_not_available, mapping_refusal::port_conflict},
      {12, result_address_mismatch, mapping_refusal::address_mismatch},
      {13, result_too_many_peers, mapping_refusal::other},
      {14, result_undefined, mapping_refusal::other},
      {15, result_authentication_required, mapping_refusal::not_authorized},
      {99, result_undefined, mapping_refusal::other},
  };
  for (const auto& row : table) {
    for (const request& asked : {request(presence), request(udp_mapping())}) {
      const auto read = check(answered(asked, row.code), asked);
      ASSERT_TRUE(read) << to_string(read.error().reason);
      EXPECT_EQ(read->result, row.code);
      EXPECT_EQ(read->epoch_s, 1000U);
      EXPECT_FALSE(read->external) << "of a refusal, the address is that of the request";
      const auto meaning = meaning_of(codec, read->result);
      EXPECT_EQ(meaning.why, row.why) << +row.code;
      EXPECT_EQ(meaning.refusal, row.refusal) << +row.code;
    }
  }
}

TEST(Pcp, ARefusalNeedsItsHeaderOnly) {
  datagram refusal = answered(udp_mapping(), 2);
  for (const std::size_t size : {24U, 28U, 56U}) {
    refusal.resize(size);
    EXPECT_TRUE(check(refusal, udp_mapping())) << size;
  }
}

TEST(Pcp, HowLongARefusalStands) {
  const auto stands = [](int result, std::uint32_t lifetime_s) {
    return stands_for(answer{result, lifetime_s, 0, {}});
  };
  EXPECT_EQ(stands(2, 60), 60s);
  EXPECT_EQ(stands(2, 0xffffffff), 24h);
  EXPECT_EQ(stands(2, 0), 30min);
  EXPECT_EQ(stands(12, 0), 30min);
  for (const int soon_over : {7, 8, 10, 11}) EXPECT_EQ(stands(soon_over, 0), 30s);
  EXPECT_EQ(stands(99, 0), 30min);
}

TEST(Pcp, OptionsOfAnswersAreSkipped) {
  const datagram sound[]{
      from_hex("02000000"),          // PREFER_FAILURE
      from_hex("8000000361626300"),  // DESCRIPTION, padded
      from_hex("7f000001ff000000"
               "02000000"),  // mandatory, unknown; another one after it
      from_hex("0100001000000000000000000000ffffc0a8010b"),  // THIRD_PARTY
  };
  for (const datagram& options : sound) {
    EXPECT_TRUE(check(granted + options, udp_mapping()));
    EXPECT_TRUE(check(announced + options, presence));
  }
  for (const datagram& options :
       {from_hex("80000005"), from_hex("8000000561626364"), from_hex("020000000300ffff00000000")}) {
    const auto read = check(granted + options, udp_mapping());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, fault_kind::malformed);
    EXPECT_NE(to_string(read.error().reason).find("are left"), std::string::npos)
        << to_string(read.error().reason);
    EXPECT_FALSE(check(announced + options, presence));
  }
}

struct version_row {
  const char* what;
  const char* bytes;
  std::uint8_t version;
  const char* reason;
};

TEST(Pcp, OtherVersionsAreToldBeforeAnythingElse) {
  const version_row rows[]{
      {"miniupnpd without PCP", "008000010000000a", 0, "it speaks only NAT-PMP (version 0)"},
      {"RFC 6886: no bit of an answer", "000000010000000a", 0,
       "it speaks only NAT-PMP (version 0)"},
      {"an address, whatever was asked", "008000000000000a05050505", 0,
       "it speaks only NAT-PMP (version 0)"},
      {"cut short", "00", 0, "it speaks only NAT-PMP (version 0)"},
      {"pre-standard", "018000010000000000000000", 1, "it speaks only a draft of PCP (version 1)"},
      {"to come", "038000010000000000000000", 3, "it speaks only a later PCP (version 3)"},
  };
  for (const auto& row : rows) {
    const auto read = check(from_hex(row.bytes), presence);
    ASSERT_FALSE(read) << row.what;
    EXPECT_EQ(read.error().kind, fault_kind::other_version) << row.what;
    EXPECT_EQ(read.error().version, row.version) << row.what;
    EXPECT_EQ(to_string(read.error().reason), row.reason) << row.what;
  }
}

struct fault_row {
  datagram bytes;
  request asked;
  fault_kind kind;
  std::string_view reason;
};

TEST(Pcp, NamesWhatIsWrong) {
  const auto asked = udp_mapping();
  const fault_row rows[]{
      {{}, presence, fault_kind::malformed, "an empty datagram"},
      {from_hex("0280"), presence, fault_kind::malformed, "2 bytes; an answer has at least 24"},
      {announced + datagram{0, 0}, presence, fault_kind::malformed,
       "26 bytes, which is not a multiple of 4"},
      {announced + datagram(1077, 0), presence, fault_kind::malformed,
       "more than 1100 bytes, the maximum of PCP"},
      {from_hex("48545450"), presence, fault_kind::malformed, "version 72 instead of 2"},
      {from_hex("038000"), presence, fault_kind::malformed, "version 3 instead of 2"},
      {encode(presence), presence, fault_kind::malformed, "a request, not an answer"},
      {announced, asked, fault_kind::another_request, "an answer to ANNOUNCE instead of MAP"},
      {granted, presence, fault_kind::another_request, "an answer to MAP instead of ANNOUNCE"},
      {with(announced, 1, 0x82), presence, fault_kind::another_request,
       "an answer to operation 2 instead of ANNOUNCE"},
      {datagram(granted.begin(), granted.begin() + 24), asked, fault_kind::malformed,
       "24 bytes; an answer to MAP has at least 60"},
      {with(granted, 24, 0), asked, fault_kind::another_request,
       "an answer with a different nonce"},
      {with(granted, 36, 6), asked, fault_kind::another_request,
       "an answer for protocol 6 instead of 17"},
      {with(granted, 41, 0), asked, fault_kind::another_request,
       "an answer for internal port 51712 instead of 51820"},
      {with(with(granted, 42, 0), 43, 0), asked, fault_kind::malformed, "grants external port 0"},
      {with(with(granted, 3, 2), 35, 0), asked, fault_kind::another_request,
       "an answer with a different nonce"},
  };
  for (const auto& row : rows) {
    const auto read = check(row.bytes, row.asked);
    ASSERT_FALSE(read) << row.reason;
    EXPECT_EQ(read.error().kind, row.kind) << row.reason;
    EXPECT_EQ(to_string(read.error().reason), row.reason);
  }
}

TEST(Pcp, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < granted.size(); ++size) {
    EXPECT_FALSE(check(std::span(granted).first(size), udp_mapping())) << size << " bytes";
  }
  for (std::size_t size = 0; size < announced.size(); ++size) {
    EXPECT_FALSE(check(std::span(announced).first(size), presence)) << size << " bytes";
  }
}

// --- the nonce as text ------------------------------------------------------------------------

TEST(PcpNonce, WhatIsWrittenIsReadBack) {
  const nonce value{0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0xff, 0xab, 0xcd, 0xef, 0x99, 0x5a};
  EXPECT_EQ(to_hex(value), "00010f107f80ffabcdef995a");
  EXPECT_EQ(parse_nonce(to_hex(value)), value);
  EXPECT_EQ(parse_nonce("00010F107F80FFABCDEF995A"), value);
}

TEST(PcpNonce, AnythingElseIsNone) {
  const std::string whole = "00010f107f80ffabcdef995a";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_nonce(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(parse_nonce(whole + "0"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char bad : {'g', ' ', '-', '+', 'x', '\0'}) {
      std::string broken = whole;
      broken[at] = bad;
      EXPECT_FALSE(parse_nonce(broken)) << broken;
    }
  }
}

}  // namespace pcp_test
}  // namespace natcheck::pcp
