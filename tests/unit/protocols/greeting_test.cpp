#include <gtest/gtest.h>

#include "protocols/greeting/codec.hpp"

namespace natcheck::greeting {
namespace greeting_test {

using boost::asio::ip::make_address;

endpoint at(const char* ip, std::uint16_t port) { return {make_address(ip), port}; }

const std::string value_of_64(64, 'v');

// --- writing -------------------------------------------------------------------------------

TEST(GreetingEncode, WritesTheDocumentedLines) {
  EXPECT_EQ(encode(question{"s1", "n1", at("192.0.2.1", 1234), 4096}),
            "Hello, server! natcheck/1 session=s1 nonce=n1 to=192.0.2.1:1234 echo=4096\n");
  EXPECT_EQ(encode(reply{"s1", "n1", at("2001:db8::7", 51820), "i1", "0.1.0", translation::mapped}),
            "Hello, client! natcheck/1 session=s1 nonce=n1 seen=[2001:db8::7]:51820 instance=i1 "
            "version=0.1.0 path=mapped\n");
  EXPECT_EQ(encode(question{"s1", "n1", {}, 0, 4'294'967'295U}),
            "Hello, server! natcheck/1 session=s1 nonce=n1 seq=4294967295 echo=0\n");
  EXPECT_EQ(encode(reply{"s1", "n1", {}, "", "", {}, 0U}),
            "Hello, client! natcheck/1 session=s1 nonce=n1 seq=0\n");
  EXPECT_EQ(encode(reply{"", "", {}, "", "", {}, {}, proximity::network}),
            "Hello, client! natcheck/1 near=network\n");
  EXPECT_EQ(encode(reply{"", "", {}, "", "", translation::mapped, {}, proximity::gateway}),
            "Hello, client! natcheck/1 path=mapped near=gateway\n");
  EXPECT_EQ(encode(reply{"", "", {}, "", "", {}, {}, {}, 61U}),
            "Hello, client! natcheck/1 ttl=61\n");
  EXPECT_EQ(encode(question{}), "Hello, server! natcheck/1\n");
}

TEST(GreetingEncode, ExtensionIsTheLineWithoutThePlainReply) {
  const reply value{"s", "n", {}, "i", "v", translation::direct};
  EXPECT_EQ(std::string(plain_reply) + encode_extension(value), encode(value));
}

TEST(GreetingEncode, LongestLinesFit) {
  const endpoint longest = at("2001:db80:1111:2222:3333:4444:5555:6666", 65535);
  EXPECT_LE(encode(question{value_of_64, value_of_64, longest, max_echo, 4'294'967'295U}).size(),
            max_line);
  EXPECT_LE(encode(reply{value_of_64, value_of_64, longest, value_of_64, value_of_64,
                         translation::mapped, 4'294'967'295U, proximity::network, 255U})
                .size(),
            max_line);
}

TEST(GreetingEncode, EndpointsGoOutInOneForm) {
  auto zoned = boost::asio::ip::make_address_v6("fe80::1");
  zoned.scope_id(3);
  question value;
  value.to = endpoint{zoned, 1};
  EXPECT_EQ(encode(value), "Hello, server! natcheck/1 to=[fe80::1]:1\n");
  value.to = at("::ffff:192.0.2.1", 1);
  EXPECT_EQ(encode(value), "Hello, server! natcheck/1 to=192.0.2.1:1\n");
}

TEST(GreetingPath, ComparesWhatIsOnTheWire) {
  EXPECT_EQ(path_between(at("192.0.2.1", 80), at("::ffff:192.0.2.1", 80)), translation::direct);
  EXPECT_EQ(path_between(at("192.0.2.1", 80), at("192.0.2.1", 81)), translation::mapped);
  EXPECT_EQ(path_between(at("5.5.5.5", 80), at("192.168.1.10", 80)), translation::mapped);
}

std::optional<proximity> near_in(const std::string& pairs) {
  reply_reader reader;
  EXPECT_EQ(reader.feed("Hello, client! natcheck/1" + pairs + "\n"), reading::extended);
  return reader.value().near;
}

std::optional<std::uint32_t> ttl_in(const std::string& pairs) {
  reply_reader reader;
  EXPECT_EQ(reader.feed("Hello, client! natcheck/1" + pairs + "\n"), reading::extended);
  return reader.value().ttl;
}

TEST(GreetingTtl, IsAByteOrNothing) {
  EXPECT_EQ(ttl_in(" ttl=61"), 61U);
  EXPECT_EQ(ttl_in(" near=network ttl=255"), 255U);
  for (const char* other : {"", " ttl=256", " ttl=-1", " ttl=6x", " ttl=x"}) {
    EXPECT_EQ(ttl_in(other), std::nullopt) << other;
  }
}

TEST(GreetingNear, IsAWordOrNothing) {
  EXPECT_EQ(near_in(" near=network"), proximity::network);
  EXPECT_EQ(near_in(" path=direct near=gateway"), proximity::gateway);
  for (const char* other : {"", " near=next_door", " near=Network", " near=192.168.1.1"}) {
    EXPECT_EQ(near_in(other), std::nullopt) << other;
  }
}

TEST(GreetingKeys, AreLowerCaseLettersDigitsAndUnderscores) {
  for (unsigned c = 1; c < 256; ++c) {
    if (c == '=' || c == ' ' || c == '\n') continue;
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    question_reader reader;
    reader.feed("Hello, server! natcheck/1 k" + std::string(1, static_cast<char>(c)) + "=v\n");
    EXPECT_EQ(reader.state(), allowed ? reading::extended : reading::malformed) << c;
  }
}

// --- reading: what a byte stream amounts to -------------------------------------------------

struct stream_row {
  std::string bytes;
  reading state;
  std::string_view fault = "";
  std::string_view surplus = "";
};

std::vector<stream_row> streams() {
  const std::string hello(plain_question);
  const std::string ours = hello + " natcheck/1";
  return {
      {"", reading::incomplete},
      {"Hello, serve", reading::incomplete},
      {hello, reading::plain},
      {hello + "\n", reading::plain},
      {hello + "\r\n", reading::plain},
      {hello + "\n natcheck/1\n", reading::plain},
      {hello + "!", reading::plain},
      {hello + " netcheck/1 a=b\n", reading::plain},
      {hello + " natcheckers\n", reading::plain},
      {hello + " ", reading::plain_more},
      {hello + " natcheck/", reading::plain_more},
      {ours + " session=s", reading::plain_more},
      {ours + "\n", reading::extended},
      {ours + "\r\n", reading::extended},
      {hello + " natcheck/17 session=s\n", reading::extended},
      {ours + " unknown=x session=s _1=y\n", reading::extended},
      {ours + " session=a=b\n", reading::extended},
      {ours + " session=" + value_of_64 + "\n", reading::extended},
      {ours + " echo=0\n", reading::extended},
      {ours + " echo=65536\npayload\n", reading::extended, "", "payload\n"},
      {ours + "\n\n", reading::extended, "", "\n"},
      {ours + "\n" + hello, reading::extended, "", plain_question},
      {"GET / HTTP/1.1\r\n", reading::foreign},
      {"hello, server!", reading::foreign},
      {"Hello, client!", reading::foreign},
      {"Hello, serverX", reading::foreign},
      {std::string("\0", 1), reading::foreign},
      {hello + " natcheck/\n", reading::malformed, "no version number after \"natcheck/\""},
      {hello + " natcheck/x\n", reading::malformed, "no version number after \"natcheck/\""},
      {hello + " natcheck/12345\n", reading::malformed, "no version number after \"natcheck/\""},
      {ours + " \n", reading::malformed, "a trailing space"},
      {ours + "  a=b\n", reading::malformed, "an invalid key"},
      {ours + " session\n", reading::malformed, "an invalid value of session"},
      {ours + " session=\n", reading::malformed, "an invalid value of session"},
      {ours + " session=" + value_of_64 + "v\n", reading::malformed, "an invalid value of session"},
      {ours + " session=a\tb\n", reading::malformed, "an invalid value of session"},
      {ours + " session=\xc3\xa9\n", reading::malformed, "an invalid value of session"},
      {ours + " session=a\rb\n", reading::malformed, "an invalid value of session"},
      {ours + " =x\n", reading::malformed, "an invalid key"},
      {ours + " Session=x\n", reading::malformed, "an invalid key"},
      {ours + " echo=65537\n", reading::malformed, "an invalid value of echo"},
      {ours + " echo=4294967297\n", reading::malformed, "an invalid value of echo"},
      {ours + " echo=-1\n", reading::malformed, "an invalid value of echo"},
      {ours + " echo=1k\n", reading::malformed, "an invalid value of echo"},
      {ours + " seq=x\n", reading::malformed, "an invalid value of seq"},
      {ours + " to=192.0.2.1\n", reading::malformed, "an invalid value of to"},
      {ours + " to=example.org:80\n", reading::malformed, "an invalid value of to"},
      {ours + " to=192.0.2.1:0\n", reading::malformed, "an invalid value of to"},
      {ours + " to=[fe80::1%1]:80\n", reading::malformed, "an invalid value of to"},
      {ours + " a=" + std::string(600, 'b'), reading::malformed, "a line longer than 512 bytes"},
  };
}

struct outcome_of_reading {
  reading state;
  question value;
  std::string surplus;
  std::string seen;
  std::string fault;

  friend bool operator==(const outcome_of_reading&, const outcome_of_reading&) = default;
};

/// Feeds the bytes in segments that end where `cuts` says.
outcome_of_reading read(std::string_view bytes, const std::vector<std::size_t>& cuts) {
  question_reader reader;
  std::string surplus;
  std::size_t begin = 0;
  for (const std::size_t end : cuts) {
    reader.feed(bytes.substr(begin, end - begin));
    surplus += reader.surplus();
    begin = end;
  }
  reader.feed(bytes.substr(begin));
  surplus += reader.surplus();
  return {reader.state(), reader.value(), surplus, std::string(reader.seen_bytes()),
          to_string(reader.fault())};
}

TEST(GreetingReader, JudgesStreams) {
  for (const auto& row : streams()) {
    const auto seen = read(row.bytes, {});
    EXPECT_EQ(seen.state, row.state) << row.bytes;
    EXPECT_EQ(seen.fault, row.fault) << row.bytes;
    EXPECT_EQ(seen.surplus, row.surplus) << row.bytes;
    const std::size_t greeting_size = row.bytes.size() - row.surplus.size();
    EXPECT_EQ(seen.seen, row.bytes.substr(0, std::min(greeting_size, max_shown))) << row.bytes;
  }
}

TEST(GreetingReader, SegmentsDoNotMatter) {
  for (const auto& row : streams()) {
    const auto whole = read(row.bytes, {});
    std::vector<std::size_t> every;
    for (std::size_t cut = 0; cut <= row.bytes.size(); ++cut) {
      EXPECT_EQ(read(row.bytes, {cut}), whole) << row.bytes << " cut at " << cut;
      every.push_back(cut);
    }
    EXPECT_EQ(read(row.bytes, every), whole) << row.bytes << " byte by byte";
  }
}

TEST(GreetingReader, AnswersThePlainGreetingBeforeTheRest) {
  const std::string line = encode(question{"s", "n", at("192.0.2.1", 1), 7});
  question_reader reader;
  for (std::size_t size = 1; size <= line.size(); ++size) {
    const reading state = reader.feed(std::string_view(line).substr(size - 1, 1));
    const reading wanted = size < plain_question.size()    ? reading::incomplete
                           : size == plain_question.size() ? reading::plain
                           : size < line.size()            ? reading::plain_more
                                                           : reading::extended;
    EXPECT_EQ(state, wanted) << size << " bytes";
  }
}

TEST(GreetingReader, TheLineMayHave512BytesAndNoMore) {
  // Pairs with values of 64 bytes, then one that fills the line to its size.
  const auto line_of = [](std::size_t size) {
    std::string line = std::string(plain_question) + " natcheck/1";
    while (line.size() + 2 * 67 < size) line += " a=" + value_of_64;
    const std::size_t left = size - 1 - line.size();
    line += " b=" + std::string(left / 2 - 3, 'x');
    return line + " c=" + std::string(size - 1 - line.size() - 3, 'x') + '\n';
  };
  ASSERT_EQ(line_of(max_line).size(), max_line);
  question_reader fits;
  EXPECT_EQ(fits.feed(line_of(max_line)), reading::extended) << to_string(fits.fault());
  question_reader exceeds;
  EXPECT_EQ(exceeds.feed(line_of(max_line + 1)), reading::malformed);
  EXPECT_EQ(to_string(exceeds.fault()), "a line longer than 512 bytes");
}

TEST(GreetingReader, ShowsAForeignServiceAtMost64Bytes) {
  reply_reader reader;
  EXPECT_EQ(reader.feed("SSH-"), reading::foreign);
  EXPECT_EQ(reader.seen_bytes(), "SSH-");
  reader.feed(std::string(1000, 'x'));
  EXPECT_EQ(reader.seen_bytes(), "SSH-" + std::string(60, 'x'));
}

// --- reading: values -----------------------------------------------------------------------

template <class Message>
Message round_trip(const Message& value) {
  reader<Message> reader;
  EXPECT_EQ(reader.feed(encode(value)), reading::extended) << to_string(reader.fault());
  return reader.value();
}

TEST(GreetingRoundTrip, Questions) {
  for (const question& value :
       {question{}, question{"s", "n", {}, {}}, question{"s", "n", at("192.0.2.1", 1), 0},
        question{value_of_64, "!~=", at("2001:db8::1", 65535), max_echo, 0U}}) {
    EXPECT_EQ(round_trip(value), value) << encode(value);
  }
}

TEST(GreetingRoundTrip, Replies) {
  for (const reply& value :
       {reply{}, reply{"s", "n", at("192.0.2.1", 1), "i", "0.1.0", translation::direct},
        reply{"s", "n", at("::1", 9), value_of_64, "1", translation::mapped, 7U}}) {
    EXPECT_EQ(round_trip(value), value) << encode(value);
  }
}

TEST(GreetingValues, OfARepeatedKeyTheFirstCounts) {
  question_reader reader;
  reader.feed("Hello, server! natcheck/1 nonce=first echo=1 nonce=second echo=2\n");
  EXPECT_EQ(reader.value().nonce, "first");
  EXPECT_EQ(reader.value().echo, 1U);
}

TEST(GreetingValues, AnUnknownPathSaysNothing) {
  reply_reader reader;
  EXPECT_EQ(reader.feed("Hello, client! natcheck/1 path=relayed nonce=n\n"), reading::extended);
  EXPECT_EQ(reader.value().path, std::nullopt);
  EXPECT_EQ(reader.value().nonce, "n");
}

TEST(GreetingValues, ABadSeenIsNoReply) {
  reply_reader reader;
  EXPECT_EQ(reader.feed("Hello, client! natcheck/1 seen=nowhere nonce=n\n"), reading::malformed);
  EXPECT_EQ(to_string(reader.fault()), "an invalid value of seen");
  EXPECT_EQ(reader.value(), reply{}) << "nothing of a malformed line is believed";
}

}  // namespace greeting_test
}  // namespace natcheck::greeting
