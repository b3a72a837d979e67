#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "protocols/greeting/datagram.hpp"
#include "protocols/greeting/responder.hpp"
#include "protocols/greeting/udp_prober.hpp"

namespace natcheck::greeting {
namespace greeting_udp_prober_test {

using boost::asio::ip::make_address;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;
using enum probe_result;

const time_point start{1000s};

endpoint at(const char* ip, std::uint16_t port) { return {make_address(ip), port}; }
const endpoint server = at("198.51.100.5", 1234);
const endpoint client = at("2001:db80:1111:2222:3333:4444:5555:6666", 65535);

/// A server and the way to it, in virtual time: what becomes of the `number`th datagram. It calls
/// `deliver` with what comes back, and after which time.
struct world {
  using deliver = std::function<void(std::chrono::milliseconds, std::string)>;
  using server_side = std::function<void(unsigned number, const std::string&, const deliver&)>;

  explicit world(server_side answering, unsigned count = 5,
                 const char* session = "8f2c1a2b3c4d5e6f")
      : machine(server, session, count), answer(std::move(answering)) {}

  /// Runs until the machine has finished, or `limit` has passed.
  std::vector<handshake_evidence> run(std::chrono::milliseconds limit = 60s) {
    while (!machine.finished(now) && now < start + limit) {
      if (machine.is_due(now)) send();
      const auto next = std::min(machine.next_timeout(), start + limit);
      if (!on_their_way.empty() && on_their_way.begin()->first <= next) {
        now = std::max(now, on_their_way.begin()->first);
        const auto bytes = on_their_way.extract(on_their_way.begin()).mapped();
        machine.handle_datagram(now, bytes);
      } else {
        now = std::max(now, next);
      }
      while (auto one = machine.poll_settled(now)) early.push_back(std::move(*one));
    }
    auto all = early;
    for (auto& one : machine.finish(now)) all.push_back(std::move(one));
    return all;
  }

  void send() {
    const auto number = static_cast<unsigned>(sent.size());
    const std::string text = std::to_string(number);
    sent.push_back(machine.next_datagram(
        now, {"nonce" + text, std::string(udp_prober::payload_size - text.size(), 'p') + text}));
    answer(number + 1, sent.back(), [&](auto delay, std::string bytes) {
      on_their_way.emplace(now + delay, std::move(bytes));
    });
  }

  udp_prober machine;
  server_side answer;
  time_point now = start;
  std::vector<std::string> sent;
  std::multimap<time_point, std::string> on_their_way;
  std::vector<handshake_evidence> early;
};

std::string natcheck_answer(const std::string& question) {
  responder machine({"a91e", "0.1.0"});
  return machine.handle(start, {client, server, question, true}).answer;
}

std::vector<probe_result> results(const std::vector<handshake_evidence>& all) {
  std::vector<probe_result> values;
  for (const auto& one : all) values.push_back(one.result);
  return values;
}

/// natcheck's server, whose answers take `delay`.
world::server_side answering_after(std::chrono::milliseconds delay) {
  return [=](unsigned, const std::string& question, const auto& deliver) {
    deliver(delay, natcheck_answer(question));
  };
}

std::string replaced(std::string text, std::string_view part, std::string_view by) {
  const auto where = text.find(part);
  return where == std::string::npos ? text : text.replace(where, part.size(), by);
}

void say_nothing(unsigned, const std::string&, const world::deliver&) {}

TEST(Questioner, AsksAtItsPaceAndEndsWithTheLastAnswer) {
  world here(answering_after(30ms));
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(reached, reached, reached, reached, reached));
  EXPECT_EQ(here.now - start, 430ms);
  for (const auto& one : all) {
    EXPECT_EQ(one.seen_as, client);
    EXPECT_EQ(one.server_version, "0.1.0") << "the question leaves room for the whole answer";
    EXPECT_EQ(one.server_instance, "a91e");
    EXPECT_EQ(one.path, translation::direct);
    EXPECT_THAT(one.echo_rtts, ElementsAre(millis(30)));
    EXPECT_EQ(one.timing.total, millis(30));
  }
}

TEST(Questioner, EachDatagramIsAnotherAndOfModerateSize) {
  world here(say_nothing);
  here.run();
  ASSERT_THAT(here.sent, SizeIs(5 + udp_prober::smaller_tries));
  for (unsigned i = 0; i < 5; ++i) {
    const auto read = parse_question(here.sent[i]);
    ASSERT_TRUE(read) << to_string(read.error().reason);
    EXPECT_EQ(read->asked.seq, i + 1);
    EXPECT_EQ(read->asked.nonce, "nonce" + std::to_string(i));
    EXPECT_EQ(read->asked.to, server);
    EXPECT_EQ(read->payload.size(), udp_prober::payload_size);
    EXPECT_LE(here.sent[i].size(), max_sent_datagram);
  }
  const auto small = parse_question(here.sent[5]);
  ASSERT_TRUE(small) << to_string(small.error().reason);
  EXPECT_EQ(small->payload.size(), udp_prober::small_payload_size);
  EXPECT_LT(here.sent[5].size(), 400U);
  EXPECT_EQ(here.sent[6], plain_question);
}

TEST(Questioner, TheRoomItLeavesIsEnoughForTheLongestAnswer) {
  udp_prober machine(at("::1", 1), std::string(16, 's'), 1);
  const std::string question =
      machine.next_datagram(start, {std::string(32, 'n'), std::string(512, 'p')});
  responder other({std::string(64, 'i'), std::string(64, 'v')});
  reply_reader read;
  read.feed(other.handle(start, {client, server, question, true}).answer);
  EXPECT_EQ(read.value().version, std::string(64, 'v'));
  EXPECT_EQ(read.value().path, translation::mapped);
}

TEST(Questioner, CountsWhatIsLost) {
  world here([](unsigned number, const std::string& question, const auto& deliver) {
    if (number != 2 && number != 5) deliver(30ms, natcheck_answer(question));
  });
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(reached, timed_out, reached, reached, timed_out));
  EXPECT_EQ(here.now - start, 400ms + 1s) << "a second after the last one";
  EXPECT_EQ(to_string(all[4].detail), "no answer in 1.0 s");
  EXPECT_THAT(results(here.early), ElementsAre(reached, timed_out, reached, reached))
      << "the second one is given up when its time is over";
}

TEST(Questioner, NothingIsAskedTwice) {
  world here([](unsigned number, const std::string& question, const auto& deliver) {
    if (number == 1) deliver(30ms, natcheck_answer(question));
  });
  here.run();
  EXPECT_THAT(here.sent, SizeIs(5));
}

TEST(Questioner, ASlowWayIsGivenTime) {
  world here([](unsigned number, const std::string& question, const auto& deliver) {
    deliver(number == 1 ? 900ms : 2500ms, natcheck_answer(question));
  });
  EXPECT_THAT(results(here.run()), Each(reached)) << "four times the slowest round trip";
  world slower(answering_after(1300ms));
  EXPECT_THAT(results(slower.run()), ElementsAre(reached, reached, reached, reached, reached));
}

TEST(Questioner, OrderAndDoublesDoNotMatter) {
  world here([](unsigned number, const std::string& question, const auto& deliver) {
    deliver(number % 2 == 0 ? 10ms : 250ms, natcheck_answer(question));
    deliver(260ms, natcheck_answer(question));
    deliver(270ms, natcheck_answer(question));
  });
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(reached, reached, reached, reached, reached));
  EXPECT_THAT(all[1].echo_rtts, ElementsAre(millis(10)));
  EXPECT_THAT(all[2].echo_rtts, ElementsAre(millis(250)));
}

TEST(Questioner, SilenceIsTheWholeSchedule) {
  world here(say_nothing);
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(timed_out, timed_out, timed_out, timed_out, timed_out));
  EXPECT_EQ(to_string(all[0].detail), "no answer to 5 datagrams and 3 smaller ones in 2.6 s");
  EXPECT_THAT(here.early, IsEmpty());
  EXPECT_EQ(here.now - start, 400ms + 1s + 200ms + 1s);
}

TEST(Questioner, ALimitThatEndsTheWaitIsNamed) {
  world here(say_nothing);
  const auto all = here.run(800ms);
  ASSERT_THAT(all, SizeIs(5));
  EXPECT_EQ(to_string(all[0].detail),
            "no answer to 5 datagrams in 0.8 s, cut short by the time limit");
}

TEST(Questioner, WhatHadNoTimeIsNotCountedAsLost) {
  world here(
      [](unsigned number, const std::string& question, const auto& deliver) {
        if (number % 2 == 1) deliver(30ms, natcheck_answer(question));
      },
      100);
  const auto all = here.run(2s);
  EXPECT_THAT(here.sent, SizeIs(20));
  // Of 20, the answers of 10 came; of those lost, the last five were sent in the last second.
  EXPECT_THAT(all, SizeIs(15));
}

TEST(Questioner, APlainServerIsFound) {
  const auto strict = [](unsigned, const std::string& question, const auto& deliver) {
    if (question == plain_question) deliver(40ms, std::string(plain_reply));
  };
  world here(strict);
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(reached_plain));
  EXPECT_THAT(to_string(all[0].detail),
              testing::HasSubstr("6 questions with data to echo got no answer, a plain one"));
  EXPECT_EQ(all[0].timing.greeting, millis(40));
  EXPECT_EQ(here.now - start, 1500ms + 40ms);
}

TEST(Questioner, LargeDatagramsThatAreLostAreTold) {
  for (const auto delay : {40ms, 250ms}) {
    world here([=](unsigned, const std::string& question, const auto& deliver) {
      if (question.size() < 400) deliver(delay, natcheck_answer(question));
    });
    const auto all = here.run();
    ASSERT_THAT(results(all), ElementsAre(timed_out));
    EXPECT_TRUE(all[0].large_lost);
    EXPECT_EQ(to_string(all[0].detail),
              "5 questions with 512 bytes to echo got no answer, one with 16 did");
    EXPECT_EQ(all[0].server_instance, "a91e");
    EXPECT_EQ(all[0].timing.greeting, millis(delay));
    EXPECT_EQ(here.now - start, 1400ms + delay);
  }
}

TEST(Questioner, OneOrTwoThatAreLostAreNotLostForTheirSize) {
  for (const unsigned count : {1U, 2U}) {
    world here(
        [](unsigned, const std::string& question, const auto& deliver) {
          if (question.size() < 400) deliver(40ms, natcheck_answer(question));
        },
        count);
    auto wanted = std::vector(count, timed_out);
    wanted.push_back(reached);
    const auto all = here.run();
    EXPECT_EQ(results(all), wanted);
    EXPECT_FALSE(all.front().large_lost);
    EXPECT_THAT(all.back().echo_rtts, ElementsAre(millis(40)));
  }
}

TEST(Questioner, ASmallEchoThatIsAlteredIsNoLossOfLargeOnes) {
  world here([](unsigned, const std::string& question, const auto& deliver) {
    if (question.size() < 400 && question != plain_question) {
      deliver(40ms, replaced(natcheck_answer(question), "ppp", "pqp"));
    }
  });
  const auto all = here.run();
  EXPECT_EQ(all[0].result, corrupted);
  EXPECT_FALSE(all[0].large_lost);
}

TEST(Questioner, APlainServerThatLooksAtTheBeginningOnlyIsFoundAtOnce) {
  world here([](unsigned, const std::string&, const auto& deliver) {
    deliver(40ms, std::string(plain_reply));
  });
  const auto all = here.run();
  EXPECT_THAT(results(all), ElementsAre(reached_plain, reached_plain, reached_plain, reached_plain,
                                        reached_plain));
  EXPECT_EQ(here.now - start, 440ms);
}

TEST(Questioner, AnAnswerThatComesDuringThePlainTriesCounts) {
  world here(answering_after(1450ms), 1);
  EXPECT_THAT(results(here.run()), ElementsAre(reached));
}

struct hostile_row {
  const char* what;
  std::function<std::string(const std::string&)> answer;
  probe_result result;
  const char* detail;
};

const hostile_row hostile_rows[] = {
    {"an echo service", [](const auto& q) { return q; }, other_service, "Hello, server! natcheck"},
    {"nothing", [](const auto&) { return std::string(); }, other_service, ""},
    {"DNS", [](const auto&) { return std::string("\0\1\x81\x82", 4); }, other_service,
     "\\x00\\x01\\x81\\x82"},
    {"another nonce", [](const auto& q) { return replaced(natcheck_answer(q), "nonce", "_nonce"); },
     other_service, "session=8f2c"},
    {"another session",
     [](const auto& q) { return replaced(natcheck_answer(q), "=8f2c", "=9f2c"); }, other_service,
     "session=9f2c"},
    {"a bit", [](const auto& q) { return replaced(natcheck_answer(q), "ppp", "pqp"); }, corrupted,
     "512 of 512 bytes came back, the first 1 of them intact"},
    {"a byte less", [](const auto& q) { return replaced(natcheck_answer(q), "ppp", "pp"); },
     corrupted, "511 of 512 bytes came back"},
    {"a byte more", [](const auto& q) { return natcheck_answer(q) + "x"; }, corrupted,
     "513 of 512 bytes came back, the first 512 of them intact"},
    {"cut", [](const auto& q) { return natcheck_answer(q).substr(0, 60); }, corrupted,
     "is incomplete"},
    {"damaged", [](const auto& q) { return replaced(natcheck_answer(q), "seen=", "seen=x"); },
     corrupted, "an invalid value of seen"},
};

TEST(Questioner, TellsOtherAnswersApart) {
  for (const auto& row : hostile_rows) {
    SCOPED_TRACE(row.what);
    world here([&](unsigned, const std::string& question, const auto& deliver) {
      deliver(30ms, row.answer(question));
    });
    const auto all = here.run();
    ASSERT_THAT(results(all),
                ElementsAre(row.result, row.result, row.result, row.result, row.result));
    EXPECT_THAT(to_string(all[0].detail), HasSubstr(row.detail));
    EXPECT_EQ(all[0].wrong_identity, std::string_view(row.what).starts_with("another"));
    EXPECT_THAT(here.sent, SizeIs(5)) << "no plain question to who speaks something else";
  }
}

TEST(Questioner, ForgedAnswersDoNotHideTheTrueOnes) {
  for (const auto& row : hostile_rows) {
    SCOPED_TRACE(row.what);
    world here([&](unsigned, const std::string& question, const auto& deliver) {
      deliver(10ms, row.answer(question));
      deliver(30ms, natcheck_answer(question));
    });
    EXPECT_THAT(results(here.run()), ElementsAre(reached, reached, reached, reached, reached));
  }
}

TEST(Questioner, ARefusalEndsItAtOnce) {
  for (const auto result : {refused, unreachable}) {
    udp_prober machine(server, "s", 5);
    machine.next_datagram(start, {"n", "p"});
    machine.handle_refusal(start + 31ms, {result, "nothing listens on that port"});
    EXPECT_TRUE(machine.finished(start + 31ms));
    EXPECT_FALSE(machine.is_due(start + 100ms));
    EXPECT_FALSE(machine.poll_settled(start + 31ms)) << "another address may still be tried";
    const auto all = machine.finish(start + 31ms);
    ASSERT_THAT(results(all), ElementsAre(result));
    EXPECT_EQ(all[0].timing.total, millis(31));
    EXPECT_FALSE(all[0].timing.greeting);
    EXPECT_EQ(to_string(all[0].detail), "nothing listens on that port");
  }
}

TEST(Questioner, ARefusalAmongAnswersIsOneOfTheOutcomes) {
  udp_prober machine(server, "s", 3);
  const auto question = machine.next_datagram(start, {"n1", "p"});
  machine.handle_datagram(start + 10ms, natcheck_answer(question));
  machine.next_datagram(start + 100ms, {"n2", "p"});
  machine.handle_refusal(start + 110ms, {refused, ""});
  EXPECT_FALSE(machine.finished(start + 110ms));
  const auto last = machine.next_datagram(start + 200ms, {"n3", "p"});
  machine.handle_datagram(start + 210ms, natcheck_answer(last));
  EXPECT_TRUE(machine.finished(start + 210ms));
  EXPECT_THAT(results(machine.finish(start + 210ms)), ElementsAre(reached, refused, reached));
}

}  // namespace greeting_udp_prober_test
}  // namespace natcheck::greeting
