#include <gtest/gtest.h>

#include "protocols/http/url.hpp"

namespace natcheck::http {
namespace http_url_test {

struct url_row {
  const char* text;
  url expected;
  const char* header;
};

TEST(HttpUrl, Parses) {
  const url_row rows[]{
      {"http://example.org", {"example.org", 80, "/"}, "example.org"},
      {"HTTP://Example.ORG:80/generate_204", {"Example.ORG", 80, "/generate_204"}, "Example.ORG"},
      {"http://example.org:8080/a?b#c", {"example.org", 8080, "/a?b"}, "example.org:8080"},
      {"http://example.org?q", {"example.org", 80, "/?q"}, "example.org"},
      {"http://192.0.2.7/", {"192.0.2.7", 80, "/"}, "192.0.2.7"},
      {"http://[2001:db8::1]:81/", {"2001:db8::1", 81, "/"}, "[2001:db8::1]:81"},
      {"http://portal_1.lan./", {"portal_1.lan.", 80, "/"}, "portal_1.lan."},
  };
  for (const auto& row : rows) {
    const auto read = parse_url(row.text);
    ASSERT_TRUE(read) << row.text << ": " << to_string(read.error().reason);
    EXPECT_EQ(*read, row.expected) << row.text;
    EXPECT_EQ(host_header(read->host, read->port), row.header) << row.text;
  }
}

struct bad_url_row {
  const char* text;
  const char* reason;
};

TEST(HttpUrl, RefusesWithReason) {
  const bad_url_row rows[]{
      {"", "is not an http URL"},
      {"example.org", "is not an http URL"},
      {"https://example.org/", "is not an http URL"},
      {"http:///", "names no host"},
      {"http://user@example.org/", "contains a user name"},
      {"http://exa,mple.org/", "has an invalid host, \"exa,mple.org\""},
      {"http://[example.org]/", "has an invalid host, \"example.org\""},
      {"http://[fe80::1%1]/", "has an invalid host, \"fe80::1%1\""},
      {"http://[2001:db8::1/", "has an invalid host, \"[2001:db8::1\""},
      {"http://example.org:0/", "has an invalid port, \"0\""},
      {"http://example.org:http/", "has an invalid port, \"http\""},
      {"http://example.org/\r\n", "contains a control character"},
  };
  for (const auto& row : rows) {
    const auto read = parse_url(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_EQ(to_string(read.error().reason), row.reason) << row.text;
  }
}

}  // namespace http_url_test
}  // namespace natcheck::http
