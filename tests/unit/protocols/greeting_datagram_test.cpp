#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "protocols/greeting/datagram.hpp"
#include "protocols/greeting/responder.hpp"

namespace natcheck::greeting {
namespace greeting_datagram_test {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

endpoint at(const char* ip, std::uint16_t port) { return {make_address(ip), port}; }

const std::string hello(plain_question);
const std::string ours = hello + " natcheck/1";

// --- questions -------------------------------------------------------------------------------

struct question_row {
  std::string datagram;
  const char* fault;  ///< nullptr: well-formed
};

const question_row question_rows[] = {
    {hello, nullptr},
    {ours + "\n", nullptr},
    {ours + "\r\n", nullptr},
    {ours + " session=s nonce=n seq=4294967295 pad=x pad=y echo=3\nabc", nullptr},
    {ours + " echo=0\n", nullptr},
    {"", "is empty"},
    {hello + "\n", "is of an unknown protocol: Hello, server!\\n"},
    {"Hello, serv", "is of an unknown protocol: Hello, serv"},
    {"Hello, client!", "is of an unknown protocol: Hello, client!"},
    {"Hello, client! natcheck/1 seq=1\n", "is of an unknown protocol: Hello, client!"},
    {"GET / HTTP/1.1\r\n", "is of an unknown protocol: GET / HTTP/1.1\\r\\n"},
    {ours, "is incomplete: its line has no end"},
    {ours + " session=s", "is incomplete: its line has no end"},
    {ours + " seq=4294967296\n", "is malformed: an invalid value of seq"},
    {ours + " seq=-1\n", "is malformed: an invalid value of seq"},
    {ours + " =\n", "is malformed: an invalid key"},
    {ours + " echo=3\nab", "has 2 bytes after its line but announces 3"},
    {ours + " echo=3\nabcd", "has 4 bytes after its line but announces 3"},
    {ours + "\nx", "has 1 bytes after its line but announces 0"},
    {ours + "\n" + ours + "\n", "has 26 bytes after its line but announces 0"},
};

TEST(GreetingDatagram, IsAQuestionOrIsNot) {
  for (const auto& row : question_rows) {
    const auto read = parse_question(row.datagram);
    EXPECT_EQ(read.has_value(), row.fault == nullptr) << row.datagram;
    if (row.fault != nullptr && !read) {
      EXPECT_THAT(to_string(read.error().reason), StartsWith(row.fault)) << row.datagram;
    }
  }
}

TEST(GreetingDatagram, EveryCutPrefixIsNoQuestionButThePlainOne) {
  const std::string whole = ours + " session=s nonce=n seq=1 echo=4\nping";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse_question(whole.substr(0, size)).has_value(), size == hello.size()) << size;
  }
  EXPECT_EQ(parse_question(whole)->payload, "ping");
  EXPECT_FALSE(parse_question(whole)->plain);
  EXPECT_TRUE(parse_question(hello)->plain);
}

TEST(GreetingDatagram, PaddingIsReadAsNothing) {
  const question value{"session", "nonce", at("2001:db8::1", 1234), 512, 7};
  const std::size_t bare = encode(value).size();
  for (std::size_t least = 0; least < 420; ++least) {
    const std::string line = encode_padded(value, least);
    EXPECT_GE(line.size(), std::max(least, bare));
    EXPECT_LE(line.size(), std::max(least + 5, bare)) << "no more than one key too many";
    question_reader reader;
    ASSERT_EQ(reader.feed(line), reading::extended) << line << to_string(reader.fault());
    EXPECT_EQ(reader.value(), value);
  }
}

TEST(GreetingDatagram, DropsKeysInOneOrder) {
  const reply all{"s", "n", at("192.0.2.1", 1), "i", "0.1.0", translation::direct, 9};
  const std::string base = "Hello, client! natcheck/1 session=s nonce=n seq=9";
  const std::string lines[] = {
      base + " seen=192.0.2.1:1 instance=i version=0.1.0 path=direct\n",
      base + " seen=192.0.2.1:1 instance=i path=direct\n",
      base + " seen=192.0.2.1:1 instance=i\n",
      base + " seen=192.0.2.1:1\n",
      base + "\n",
  };
  for (std::size_t most = 0; most < 200; ++most) {
    const auto fits = [&](const std::string& line) { return line.size() <= most; };
    const auto* wanted = std::find_if(std::begin(lines), std::end(lines) - 1, fits);
    EXPECT_EQ(encode_within(all, most), *wanted) << most;
  }
}

// --- the responder ---------------------------------------------------------------------------

const endpoint server = at("198.51.100.5", 1234);
const endpoint client = at("203.0.113.7", 51820);
const time_point start{seconds(1000)};

arrival coming(std::string_view bytes, const endpoint& from = client) {
  return {from, server, bytes, true};
}

responder a_responder() { return responder({"a91e", "0.1.0"}); }

TEST(GreetingResponder, AnEmptyDatagramIsNobodysVisit) {
  auto machine = a_responder();
  const auto told = machine.handle(start, coming(""));
  EXPECT_THAT(told.answer, IsEmpty());
  EXPECT_THAT(to_string(told.rejected), IsEmpty());
}

TEST(GreetingResponder, WhoseAnswerIsNotSentIsNotGreeted) {
  for (const auto& question : {hello, ours + " session=s nonce=n\n"}) {
    auto machine = a_responder();
    const auto lost = machine.handle(start, coming(question));
    ASSERT_TRUE(lost.greeted);
    const auto told = machine.unsent(start, coming(question), lost, "no route");
    EXPECT_FALSE(told.greeted);
    EXPECT_EQ(to_string(told.rejected), "the answer could not be sent: no route");
    const auto next = machine.handle(start, coming(question));
    EXPECT_TRUE(next.greeted) << "the first that is answered";
    EXPECT_FALSE(machine.handle(start, coming(question)).greeted);
    const auto again = machine.unsent(start, coming(question), lost, "no route");
    EXPECT_THAT(to_string(again.rejected), IsEmpty()) << "once a minute";
  }
}

TEST(GreetingResponder, AnswersThePlainQuestion) {
  auto machine = a_responder();
  const auto first = machine.handle(start, coming(hello));
  EXPECT_EQ(first.answer, plain_reply);
  ASSERT_TRUE(first.greeted);
  EXPECT_FALSE(first.greeted->session);
  EXPECT_FALSE(machine.handle(start + minutes(1), coming(hello)).greeted) << "the same visitor";
  EXPECT_TRUE(machine.handle(start, coming(hello, at("203.0.113.7", 51821))).greeted);
}

TEST(GreetingResponder, TellsTheTtlLastOfAll) {
  const auto answer_with_room = [](std::size_t pad) {
    const std::string question =
        ours + " session=8f2c nonce=51d0 pad=" + std::string(pad, '.') + "\n";
    arrival datagram = coming(question);
    datagram.ttl = 61;
    return a_responder().handle(start, datagram).answer;
  };
  const std::string keys =
      "Hello, client! natcheck/1 session=8f2c nonce=51d0 seen=203.0.113.7:51820 instance=a91e "
      "version=0.1.0";
  EXPECT_EQ(answer_with_room(53), keys + " ttl=61\n");
  EXPECT_EQ(answer_with_room(52), keys + "\n") << "the first to go";
}

TEST(GreetingResponder, AnswersAsSpecified) {
  const std::string question =
      ours +
      " session=8f2c nonce=51d0 seq=3 to=198.51.100.9:80 echo=4 pad=" + std::string(64, '.') +
      " pad=" + std::string(20, '.') + "\nping";
  auto machine = a_responder();
  const auto first = machine.handle(start, coming(question));
  EXPECT_EQ(first.answer,
            "Hello, client! natcheck/1 session=8f2c nonce=51d0 seq=3 seen=203.0.113.7:51820 "
            "instance=a91e version=0.1.0 path=mapped\nping");
  ASSERT_TRUE(first.greeted);
  EXPECT_EQ(first.greeted->session, "8f2c");
  EXPECT_EQ(first.greeted->echoed, 4U);
  EXPECT_FALSE(machine.handle(start, coming(question)).greeted) << "told once a session";
}

/// A question as strange as the rules allow, of all sizes.
std::string any_question(std::mt19937& random) {
  const auto below = [&](std::size_t limit) { return random() % limit; };
  const auto value = [&] { return std::string(below(64) + 1, 'v'); };
  std::string line = hello + " natcheck/" + std::to_string(below(10'000));
  const std::string echo(below(30), 'e');
  if (below(2) != 0) line += " session=" + value();
  if (below(2) != 0) line += " nonce=" + value();
  if (below(2) != 0) line += " seq=" + std::to_string(below(5) == 0 ? 4'294'967'295U : below(100));
  if (below(3) == 0) line += " to=198.51.100.5:1234";
  for (auto pads = below(8); pads > 0; --pads) line += " pad=" + std::string(below(40) + 1, '.');
  if (!echo.empty()) line += " echo=" + std::to_string(echo.size());
  return line + (below(4) == 0 ? "\r\n" : "\n") + echo;
}

TEST(GreetingResponder, TheAnswerIsNeverLongerAndIsNoQuestion) {
  std::mt19937 random(4);
  auto machine = responder({std::string(64, 'i'), std::string(64, 'v')});
  const auto v6 = at("2001:db80:1111:2222:3333:4444:5555:6666", 65535);
  int complete = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string question = any_question(random);
    const auto asked = parse_question(question);
    ASSERT_TRUE(asked) << question;
    const auto answer = machine.handle(start + seconds(i), coming(question, v6)).answer;
    ASSERT_FALSE(answer.empty()) << question;
    ASSERT_LE(answer.size(), question.size()) << question;
    ASSERT_FALSE(parse_question(answer)) << answer;
    reply_reader read;
    ASSERT_EQ(read.feed(answer), reading::extended) << answer;
    ASSERT_EQ(read.value().session, asked->asked.session);
    ASSERT_EQ(read.value().nonce, asked->asked.nonce);
    ASSERT_EQ(read.value().seq, asked->asked.seq);
    ASSERT_EQ(read.surplus(), asked->payload);
    if (!read.value().version.empty()) ++complete;
  }
  EXPECT_GT(complete, 100) << "some questions leave room for everything";
}

TEST(GreetingResponder, SaysNothingToWhatIsNoQuestion) {
  for (const auto& row : question_rows) {
    auto machine = a_responder();
    const auto done = machine.handle(start, coming(row.datagram));
    EXPECT_EQ(done.answer.empty(), row.fault != nullptr) << row.datagram;
    EXPECT_EQ(done.rejected.empty(), row.fault == nullptr || row.datagram.empty()) << row.datagram;
  }
  auto machine = a_responder();
  const auto cut = machine.handle(start, {client, server, hello, false});
  EXPECT_THAT(cut.answer, IsEmpty());
  EXPECT_THAT(to_string(cut.rejected), HasSubstr("longer than 2048 bytes"));
}

TEST(GreetingResponder, DoesNotAnswerWhatWouldAnswerBack) {
  auto machine = a_responder();
  for (const auto& from : {at("203.0.113.1", 0), at("203.0.113.2", 7), at("203.0.113.3", 19),
                           server, at("::ffff:198.51.100.5", 1234)}) {
    const auto done = machine.handle(start, coming(hello, from));
    EXPECT_THAT(done.answer, IsEmpty()) << to_string(from);
    EXPECT_FALSE(done.greeted);
  }
  EXPECT_EQ(machine.handle(start, coming(hello, at("203.0.113.1", 53))).answer, plain_reply);
}

TEST(GreetingResponder, AnswersASiteSoOftenASecond) {
  auto machine = a_responder();
  const auto answered = [&](time_point now, const char* format, int hosts) {
    int count = 0;
    for (int i = 0; i < 300; ++i) {
      const auto from = make_address(format + std::to_string(i % hosts + 1));
      if (!machine.handle(now, coming(hello, {from, 5000})).answer.empty()) ++count;
    }
    return count;
  };
  EXPECT_EQ(answered(start, "203.0.113.", 1), 200);
  EXPECT_EQ(answered(start, "203.0.113.", 1), 0);
  EXPECT_EQ(answered(start, "2001:db8::", 100), 200) << "a /64 is one site";
  EXPECT_EQ(answered(start, "192.0.2.", 100), 300) << "every IPv4 address is one of its own";
  EXPECT_EQ(answered(start + milliseconds(999), "203.0.113.", 1), 0);
  EXPECT_EQ(answered(start + milliseconds(1000), "203.0.113.", 1), 200);
}

endpoint sender(unsigned number) {
  return {boost::asio::ip::address_v4(0x0a000000U + number), 5000};
}

TEST(GreetingResponder, AnswersSoManyInAll) {
  auto machine = a_responder();
  unsigned answered = 0;
  for (unsigned i = 0; i < 25'000; ++i) {
    if (!machine.handle(start, coming(hello, sender(i))).answer.empty()) ++answered;
  }
  EXPECT_EQ(answered, responder::answers_in_all);
}

TEST(GreetingResponder, TellsOfASiteOnceAMinute) {
  auto machine = a_responder();
  const auto told = [&](milliseconds later, const endpoint& from) {
    return !machine.handle(start + later, coming("rubbish", from)).rejected.empty();
  };
  EXPECT_TRUE(told(seconds(0), client));
  EXPECT_FALSE(told(seconds(1), client));
  EXPECT_FALSE(told(seconds(30), {client.ip, 9}));
  EXPECT_TRUE(told(seconds(31), at("203.0.113.8", 9)));
  EXPECT_FALSE(told(milliseconds(59'999), client));
  EXPECT_TRUE(told(seconds(60), client));
}

TEST(GreetingResponder, AFloodOfRubbishIsNoFloodOfNews) {
  auto machine = a_responder();
  unsigned told = 0;
  for (unsigned i = 0; i < 5000; ++i) {
    if (!machine.handle(start, coming("rubbish", sender(i))).rejected.empty()) ++told;
  }
  EXPECT_EQ(told, responder::rejections_told);
}

TEST(GreetingResponder, ForgetsTheOldestSession) {
  auto machine = a_responder();
  const auto is_news = [&](unsigned number) {
    return machine.handle(start + seconds(number / 10'000), coming(hello, sender(number)))
        .greeted.has_value();
  };
  for (unsigned i = 0; i < responder::sessions_known; ++i) EXPECT_TRUE(is_news(i));
  EXPECT_FALSE(is_news(0));
  EXPECT_TRUE(is_news(responder::sessions_known));
  EXPECT_FALSE(is_news(1));
  EXPECT_TRUE(is_news(0)) << "it had to make room";
}

}  // namespace greeting_datagram_test
}  // namespace natcheck::greeting
