#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "protocols/pcp/codec.hpp"
#include "protocols/pcp/epoch.hpp"
#include "protocols/pcp/nonce.hpp"

namespace natcheck::pcp {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using datagram = std::vector<std::uint8_t>;

datagram from_hex(std::string_view digits) {
  datagram bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

const announce presence{make_address("192.168.1.10")};

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
  EXPECT_EQ(encode(announce{make_address("fe80::1%7")}),
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
  EXPECT_EQ(*read, (answer{result_code::success, 0, 1000, {}}));
}

TEST(Pcp, ReadsMap) {
  const auto read = check(granted, udp_mapping());
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(*read, (answer{result_code::success, 3600, 1000,
                           endpoint{make_address("203.0.113.7"), 40000}}));
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
        EXPECT_EQ(*read, (answer{result_code::success, 7200, 1000, asked.suggested}));
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
  const std::pair<std::uint8_t, std::string_view> table[]{
      {1, "this version"},      {2, "not authorized"},
      {3, "the request"},       {4, "operation"},
      {5, "a required option"}, {6, "an option malformed"},
      {7, "no WAN connection"}, {8, "no resources"},
      {9, "transport"},         {10, "limit of ports"},
      {11, "this external"},    {12, "another NAT"},
      {13, "that many peers"},  {15, "requires authentication"},
      {14, "does not define"}};
  for (const auto& [code, words] : table) {
    for (const request& asked : {request(presence), request(udp_mapping())}) {
      const auto read = check(answered(asked, code), asked);
      ASSERT_TRUE(read) << to_string(read.error().reason);
      EXPECT_EQ(read->result, static_cast<result_code>(code));
      EXPECT_EQ(read->epoch_s, 1000U);
      EXPECT_FALSE(read->external) << "of a refusal, the address is that of the request";
      EXPECT_NE(describe(read->result).find(words), std::string_view::npos) << +code;
    }
  }
}

TEST(Pcp, TheMeaningOfARefusal) {
  const std::pair<int, mapping_refusal> table[]{{0, mapping_refusal::none},
                                                {1, mapping_refusal::unsupported_version},
                                                {2, mapping_refusal::not_authorized},
                                                {3, mapping_refusal::other},
                                                {7, mapping_refusal::network_failure},
                                                {8, mapping_refusal::no_resources},
                                                {10, mapping_refusal::over_quota},
                                                {11, mapping_refusal::port_conflict},
                                                {12, mapping_refusal::address_mismatch},
                                                {15, mapping_refusal::not_authorized},
                                                {99, mapping_refusal::other}};
  for (const auto& [code, meaning] : table) {
    EXPECT_EQ(refusal_of(static_cast<result_code>(code)), meaning) << code;
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
  const auto stands = [](result_code code, std::uint32_t lifetime_s) {
    return refused_for(answer{code, lifetime_s, 0, {}});
  };
  EXPECT_EQ(stands(result_code::not_authorized, 60), 60s);
  EXPECT_EQ(stands(result_code::not_authorized, 0xffffffff), 24h);
  EXPECT_EQ(stands(result_code::not_authorized, 0), 30min);
  EXPECT_EQ(stands(result_code::address_mismatch, 0), 30min);
  EXPECT_EQ(stands(result_code::no_resources, 0), 30s);
  EXPECT_EQ(stands(static_cast<result_code>(99), 0), 30min);
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

// --- the epoch -----------------------------------------------------------------------------

struct epoch_row {
  std::uint32_t first;
  std::uint32_t second;
  std::chrono::milliseconds between;
  epoch_state expected;
};

TEST(PcpEpoch, FollowsTheClockHere) {
  using enum epoch_state;
  const epoch_row rows[]{
      {1000, 1000, 0s, runs_on},
      {1000, 1060, 60s, runs_on},
      {1000, 999, 0s, runs_on},     // reordered on the way
      {1000, 998, 0s, began_anew},  // the server began again
      {1000, 0, 60s, began_anew},
      {0, 0, 0s, runs_on},  // nothing wraps around 0
      {0, 0xffffffff, 0s, began_anew},
      {0xffffffff, 0, 1s, began_anew},
      {0, 2, 0s, runs_on},  // 2 s of rounding
      {0, 3, 0s, began_anew},
      {0, 0, 2s, runs_on},
      {0, 0, 3s, stands_still},
      {1000, 1000, 60s, stands_still},
      {1000, 1001, 60s, began_anew},  // it was restarted just now
      {0, 1600, 1500s, runs_on},      // one part in 16 slower here: 1600 - 100 = 1500
      {0, 1700, 1500s, began_anew},
      {0, 1500, 1600s, runs_on},
      {0, 1400, 1600s, began_anew},
      {0xfffffff0, 0xfffffff0, 0s, runs_on},
      {100, 101, 1900ms, runs_on},
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

TEST(PcpEpoch, AnInvalidOneIsTheStartOfTheNextComparison) {
  epoch_watch watch;
  const std::chrono::nanoseconds start = 100h;
  EXPECT_EQ(watch.accept(1000, start), epoch_state::runs_on);
  EXPECT_EQ(watch.accept(5, start + 60s), epoch_state::began_anew);
  EXPECT_EQ(watch.accept(65, start + 120s), epoch_state::runs_on);
}

}  // namespace
}  // namespace natcheck::pcp
