#include "outside/web.hpp"

#include <gtest/gtest.h>

namespace natcheck::outside {
namespace web_test {

struct url_row {
  const char* text;
  web_url expected;
};

TEST(WebUrl, Parses) {
  const url_row rows[]{
      {"http://example.org", {"example.org", 80, "/", "example.org"}},
      {"HTTP://Example.ORG:80/generate_204", {"Example.ORG", 80, "/generate_204", "Example.ORG"}},
      {"http://example.org:8080/a?b#c", {"example.org", 8080, "/a?b", "example.org:8080"}},
      {"http://example.org?q", {"example.org", 80, "/?q", "example.org"}},
      {"http://192.0.2.7/", {"192.0.2.7", 80, "/", "192.0.2.7"}},
      {"http://[2001:db8::1]:81/", {"2001:db8::1", 81, "/", "[2001:db8::1]:81"}},
      {"http://portal_1.lan./", {"portal_1.lan.", 80, "/", "portal_1.lan."}},
  };
  for (const auto& row : rows) {
    const auto url = parse_web_url(row.text);
    ASSERT_TRUE(url) << row.text << ": " << to_string(url.error().reason);
    EXPECT_EQ(*url, row.expected) << row.text;
  }
}

struct bad_url_row {
  const char* text;
  const char* reason;
};

TEST(WebUrl, RefusesWithReason) {
  const bad_url_row rows[]{
      {"", "is not an http URL"},
      {"example.org", "is not an http URL"},
      {"https://example.org/", "is not an http URL"},
      {"http:///", "names no host"},
      {"http://user@example.org/", "contains a user name"},
      {"http://exa,mple.org/", "has an invalid host, \"exa,mple.org\""},
      {"http://[example.org]/", "has an invalid host, \"example.org\""},
      {"http://[fe80::1%1]/", "has an invalid host, \"fe80::1%1\""},
      {"http://[2001:db8::1/", "has a malformed host"},
      {"http://example.org:0/", "has an invalid port, \"0\""},
      {"http://example.org:http/", "has an invalid port, \"http\""},
      {"http://example.org/\r\n", "contains a control character"},
  };
  for (const auto& row : rows) {
    const auto url = parse_web_url(row.text);
    ASSERT_FALSE(url) << row.text;
    EXPECT_EQ(to_string(url.error().reason), row.reason) << row.text;
  }
}

}  // namespace web_test
}  // namespace natcheck::outside
