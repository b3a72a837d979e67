#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/stun/codec.hpp"

namespace natcheck::stun {
namespace stun_test {

using ::testing::HasSubstr;

bytes from_hex(std::string_view digits) {
  bytes value;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    value.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return value;
}

endpoint at(std::string_view text) { return *parse_endpoint(text, 0); }

// RFC 5769 section 2: the transaction of all its vectors, and the answers over IPv4 and IPv6.
constexpr transaction_id sample_id{0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                   0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};
const bytes ipv4_sample = from_hex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112"
    "a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96");
const bytes ipv6_sample = from_hex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113"
    "a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c");

/// A message of that type, of attributes in hexadecimal digits.
bytes message(std::string_view type, std::string_view attributes) {
  const auto body = from_hex(attributes);
  bytes value = from_hex(type);
  value.push_back(static_cast<std::uint8_t>(body.size() >> 8U));
  value.push_back(static_cast<std::uint8_t>(body.size() & 0xffU));
  const bytes cookie = from_hex("2112a442");
  value.insert(value.end(), cookie.begin(), cookie.end());
  value.insert(value.end(), sample_id.begin(), sample_id.end());
  value.insert(value.end(), body.begin(), body.end());
  return value;
}

bytes success(std::string_view attributes) { return message("0101", attributes); }
bytes error(std::string_view attributes) { return message("0111", attributes); }

// 192.0.2.1:32853 as MAPPED-ADDRESS, and as XOR-MAPPED-ADDRESS.
const std::string mapped = "0001000800018055c0000201";
const std::string xor_mapped = "002000080001a147e112a643";

TEST(Stun, SampleAnswersOfRfc5769) {
  const auto v4 = parse_answer(ipv4_sample, sample_id);
  ASSERT_TRUE(v4) << to_string(v4.error().reason);
  EXPECT_TRUE(v4->success);
  EXPECT_EQ(v4->seen_as(), at("192.0.2.1:32853"));
  EXPECT_EQ(v4->software, "test vector");
  EXPECT_FALSE(v4->other);
  const auto v6 = parse_answer(ipv6_sample, sample_id);
  ASSERT_TRUE(v6) << to_string(v6.error().reason);
  EXPECT_EQ(v6->seen_as(), at("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
}

TEST(Stun, NoPrefixOfAnAnswerIsAnAnswer) {
  for (const bytes* sample : {&ipv4_sample, &ipv6_sample}) {
    for (std::size_t size = 0; size < sample->size(); ++size) {
      EXPECT_FALSE(parse_answer(std::span(*sample).first(size), sample_id)) << size;
    }
  }
}

TEST(Stun, APrefixWhoseHeaderAgreesHasTheAddressOrNothing) {
  for (std::size_t size = header_size; size < ipv4_sample.size(); ++size) {
    bytes cut(ipv4_sample.begin(), ipv4_sample.begin() + static_cast<std::ptrdiff_t>(size));
    cut[3] = static_cast<std::uint8_t>(size - header_size);
    const auto read = parse_answer(cut, sample_id);
    // Whole attributes: as far as the address, the integrity, and the fingerprint.
    EXPECT_EQ(read.has_value(), size == 48 || size == 72) << size;
    if (!read) continue;
    EXPECT_EQ(read->seen_as(), at("192.0.2.1:32853")) << size;
  }
}

TEST(Stun, AnyChangedBitBreaksTheFingerprint) {
  const std::size_t type_of_fingerprint = ipv4_sample.size() - 8;
  for (std::size_t i = 0; i < ipv4_sample.size(); ++i) {
    // Another type is no fingerprint at all.
    if (i == type_of_fingerprint || i == type_of_fingerprint + 1) continue;
    bytes changed = ipv4_sample;
    changed[i] ^= 0x40;
    EXPECT_FALSE(parse_answer(changed, sample_id)) << i;
  }
}

TEST(Stun, RequestsAreAsTheRfcsWriteThem) {
  EXPECT_EQ(encode({sample_id}), message("0001", ""));
  EXPECT_EQ(encode({sample_id, change::address_and_port}), message("0001", "0003000400000006"));
  EXPECT_EQ(encode({sample_id, change::port}), message("0001", "0003000400000002"));
  EXPECT_EQ(encode({sample_id, change::none, 0xcafe}), message("0001", "00270002cafe0000"));
  EXPECT_EQ(encode({sample_id, change::address, 1}), message("0001",
                                                             "0003000400000004"
                                                             "0027000200010000"));
}

TEST(Stun, ReadsWhatRfc5780Adds) {
  const auto read = parse_answer(
      success(xor_mapped + "802b000800010d960a000001" + "802c000800010d970a000002"), sample_id);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->origin, at("10.0.0.1:3478"));
  EXPECT_EQ(read->other, at("10.0.0.2:3479"));
}

TEST(Stun, OldServers) {
  // RFC 3489 alone: MAPPED-, SOURCE- and CHANGED-ADDRESS, all to be understood.
  const auto old = parse_answer(
      success(mapped + "0004000800010d960a000001" + "0005000800010d970a000002"), sample_id);
  ASSERT_TRUE(old) << to_string(old.error().reason);
  EXPECT_EQ(old->seen_as(), at("192.0.2.1:32853"));
  EXPECT_FALSE(old->xor_mapped);
  EXPECT_EQ(old->origin, at("10.0.0.1:3478"));
  EXPECT_EQ(old->other, at("10.0.0.2:3479"));
  // The drafts' number for XOR-MAPPED-ADDRESS.
  const auto draft = parse_answer(success("802000080001a147e112a643"), sample_id);
  ASSERT_TRUE(draft) << to_string(draft.error().reason);
  EXPECT_EQ(draft->xor_mapped, at("192.0.2.1:32853"));
}

TEST(Stun, NewNumbersWinOverOldOnes) {
  const auto read = parse_answer(success(xor_mapped + "802000080001000000000000" +
                                         "0005000800010001"
                                         "01010101" +
                                         "802c00080001000202020202"),
                                 sample_id);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->seen_as(), at("192.0.2.1:32853"));
  EXPECT_EQ(read->other, at("2.2.2.2:2"));
}

TEST(Stun, BothAddressesAreKeptSoThatTheyCanBeCompared) {
  const auto read = parse_answer(success("0001000800018055c0000299" + xor_mapped), sample_id);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->mapped, at("192.0.2.153:32853"));
  EXPECT_EQ(read->xor_mapped, at("192.0.2.1:32853"));
  EXPECT_EQ(read->seen_as(), read->xor_mapped);
}

TEST(Stun, OfSeveralOfAKindTheFirstCounts) {
  const auto read = parse_answer(success(mapped + "0001000800010001"
                                                  "01010101"),
                                 sample_id);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->mapped, at("192.0.2.1:32853"));
}

TEST(Stun, BehindTheIntegrityNothingCounts) {
  const std::string integrity = "00080014" + std::string(40, '0');
  EXPECT_FALSE(parse_answer(success(integrity + mapped), sample_id));
  EXPECT_TRUE(parse_answer(success(mapped + integrity), sample_id));
}

TEST(Stun, ErrorsCarryCodeAndWords) {
  struct row {
    const char* attribute;
    unsigned code;
    const char* text;
  };
  const row rows[]{{"0009000900000414"
                    "6261642121000000",
                    420, "bad!!"},
                   {"00090004"
                    "00000500",
                    500, ""},
                   {"00090004"
                    "00000663",
                    699, ""},
                   {"00090004"
                    "0000fb01",
                    301, ""}};  // reserved bits are to be ignored
  for (const row& wanted : rows) {
    const auto read = parse_answer(error(wanted.attribute), sample_id);
    ASSERT_TRUE(read) << wanted.code << ": " << to_string(read.error().reason);
    EXPECT_FALSE(read->success);
    EXPECT_EQ(read->error, wanted.code);
    EXPECT_EQ(read->error_text, wanted.text);
  }
}

TEST(Stun, AnErrorNamesWhatWasNotUnderstood) {
  const auto read = parse_answer(error("0009000400000414"
                                       "000a000200030000"),
                                 sample_id);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->error, 420U);
}

struct fault_row {
  bytes message;
  const char* words;
};

TEST(Stun, SaysWhatIsWrong) {
  bytes no_cookie = success(mapped);
  no_cookie[4] = 0;
  bytes other_id = success(mapped);
  other_id[19] ^= 1;
  bytes longer = success(mapped);
  longer.push_back(0);
  bytes unaligned = success(mapped);
  unaligned.resize(unaligned.size() + 2);
  unaligned[3] += 2;
  const fault_row rows[]{
      {{}, "0 bytes"},
      {no_cookie, "cookie"},
      {other_id, "another request"},
      {longer, "33 bytes, but its header says 32"},
      {unaligned, "but its header says"},
      {message("0001", ""), "0x0001 is not an answer"},
      {message("0011", ""), "0x0011 is not an answer"},
      {message("0103", mapped), "0x0103 is not an answer"},
      {success(""), "no address"},
      {success("8022000161000000"), "no address"},
      {error(""), "without a code"},
      {error("0009000400000200"), "does not define"},
      {error("0009000400000364"), "does not define"},
      {error("0009000200000000"), "does not define"},
      {success(mapped + "00ff0000"), "the unknown attribute 0x00ff"},
      {success(mapped + "7fff0000"), "the unknown attribute 0x7fff"},
      {success(mapped + "00210000"), "the unknown attribute 0x0021"},
      {success(mapped + "80ff00ff"), "longer than the message"},
      {success(mapped + "8028000400000000"), "fingerprint"},
      {success(mapped + "8028000000000000"), "fingerprint"},
      {success("00010004"
               "00018055"),
       "0x0001 contains no address"},
      {success("0001000800038055c0000201"), "0x0001 contains no address"},
      {success("0001000800028055c0000201"), "0x0001 contains no address"},
      {success("00200000"), "0x0020 contains no address"},
  };
  for (const fault_row& row : rows) {
    const auto read = parse_answer(row.message, sample_id);
    ASSERT_FALSE(read) << row.words;
    EXPECT_THAT(to_string(read.error().reason), HasSubstr(row.words));
  }
}

TEST(Stun, WhatMayBeSkippedIsSkipped) {
  // An unknown optional attribute with a length that needs padding, PADDING, an address that is
  // none where it is not needed.
  for (const char* surplus : {"80ff000161000000", "0026000400000000", "802c000400000000"}) {
    const auto read = parse_answer(success(surplus + mapped), sample_id);
    ASSERT_TRUE(read) << surplus << ": " << to_string(read.error().reason);
    EXPECT_EQ(read->seen_as(), at("192.0.2.1:32853"));
    EXPECT_FALSE(read->other);
  }
}

TEST(Stun, AStreamTellsWhereItsMessageEnds) {
  bytes stream = ipv4_sample;
  stream.push_back(1);
  for (std::size_t size = 0; size < stream.size(); ++size) {
    const auto length = length_of(std::span(stream).first(size));
    ASSERT_TRUE(length) << size;
    EXPECT_EQ(*length, size < header_size ? std::nullopt : std::optional(ipv4_sample.size()));
  }
}

TEST(Stun, AStreamOfSomethingElse) {
  const std::string web = "HTTP/1.1 400 Bad Request\r\n";
  EXPECT_FALSE(length_of(bytes(web.begin(), web.end())));
  bytes huge = success("");
  huge[2] = 0x07;
  huge[3] = 0xec;
  EXPECT_TRUE(length_of(huge)) << "2048 bytes";
  huge[3] = 0xf0;
  EXPECT_FALSE(length_of(huge)) << "2052 bytes";
  huge[3] = 0xed;
  EXPECT_FALSE(length_of(huge)) << "no multiple of four";
}

}  // namespace stun_test
}  // namespace natcheck::stun
