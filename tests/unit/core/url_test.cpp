#include "core/url.hpp"

#include <gtest/gtest.h>

namespace natcheck {
namespace url_test {

TEST(SplitUrl, InEveryShape) {
  struct {
    const char* text;
    const char* scheme;
    const char* authority;
    const char* target;
  } const table[] = {
      {"http://a", "http", "a", ""},
      {"HTTP://a/", "HTTP", "a", "/"},
      {"http://a:80?q", "http", "a:80", "?q"},
      {"http://a#f", "http", "a", "#f"},
      {"http://[2001:db8::1]:80/x?y#z", "http", "[2001:db8::1]:80", "/x?y#z"},
      {"http://me@a/b@c", "http", "me@a", "/b@c"},
      {"http://a/http://b", "http", "a", "/http://b"},
      {"http:///x", "http", "", "/x"},
      {"steam://connect/192.0.2.1:27015/p", "steam", "connect", "/192.0.2.1:27015/p"},
      {"a+b-c.1://x", "a+b-c.1", "x", ""},
      {"http://a b|{[/\xc3\xbc %", "http", "a b|{[", "/\xc3\xbc %"},
  };
  for (const auto& row : table) {
    const auto parts = split_url(row.text);
    ASSERT_TRUE(parts) << row.text;
    EXPECT_EQ(parts->scheme, row.scheme) << row.text;
    EXPECT_EQ(parts->authority, row.authority) << row.text;
    EXPECT_EQ(parts->target, row.target) << row.text;
  }
  for (const char* text : {"", "://", "://a", "a", "http:/a", "//a/b", "/x?http://a", "a b://c"}) {
    EXPECT_FALSE(split_url(text)) << text;
  }
}

TEST(SplitHost, InEveryShape) {
  struct {
    const char* authority;
    const char* host;
    const char* port;
    bool bracketed;
  } const table[] = {
      {"", "", "", false},
      {"a", "a", "", false},
      {"a:", "a", "", false},
      {"a:80", "a", "80", false},
      {"a:80:80", "a", "80:80", false},
      {":80", "", "80", false},
      {"[::1]", "::1", "", true},
      {"[::1]:", "::1", "", true},
      {"[::1]:80", "::1", "80", true},
      {"[::1", "[::1", "", false},
      {"[::1]80", "[::1]80", "", false},
      {"a]", "a]", "", false},
  };
  for (const auto& row : table) {
    const auto parts = split_host(row.authority);
    EXPECT_EQ(parts.host, row.host) << row.authority;
    EXPECT_EQ(parts.port, row.port) << row.authority;
    EXPECT_EQ(parts.bracketed, row.bracketed) << row.authority;
  }
}

}  // namespace url_test
}  // namespace natcheck
