#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <natcheck/visit_page.hpp>

#include "diagnosis/visitor_location.hpp"

namespace natcheck {
namespace visit_page_test {

using ::testing::HasSubstr;
using ::testing::Not;

address ip(const char* text) { return boost::asio::ip::make_address(text); }

page_facts facts(const char* seen, const char* local, const char* outside = nullptr,
                 std::optional<unsigned> ttl = {}) {
  page_facts known;
  known.seen = {ip(seen), 51820};
  known.local = {ip(local), 1234};
  if (outside != nullptr) known.outside = endpoint{ip(outside), 1234};
  known.version = "0.1.0";
  known.instance = "a91e12cd";
  known.ttl = ttl;
  known.location = judging::location_of(known);
  return known;
}

struct seat {
  const char* seen;
  const char* local;
  const char* outside;
  visitor_location where;
  std::optional<unsigned> ttl{};
};

const seat seats[] = {
    {"9.9.0.7", "192.168.1.10", "5.5.5.5", visitor_location::outside},
    {"9.9.0.7", "5.5.5.5", nullptr, visitor_location::outside},
    {"::ffff:9.9.0.7", "::ffff:192.168.1.10", "5.5.5.5", visitor_location::outside},
    {"2a00:1::7", "2a00:2::10", nullptr, visitor_location::outside},
    {"2a00:1::7", "2a00:2::10", "5.5.5.5", visitor_location::outside},
    {"9.9.0.7", "192.168.1.10", nullptr, visitor_location::perhaps},
    // The router's own external address is not public: nobody knows the one that is.
    {"9.9.0.7", "192.168.1.10", "100.64.5.2", visitor_location::perhaps},
    // The door of IPv4 says nothing of a way in by IPv6, and the Internet has none to fd00::/8.
    {"2a00:1::7", "fd00::10", "5.5.5.5", visitor_location::perhaps},
    {"127.0.0.1", "127.0.0.1", "5.5.5.5", visitor_location::same_machine},
    {"::1", "::1", nullptr, visitor_location::same_machine},
    {"::ffff:127.0.0.1", "::ffff:127.0.0.1", nullptr, visitor_location::same_machine},
    {"192.168.1.10", "192.168.1.10", "5.5.5.5", visitor_location::same_machine},
    {"2a00:2::10", "2a00:2::10", nullptr, visitor_location::same_machine},
    {"5.5.5.5", "192.168.1.10", "5.5.5.5", visitor_location::same_network},
    {"100.64.5.2", "192.168.1.10", "100.64.5.2", visitor_location::same_network},
    {"2a00:2::20", "2a00:2::10", nullptr, visitor_location::same_network},
    {"5.5.5.2", "5.5.5.1", nullptr, visitor_location::nearby},
    {"2a00:5:0:2::2", "2a00:5:0:1::1", nullptr, visitor_location::nearby},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::outside},
    // The router's second address, or a neighbour's: from 64, 128 and 255.
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::nearby, 63},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::nearby, 62},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::nearby, 127},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::nearby, 254},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::outside, 61},
    {"5.5.5.2", "192.168.1.10", "5.5.5.1", visitor_location::outside, 0},
    {"5.5.6.2", "192.168.1.10", "5.5.5.1", visitor_location::outside, 63},
    {"192.168.1.20", "192.168.1.10", "5.5.5.5", visitor_location::not_public},
    {"10.0.0.1", "5.5.5.5", nullptr, visitor_location::not_public},
    {"100.64.1.1", "192.168.1.10", "5.5.5.5", visitor_location::not_public},
    {"169.254.7.7", "169.254.1.1", nullptr, visitor_location::not_public},
    {"fe80::7", "fe80::1", nullptr, visitor_location::not_public},
    {"fd00::7", "fd00::1", nullptr, visitor_location::not_public},
    {"192.0.2.7", "192.168.1.10", "5.5.5.5", visitor_location::not_public},
};

TEST(VisitPage, KnowsWhereAVisitorStands) {
  for (const seat& row : seats) {
    EXPECT_EQ(facts(row.seen, row.local, row.outside, row.ttl).location, row.where)
        << row.seen << " at " << row.local;
  }
}

/// The text of a page, as far as it is text.
std::string unwrapped(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

TEST(VisitPage, SaysWhatThatProves) {
  for (const seat& row : seats) {
    const auto known = facts(row.seen, row.local, row.outside, row.ttl);
    const bool inside =
        row.where != visitor_location::outside && row.where != visitor_location::perhaps;
    for (const std::string& page : {to_html(known), unwrapped(to_text(known))}) {
      EXPECT_THAT(page, HasSubstr("You reached it")) << row.seen;
      EXPECT_EQ(page.find("proves nothing about access from outside") != page.npos, inside)
          << row.seen;
      const bool sends_out = page.find("turn Wi-Fi off and load again") != page.npos;
      EXPECT_EQ(sends_out, row.where != visitor_location::outside) << row.seen;
      const bool claims = page.find("this server can be reached from outside.") != page.npos ||
                          page.find("this server can probably be reached") != page.npos;
      EXPECT_EQ(claims,
                row.where == visitor_location::outside || row.where == visitor_location::perhaps);
    }
  }
}

TEST(VisitPage, AsText) {
  EXPECT_EQ(to_text(facts("9.9.0.7", "192.168.1.10", "5.5.5.5")),
            R"(You reached it.

You came from 9.9.0.7, a public address: this server can be reached from
outside.

Your address    9.9.0.7:51820
Server          natcheck 0.1.0, instance a91e12cd
)");
  EXPECT_EQ(to_text(facts("192.168.1.20", "192.168.1.10", "5.5.5.5")),
            R"(You reached it.

You are inside the same network, or something on the way hides your address:
192.168.1.20 is private (RFC 1918). This proves nothing about access from
outside. On a phone, turn Wi-Fi off and load again.

Your address    192.168.1.20:51820
Server          natcheck 0.1.0, instance a91e12cd
From outside    http://5.5.5.5:1234/
)");
}

TEST(VisitPage, TellsNobodyTheServersOwnAddress) {
  for (const char* seen : {"9.9.0.7", "192.168.1.20", "5.5.5.5"}) {
    const auto known = facts(seen, "192.168.1.10", "5.5.5.5");
    EXPECT_THAT(to_html(known), Not(HasSubstr("192.168.1.10")));
    EXPECT_THAT(to_text(known), Not(HasSubstr("192.168.1.10")));
  }
}

TEST(VisitPage, SendsNobodyToAnAddressThatIsNotPublic) {
  const auto known = facts("192.168.1.20", "192.168.1.10", "100.64.5.2");
  EXPECT_THAT(to_html(known), Not(HasSubstr("100.64.5.2")));
}

TEST(VisitPage, EscapesWhateverItShows) {
  auto known = facts("9.9.0.7", "192.168.1.10");
  known.instance = "<script>'\"&</script>";
  EXPECT_THAT(to_html(known),
              HasSubstr("instance &lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;</dd>"));
}

/// What stands between two tags of a page.
std::string content_of(const std::string& page, const std::string& tag) {
  const auto begin = page.find("<" + tag + ">") + tag.size() + 2;
  return page.substr(begin, page.find("</" + tag + ">") - begin);
}

TEST(VisitPage, IsOneSmallDocument) {
  const auto page = to_html(facts("2a00:1234:5678:9abc:def0:1234:5678:9abc", "fd00::1", "5.5.5.5"));
  EXPECT_LT(page.size() + page_policy().size() + 512, 8192U);
  EXPECT_TRUE(page.starts_with("<!doctype html>\n"));
  EXPECT_THAT(page, HasSubstr("<meta charset=\"utf-8\">"));
  EXPECT_THAT(page, HasSubstr("width=device-width"));
  EXPECT_THAT(page, HasSubstr("<noscript>"));
  EXPECT_THAT(page, HasSubstr("aria-live=\"polite\""));
  EXPECT_THAT(page, Not(HasSubstr("src=")));
  EXPECT_THAT(content_of(page, "style"), HasSubstr("prefers-color-scheme:dark"));
}

TEST(VisitPage, ItsPolicyAllowsItsOwnScriptAndStyleOnly) {
  for (const std::string tag : {"style", "script"}) {
    EXPECT_THAT(page_policy(), HasSubstr(tag + "-src 'sha256-"));
  }
  EXPECT_THAT(page_policy(), HasSubstr("default-src 'none';"));
  EXPECT_THAT(page_policy(), Not(HasSubstr("unsafe")));
  EXPECT_EQ(page_policy().find_first_of("\r\n"), std::string_view::npos);
}

}  // namespace visit_page_test
}  // namespace natcheck
