// Every parser against inputs that were right once, and then were mutated. The same inputs in every
// run; what must hold for any input is asserted.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "core/canonical.hpp"
#include "protocols/greeting/codec.hpp"
#include "protocols/greeting/datagram.hpp"
#include "protocols/greeting/responder.hpp"
#include "protocols/natpmp/codec.hpp"
#include "protocols/pcp/codec.hpp"
#include "protocols/ssdp/search.hpp"
#include "protocols/stun/codec.hpp"

namespace natcheck {
namespace fuzz_test {

using boost::asio::ip::make_address;

constexpr int iterations = 5000;

class mutator {
 public:
  /// A copy of `seed` with one to six of its bytes replaced, removed, doubled or cut off.
  std::string operator()(std::string text) {
    for (std::size_t count = below(6) + 1; count > 0; --count) mutate(text);
    return text;
  }

  std::size_t below(std::size_t limit) { return engine_() % limit; }

 private:
  void mutate(std::string& text) {
    // What the grammars turn on comes up more often than chance would bring it.
    static constexpr std::string_view likely = "\r\n :=/[]@%#?.0159az\x7f\xff";
    if (text.empty()) text = "H";
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text[at] = likely[below(likely.size())];
        break;
      case 2:
        text.erase(at, below(8) + 1);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), below(40)));
        break;
      case 4:
        text.insert(at, 1, likely[below(likely.size())]);
        break;
      default:
        text.resize(at);
        break;
    }
  }

  std::mt19937 engine_{20240229};
};

TEST(Fuzz, GreetingReaders) {
  mutator mutate;
  const std::string seed = greeting::encode(
      greeting::question{"session", "nonce", endpoint{make_address("2001:db8::1"), 1234}, 4096});
  int extended = 0;
  for (int i = 0; i < iterations; ++i) {
    const std::string text = mutate(seed + "payload");
    const std::size_t cut = mutate.below(text.size() + 1);
    greeting::question_reader whole;
    greeting::question_reader parts;
    whole.feed(text);
    parts.feed(std::string_view(text).substr(0, cut));
    std::string surplus(parts.surplus());
    parts.feed(std::string_view(text).substr(cut));
    surplus += parts.surplus();
    ASSERT_EQ(parts.state(), whole.state()) << text;
    ASSERT_EQ(parts.value(), whole.value()) << text;
    ASSERT_EQ(surplus, whole.surplus()) << text;
    ASSERT_TRUE(text.ends_with(surplus)) << text;
    ASSERT_TRUE(text.starts_with(whole.seen_bytes())) << text;
    if (whole.state() != greeting::reading::extended) continue;
    ++extended;
    greeting::question_reader again;
    ASSERT_EQ(again.feed(greeting::encode(whole.value())), greeting::reading::extended) << text;
    ASSERT_EQ(again.value(), whole.value()) << text;
  }
  EXPECT_GT(extended, iterations / 20) << "too few mutants get as far as the values";
}

TEST(Fuzz, GreetingDatagrams) {
  mutator mutate;
  const endpoint peer{make_address("203.0.113.7"), 51820};
  const endpoint local{make_address("198.51.100.5"), 1234};
  const std::string seed =
      greeting::encode_padded(greeting::question{"session", "nonce", local, 7, 1}, 150) + "payload";
  int answered = 0;
  for (int i = 0; i < iterations; ++i) {
    const std::string text = mutate(seed);
    greeting::responder machine({"instance", "0.1.0"});
    const auto done = machine.handle({}, {peer, local, text, true});
    ASSERT_EQ(done.answer.empty() && !text.empty(), !done.rejected.empty()) << text;
    ASSERT_EQ(done.answer.empty(), !greeting::parse_question(text)) << text;
    if (done.answer.empty()) continue;
    ++answered;
    ASSERT_LE(done.answer.size(), text.size()) << text;
    ASSERT_FALSE(greeting::parse_question(done.answer)) << text;
  }
  EXPECT_GT(answered, iterations / 20) << "too few mutants are questions at all";
}

TEST(Fuzz, NatPmp) {
  mutator mutate;
  lease::map asked;
  asked.internal_port = 1234;
  const std::string seed("\x00\x82\x00\x00\x00\x00\x03\xe8\x04\xd2\x9c\x40\x00\x00\x0e\x10", 16);
  int accepted = 0;
  for (int i = 0; i < iterations; ++i) {
    const std::string text = mutate(seed);
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const auto read = natpmp::check(bytes, asked);
    if (!read) {
      ASSERT_FALSE(read.error().reason.empty());
      continue;
    }
    ++accepted;
    ASSERT_GE(bytes.size(), 8U);
    ASSERT_EQ(bytes[0], 0);
    ASSERT_EQ(read->external.has_value(), read->result == 0);
    if (read->external) {
      ASSERT_GE(bytes.size(), 16U);
      ASSERT_EQ(bytes[4 + 4] << 8 | bytes[4 + 5], 1234) << "the internal port";
    }
  }
  EXPECT_GT(accepted, iterations / 50) << "too few mutants are answers at all";
}

TEST(Fuzz, Stun) {
  mutator mutate;
  // MAPPED-ADDRESS, OTHER-ADDRESS and SOFTWARE in an answer to transaction 0.
  const std::string seed(
      "\x01\x01\x00\x20\x21\x12\xa4\x42\0\0\0\0\0\0\0\0\0\0\0\0"
      "\x00\x01\x00\x08\x00\x01\x80\x55\xc0\x00\x02\x01"
      "\x80\x2c\x00\x08\x00\x01\x0d\x97\x0a\x00\x00\x02"
      "\x80\x22\x00\x04test",
      52);
  int accepted = 0;
  for (int i = 0; i < iterations; ++i) {
    std::string text = mutate(seed);
    // Most mutants would differ from what the header tells, and so not get to the attributes.
    if (text.size() >= stun::header_size && i % 2 == 0) {
      text.resize(text.size() / 4 * 4);
      text[2] = 0;
      text[3] = static_cast<char>(text.size() - stun::header_size);
    }
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const auto length = stun::length_of(bytes);
    const auto read = stun::parse_answer(bytes, {});
    if (!read) {
      ASSERT_FALSE(read.error().reason.empty());
      continue;
    }
    ++accepted;
    ASSERT_TRUE(length && *length == bytes.size());
    ASSERT_EQ(read->success, read->seen_as().has_value() && !read->error);
    ASSERT_LE(read->software.size() + read->error_text.size(), bytes.size());
  }
  EXPECT_GT(accepted, iterations / 50) << "too few mutants are answers at all";
}

TEST(Fuzz, Pcp) {
  mutator mutate;
  lease::map asked;
  asked.client = make_address("192.168.1.10");
  asked.internal_port = 1234;
  asked.suggested = {make_address("203.0.113.7"), 1234};
  asked.lifetime_s = 3600;
  std::vector<std::uint8_t> seed = pcp::encode(asked);
  const std::vector<std::uint8_t> option{3, 0, 0, 4, 1, 2, 3, 4};
  seed.insert(seed.end(), option.begin(), option.end());
  seed[1] |= 0x80;
  int accepted = 0;
  for (int i = 0; i < iterations; ++i) {
    const std::string text = mutate(std::string(seed.begin(), seed.end()));
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    const auto read = pcp::check(bytes, asked);
    if (!read) {
      ASSERT_FALSE(read.error().reason.empty());
      continue;
    }
    ++accepted;
    ASSERT_GE(bytes.size(), 24U);
    ASSERT_LE(bytes.size(), 1100U);
    ASSERT_EQ(bytes.size() % 4, 0U);
    ASSERT_EQ(bytes[0], 2);
    ASSERT_EQ(read->external.has_value(), read->result == 0);
    if (!read->external) continue;
    ASSERT_GE(bytes.size(), 60U);
    ASSERT_NE(read->external->port, 0);
  }
  EXPECT_GT(accepted, iterations / 50) << "too few mutants are answers at all";
}

TEST(Fuzz, Locations) {
  mutator mutate;
  const address responder = make_address("192.168.1.1");
  int accepted = 0;
  for (int i = 0; i < iterations; ++i) {
    const std::string text = mutate("http://192.168.1.1:5000/rootDesc.xml?a=b");
    const auto url = ssdp::check_location(text, responder);
    if (!url) continue;
    ++accepted;
    ASSERT_EQ(url->host, responder) << text;
    ASSERT_NE(url->port, 0) << text;
    ASSERT_TRUE(url->target.starts_with('/')) << text;
    const auto again = ssdp::check_location(ssdp::to_string(*url), responder);
    ASSERT_TRUE(again) << text;
    ASSERT_EQ(*again, *url) << text;
  }
  EXPECT_GT(accepted, iterations / 20) << "too few mutants are URLs at all";
}

TEST(Fuzz, Search) {
  mutator mutate;
  const address gateway = make_address("192.168.1.1");
  const std::string seed =
      "HTTP/1.1 200 OK\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
      "USN: uuid:1\r\nSERVER: x\r\nLOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n\r\n";
  int found = 0;
  for (int i = 0; i < iterations; ++i) {
    ssdp::search machine({gateway}, {});
    const std::string text = mutate(seed);
    machine.handle_packet({}, {gateway, 1900}, text);
    const auto event = machine.poll_event();
    if (!event) continue;
    ASSERT_FALSE(std::holds_alternative<ssdp::other_device>(*event)) << text;
    if (const auto* hit = std::get_if<ssdp::found>(&*event)) {
      ++found;
      ASSERT_EQ(hit->location.host, gateway) << text;
    } else {
      ASSERT_FALSE(std::get<ssdp::rejected>(*event).reason.empty()) << text;
    }
  }
  EXPECT_GT(found, iterations / 20) << "too few mutants are answers at all";
}

}  // namespace fuzz_test
}  // namespace natcheck
