#include "outside/web.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/peers.hpp"

namespace natcheck::outside {
namespace web_test {

using namespace support;
using ::testing::HasSubstr;

constexpr const char* page_ip = "127.0.0.5";

class Web : public ::testing::Test {
 protected:
  web_evidence check(const std::string& url, milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(check_web(url, {asio::ip::make_address(host_ip), ""}, deadline));
  }

  loop loop_;
};

std::string url_of(std::uint16_t port) { return fmt::format("http://{}:{}/204?x", page_ip, port); }

/// Says this, and keeps the connection open until the other side hangs up.
tcp_peer::session saying(std::string answer) {
  return [answer = std::move(answer)](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_until(socket, "\r\n\r\n");
    co_await write(socket, answer);
    co_await wait_for_goodbye(socket);
  };
}

struct answer_row {
  const char* what;
  std::string answer;
  web_result result;
  unsigned status;
  std::optional<std::string> location;
};

TEST_F(Web, AnswersAreCompared) {
  using enum web_result;
  const std::string long_url = "http://portal.lan/" + std::string(1000, 'x');
  const answer_row rows[]{
      {"the page's own", "HTTP/1.1 204 No Content\r\n\r\n", expected, 204, {}},
      {"with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", expected, 204, {}},
      {"redirect that stays open", "HTTP/1.1 302 Found\r\nLocation: http://portal.lan/\r\n\r\n",
       intercepted, 302, "http://portal.lan/"},
      {"long redirect", "HTTP/1.0 307 X\r\nLocation: " + long_url + "\r\n\r\n", intercepted, 307,
       long_url.substr(0, 256)},
      {"page", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>", intercepted, 200, {}},
      {"empty page", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", intercepted, 200, {}},
      {"huge page", "HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\nx", intercepted, 200, {}},
      {"sign in (RFC 6585)", "HTTP/1.1 511 X\r\n\r\n<html>", intercepted, 511, {}},
      {"proxy's error", "HTTP/1.1 502 Bad Gateway\r\n\r\n", intercepted, 502, {}},
  };
  for (const auto& row : rows) {
    tcp_peer peer(loop_.context(), page_ip, saying(row.answer));
    const auto seen = check(url_of(peer.port()));
    EXPECT_EQ(seen.url, url_of(peer.port()));
    EXPECT_EQ(seen.result, row.result) << row.what << ": " << to_string(seen.detail);
    EXPECT_EQ(seen.status, row.status) << row.what;
    EXPECT_EQ(seen.location, row.location) << row.what;
    EXPECT_EQ(to_string(seen.detail), "") << row.what;
    EXPECT_EQ(peer.connections(), 1) << row.what;
  }
}

struct broken_row {
  const char* what;
  std::string answer;
  const char* detail;
};

TEST_F(Web, WhatIsNoHttpFails) {
  const broken_row rows[]{
      {"another protocol", "SSH-2.0-dropbear\r\n", "the answer is not HTTP"},
      {"endless header", "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x'), "exceeds 32 KiB"},
  };
  for (const auto& row : rows) {
    tcp_peer peer(loop_.context(), page_ip, saying(row.answer));
    const auto seen = check(url_of(peer.port()));
    EXPECT_EQ(seen.result, web_result::failed) << row.what;
    EXPECT_THAT(to_string(seen.detail), HasSubstr(row.detail)) << row.what;
    EXPECT_EQ(seen.status, 0U) << row.what;
  }
}

TEST_F(Web, AsksForThePage) {
  std::string request;
  tcp_peer peer(loop_.context(), page_ip, [&](tcp::socket& socket) -> asio::awaitable<void> {
    request = co_await read_until(socket, "\r\n\r\n");
  });
  const auto seen = check(url_of(peer.port()));
  EXPECT_EQ(seen.result, web_result::failed);
  EXPECT_THAT(to_string(seen.detail), HasSubstr("closed the connection without answering"));
  EXPECT_EQ(request.substr(0, request.find('\r')), "GET /204?x HTTP/1.1");
  EXPECT_THAT(request, HasSubstr(fmt::format("Host: {}:{}\r\n", page_ip, peer.port())));
}

TEST_F(Web, RefusedConnectionFails) {
  const auto seen = check(url_of(closed_tcp_port(loop_.context(), page_ip)));
  EXPECT_EQ(seen.result, web_result::failed);
  EXPECT_THAT(to_string(seen.detail), HasSubstr("nothing listens on that port"));
}

TEST_F(Web, SilenceFailsAfterAWhile) {
  tcp_peer peer(loop_.context(), page_ip, saying(""));
  const stopwatch watch;
  const auto seen = check(url_of(peer.port()));
  EXPECT_GE(watch.elapsed(), 1400ms);
  EXPECT_EQ(seen.result, web_result::failed);
  EXPECT_THAT(to_string(seen.detail), HasSubstr("timed out after 1.5 s while waiting"));
}

TEST_F(Web, DeadlineIsNoFailure) {
  tcp_peer peer(loop_.context(), page_ip, saying(""));
  const auto seen = check(url_of(peer.port()), 200ms);
  EXPECT_EQ(seen.result, web_result::not_tried);
  EXPECT_EQ(to_string(seen.detail), "timed out before it answered");
}

TEST_F(Web, AddressOfTheOtherFamilyFails) {
  const auto seen = check("http://[::1]:9/");
  EXPECT_EQ(seen.result, web_result::failed);
  EXPECT_EQ(to_string(seen.detail), "resolving ::1: it has no IPv4 address");
}

TEST_F(Web, WrongUrlFails) {
  const auto seen = check("https://127.0.0.5/");
  EXPECT_EQ(seen.result, web_result::failed);
  EXPECT_EQ(to_string(seen.detail), "the URL is not an http URL");
}

}  // namespace web_test
}  // namespace natcheck::outside
