#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "protocols/http/response_reader.hpp"

namespace natcheck::http {
namespace http_response_test {

using ::testing::HasSubstr;

constexpr response_bounds bounds{2048, 2048};

struct outcome {
  std::optional<parsed<response>> answer;
  bool ended_by_itself = false;  ///< before the connection did
};

/// Feeds `text` in pieces of `size` bytes, and then the end.
outcome read(std::string_view text, std::size_t size = 1, response_bounds within = bounds) {
  response_reader reader(within);
  for (; !text.empty(); text.remove_prefix(std::min(size, text.size()))) {
    reader.feed(text.substr(0, size));
  }
  outcome seen{reader.poll(), true};
  if (seen.answer) return seen;
  reader.end();
  return {reader.poll(), false};
}

struct dialect {
  const char* what;
  std::string text;
  unsigned status = 200;
  std::string body = "<r>hello</r>";
  bool ends_by_itself = true;
};

const std::string xml = "<r>hello</r>";
const std::string plain = "hello";

std::vector<dialect> dialects() {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string chunks = ok + "Transfer-Encoding: chunked\r\n";
  const std::string chunked = "5\r\n<r>he\r\n7\r\nllo</r>\r\n0\r\n\r\n";
  return {
      {"as the standard has it", ok + "Content-Length: 12\r\n\r\n" + xml},
      {"LF only", "HTTP/1.1 200 OK\nContent-Length: 12\n\n" + xml},
      {"LF and CRLF", "HTTP/1.1 200 OK\nContent-Length: 12\r\n\n" + xml},
      {"no reason", "HTTP/1.1 200\r\n\r\n" + xml},
      {"no reason and a blank", "HTTP/1.1 200 \r\n\r\n" + xml},
      {"reason at the status", "HTTP/1.1 200OK\r\n\r\n" + xml},
      {"lower case", "http/1.1 200 ok\r\n\r\n" + xml},
      {"no version", "HTTP 200 OK\r\n\r\n" + xml},
      {"no protocol", "ICY 200 OK\r\n\r\n" + xml},
      {"blanks before the status", "HTTP/1.0 \t 200 OK\r\n\r\n" + xml},
      {"empty lines first", "\r\n\n\r\n" + ok + "\r\n" + xml},
      {"interim answers",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nContent-Length: 3\r\n"
       "Transfer-Encoding: chunked\r\n\r\n" +
           ok + "\r\n" + xml},
      {"headers that are none", ok + "nonsense\r\n: no name\r\nA b: c\r\n\r\n" + xml},
      {"blanks before the colon", ok + "Content-Length \t: 5\r\n\r\nhello world", 200, plain},
      {"blanks around the length", ok + "Content-Length:  \t5 \t\r\n\r\nhello world", 200, plain},
      {"capitals", ok + "CONTENT-LENGTH: 5\r\n\r\nhello world", 200, plain},
      {"folded", ok + "X: a\r\n b\r\nContent-Length:\r\n 5\r\n\r\nhello world", 200, plain},
      {"no headers", ok + "\r\n" + xml},
      {"length missing, no XML", ok + "\r\nhello", 200, plain, false},
      {"length empty", ok + "Content-Length:\r\n\r\nhello", 200, plain, false},
      {"length negative", ok + "Content-Length: -1\r\n\r\nhello", 200, plain, false},
      {"length 0", ok + "Content-Length: 0\r\n\r\nhello", 200, plain, false},
      {"length garbage", ok + "Content-Length: 5 bytes\r\n\r\nhello", 200, plain, false},
      {"length contradictory", ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nhello", 200,
       plain, false},
      {"length too great", ok + "Content-Length: 99999999999999999999\r\n\r\nhello", 200, plain,
       false},
      {"length beyond the limit", ok + "Content-Length: 4000000\r\n\r\nhello", 200, plain, false},
      {"length twice", ok + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello world", 200,
       plain},
      {"length too long", ok + "Content-Length: 99\r\n\r\nhello", 200, plain, false},
      {"length too long, and XML", ok + "Content-Length: 99\r\n\r\n" + xml},
      {"no body", ok + "Content-Length: 0\r\n\r\n", 200, "", false},
      {"no body may come", "HTTP/1.1 204 No Content\r\n\r\n" + xml, 204, ""},
      {"nothing but a status line", "HTTP/1.1 200 OK\r\n", 200, "", false},
      {"nothing but half of a header", ok + "Content-Le", 200, "", false},
      {"chunked", chunks + "\r\n" + chunked},
      {"chunked and a length", chunks + "Content-Length: 2\r\n\r\n" + chunked},
      {"length and chunked",
       ok + "Content-Length: 2\r\nTRANSFER-ENCODING: Chunked\r\n\r\n" + chunked},
      {"chunks with extensions", chunks + "\r\n5;a=b\r\nhello\r\n0;c\r\n\r\n", 200, plain},
      {"chunks with blanks and zeros", chunks + "\r\n 005 \r\nhello\r\n000\r\n\r\n", 200, plain},
      {"chunks with LF", chunks + "\r\n5\nhello\n0\n\n", 200, plain},
      {"chunks that touch", chunks + "\r\n2\r\nhe3\r\nllo0\r\n\r\n", 200, plain},
      {"no last chunk", chunks + "\r\n5\r\nhello\r\n", 200, plain, false},
      {"no last chunk, and XML", chunks + "\r\nC\r\n" + xml},
      {"a chunk that is cut off", chunks + "\r\n50\r\nhello", 200, plain, false},
      {"no chunks, XML", ok + "Transfer-Encoding: identity\r\n\r\n" + xml},
      {"another status", "HTTP/1.1 500 Internal Server Error\r\n\r\n" + xml, 500},
      {"switching protocols", "HTTP/1.1 101 Switching\r\nContent-Length: 5\r\n\r\nhello", 101,
       plain},
  };
}

TEST(HttpResponse, IsReadInEveryDialectHoweverItIsTorn) {
  for (const dialect& row : dialects()) {
    for (std::size_t size = 1; size <= row.text.size(); ++size) {
      const auto seen = read(row.text, size);
      ASSERT_TRUE(seen.answer && *seen.answer) << row.what << ", pieces of " << size;
      EXPECT_EQ((*seen.answer)->status, row.status) << row.what;
      EXPECT_EQ((*seen.answer)->body, row.body) << row.what << ", pieces of " << size;
      EXPECT_EQ(seen.ended_by_itself, row.ends_by_itself) << row.what;
    }
  }
}

TEST(HttpResponse, CutAnywhereItIsAPieceOfTheSameOrNone) {
  for (const dialect& row : dialects()) {
    for (std::size_t size = 0; size < row.text.size(); ++size) {
      const auto seen = read(row.text.substr(0, size), 7);
      ASSERT_TRUE(seen.answer) << row.what;
      if (!*seen.answer) continue;
      EXPECT_EQ((*seen.answer)->status, row.status) << row.what << " at " << size;
      EXPECT_THAT(row.body, HasSubstr((*seen.answer)->body)) << row.what << " at " << size;
    }
  }
}

TEST(HttpResponse, WhatIsNone) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  const std::string too_long = "exceeds 2 KiB";
  std::string interim;
  for (int i = 0; i < 10'000; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  std::string endless_chunks = ok + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 2000; ++i) endless_chunks += "1\r\nx\r\n";
  struct {
    std::string text;
    std::string why;
  } const table[] = {
      {"", "closed the connection without answering"},
      {"\r\n\r\n", "closed the connection without answering"},
      {"HTTP", "not HTTP"},
      {"HTTP/1.1 20", "not HTTP"},
      {"HTTP/1.1 OK\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 99 Low\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 1000 High\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 -200 OK\r\n\r\n", "not HTTP"},
      {"HTTP/1.1 99999999999 OK\r\n\r\n", "not HTTP"},
      {"SSH-2.0-dropbear\r\n", "not HTTP"},
      {"<html/>", "not HTTP"},
      {"HTTP/1.1 100 Continue\r\n\r\n", "closed the connection without answering"},
      {ok + "X: " + std::string(4000, 'x'), too_long},
      {ok + "\r\n" + std::string(4000, 'x'), too_long},
      {interim, too_long},
      {std::string(4000, '\n'), too_long},
      {endless_chunks, too_long},
      {ok + "Transfer-Encoding: chunked\r\n\r\n" + std::string(4000, '\n'), too_long},
      {ok + "Transfer-Encoding: chunked\r\n\r\n" + std::string(4000, '0'), too_long},
      {ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n" + std::string(4000, 'x'),
       too_long},
      {ok + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\nx", "no size"},
      {ok + "Transfer-Encoding: chunked\r\n\r\n-5\r\nhello", "no size"},
      {ok + "Transfer-Encoding: chunked\r\n\r\nhello\r\n", "no size"},
  };
  for (const auto& row : table) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}, row.text.size() + 1}) {
      const auto seen = read(row.text, size);
      ASSERT_TRUE(seen.answer);
      ASSERT_FALSE(*seen.answer) << row.text.substr(0, 40);
      EXPECT_THAT(to_string(seen.answer->error().reason), HasSubstr(row.why))
          << row.text.substr(0, 40);
    }
  }
}

TEST(HttpResponse, TheHeaderMayBeEnough) {
  const auto seen =
      read("HTTP/1.1 302 Found\r\nLocation : http://a/b\r\n ?c\r\n\r\nendless", 3, {2048, 0});
  ASSERT_TRUE(seen.answer && *seen.answer);
  EXPECT_TRUE(seen.ended_by_itself);
  EXPECT_EQ((*seen.answer)->status, 302U);
  EXPECT_EQ((*seen.answer)->location, "http://a/b?c");
  EXPECT_EQ((*seen.answer)->body, "");
}

TEST(HttpResponse, TellsWhenNothingMoreMayCome) {
  struct {
    std::string text;
    bool may_be_all;
  } const table[] = {
      {"", false},
      {"HTTP/1.1 200 OK\r\n", false},
      {"HTTP/1.1 200 OK\r\n\r\n", false},  // and the body takes its time
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true},
      {"HTTP/1.1 200 OK\r\n\r\n<a>", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<a>", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n<", false},
  };
  for (const auto& row : table) {
    response_reader reader(bounds);
    EXPECT_FALSE(reader.began());
    reader.feed(row.text);
    EXPECT_EQ(reader.may_be_all(), row.may_be_all) << row.text;
    EXPECT_EQ(reader.began(), !row.text.empty());
  }
}

TEST(HttpResponse, MutatedItEndsWithinItsBounds) {
  std::mt19937 engine(20'260'727);  // NOLINT: the same inputs in every run
  const auto below = [&](std::size_t limit) { return engine() % limit; };
  static constexpr std::string_view likely = "\r\n :;/0159aFhHx<>-\xff";
  const auto seeds = dialects();
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seeds[below(seeds.size())].text;
    for (auto count = below(4) + 1; count > 0; --count) {
      const auto at = below(text.size());
      text[at] = likely[below(likely.size())];
      if (below(3) == 0) text.insert(at, text.substr(below(text.size()), below(30)));
    }
    const auto whole = read(text, text.size());
    const auto torn = read(text, below(9) + 1);
    ASSERT_TRUE(whole.answer && torn.answer) << text;
    ASSERT_EQ(whole.answer->has_value(), torn.answer->has_value()) << text;
    if (!*whole.answer) continue;
    EXPECT_EQ((*whole.answer)->status, (*torn.answer)->status) << text;
    EXPECT_LE((*whole.answer)->body.size(), bounds.body);
  }
}

TEST(XmlEnd, IsTheRootsOwn) {
  struct {
    std::string document;
    bool ends;
  } const table[] = {
      {"<a></a>", true},
      {"<a/>", true},
      {"<a b='c' />", true},
      {" \r\n<?xml version=\"1.0\"?>\n<!-- <a></a> -->\n<!DOCTYPE a>\n<s:a x='1'><b></s:a >", true},
      {"\xef\xbb\xbf<a><b></a>", true},
      {"<a><a1></a1>", false},
      {"<a></b>", false},
      {"<a></a", false},
      {"<a>", false},
      {"<", false},
      {"<>", false},
      {"", false},
      {"text <a></a>", false},
      {"<!-- <a></a>", false},
      {"<a " + std::string(9000, 'x') + "></a>", false},  // longer than anybody's tag
  };
  for (const auto& row : table) {
    xml_end finder;
    for (std::size_t size = 0; size < row.document.size(); ++size) {
      EXPECT_FALSE(finder.reached(row.document.substr(0, size))) << row.document;
    }
    EXPECT_EQ(finder.reached(row.document), row.ends) << row.document;
  }
}

}  // namespace http_response_test
}  // namespace natcheck::http
