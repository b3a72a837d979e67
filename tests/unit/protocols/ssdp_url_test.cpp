#include <fmt/format.h>
#include <gtest/gtest.h>

#include "protocols/http/url.hpp"
#include "protocols/ssdp/url.hpp"

namespace natcheck::ssdp {
namespace ssdp_url_test {

using boost::asio::ip::make_address;

struct url_row {
  const char* text;
  const char* host;
  std::uint16_t port;
  const char* target;
  const char* again;  ///< what to_string makes of it
};

TEST(HttpUrl, Parses) {
  const url_row rows[]{
      {"http://192.168.1.1:5000/rootDesc.xml", "192.168.1.1", 5000, "/rootDesc.xml",
       "http://192.168.1.1:5000/rootDesc.xml"},
      {"HTTP://192.168.1.1", "192.168.1.1", 80, "/", "http://192.168.1.1/"},
      {"http://192.168.1.1:80/a?b=c&d", "192.168.1.1", 80, "/a?b=c&d",
       "http://192.168.1.1/a?b=c&d"},
      {"http://192.168.1.1:/", "192.168.1.1", 80, "/", "http://192.168.1.1/"},
      {"http://192.168.1.1?q#f", "192.168.1.1", 80, "/?q", "http://192.168.1.1/?q"},
      {"http://192.168.1.1#f", "192.168.1.1", 80, "/", "http://192.168.1.1/"},
      {"http://192.168.1.1:65535/@:[", "192.168.1.1", 65535, "/@:[",
       "http://192.168.1.1:65535/@:["},
      {"http://192.168.001.001/", "192.168.1.1", 80, "/", "http://192.168.1.1/"},
      {"http://192.168.1.1/a b\xc3\xa9", "192.168.1.1", 80, "/a%20b%C3%A9",
       "http://192.168.1.1/a%20b%C3%A9"},
      {"http://[2001:db8::1]/x", "2001:db8::1", 80, "/x", "http://[2001:db8::1]/x"},
      {"http://[fe80::1]:49152/x", "fe80::1", 49152, "/x", "http://[fe80::1]:49152/x"},
  };
  for (const auto& row : rows) {
    const auto url = check_location(row.text, make_address(row.host));
    ASSERT_TRUE(url) << row.text << ": " << to_string(url.error().reason);
    EXPECT_EQ(url->host, make_address(row.host)) << row.text;
    EXPECT_EQ(url->port, row.port) << row.text;
    EXPECT_EQ(url->target, row.target) << row.text;
    EXPECT_EQ(to_string(*url), row.again);
    EXPECT_EQ(*check_location(row.again, url->host), *url) << "what is written is read as the same";
  }
}

struct bad_url_row {
  std::string text;
  std::string_view reason;
};

TEST(HttpUrl, RefusesWithReason) {
  const bad_url_row rows[]{
      {"", "is not an http URL"},
      {"http:/", "is not an http URL"},
      {"https://192.168.1.1/", "is not an http URL"},
      {"/rootDesc.xml", "is not an http URL"},
      {"http://", "names no host"},
      {"http:///x", "names no host"},
      {"http://:80/", "names no host"},
      {"http://192.168.1/", "has the host \"192.168.1\", which is not an IP address"},
      {"http://3232235777/", "has the host \"3232235777\", which is not an IP address"},
      {"http://0300.0250.1.1/", "has the host \"0300.0250.1.1\", which is not an IP address"},
      {"http://2001:db8::1/", "has an invalid port, \"db8::1\""},
      {"http://[192.168.1.1]/", "has an invalid host, \"192.168.1.1\""},
      {"http://[fe80::1%1]/", "has an invalid host, \"fe80::1%1\""},
      {"http://[fe80::1%25eth0]/", "has an invalid host, \"fe80::1%25eth0\""},
      {"http://[fe80::1/", "has an invalid host, \"[fe80::1\""},
      {"http://[fe80::1]80/", "has an invalid host, \"[fe80::1]80\""},
      {"http://192.168.1.1:0/", "has an invalid port, \"0\""},
      {"http://192.168.1.1:65536/", "has an invalid port, \"65536\""},
      {"http://192.168.1.1:-1/", "has an invalid port, \"-1\""},
      {"http://192.168.1.1:80:80/", "has an invalid port, \"80:80\""},
      {"http://user@192.168.1.1/", "contains a user name"},
      {"http://192.168.1.1\\@10.0.0.9/", "contains a user name"},
      {"http://192.168.1.1:80@10.0.0.9/", "contains a user name"},
      {"http://192.168.1.1/\r\nX: y", "contains a control character"},
      {"http://192.168.1.1/\x7f", "contains a control character"},
      {"http://192.168.1.1/" + std::string(http::max_url, 'x'), "is longer than 4096 bytes"},
  };
  for (const auto& row : rows) {
    const auto url = check_location(row.text, make_address("192.168.1.1"));
    ASSERT_FALSE(url) << row.text;
    EXPECT_EQ(to_string(url.error().reason), row.reason) << row.text;
  }
}

TEST(HttpUrl, MayHave4096Bytes) {
  std::string text = "http://192.168.1.1/";
  text.append(http::max_url - text.size(), 'x');
  EXPECT_TRUE(check_location(text, make_address("192.168.1.1")));
  EXPECT_FALSE(check_location(text + 'x', make_address("192.168.1.1")));
}

TEST(CheckLocation, OnlyOnTheResponder) {
  const auto gateway = make_address("192.168.1.1");
  EXPECT_TRUE(check_location("http://192.168.1.1:5000/", gateway));
  const auto foreign = check_location("http://10.0.0.9:5000/", gateway);
  ASSERT_FALSE(foreign);
  EXPECT_EQ(to_string(foreign.error().reason), "names another host, 10.0.0.9");
  EXPECT_EQ(to_string(check_location("ftp://192.168.1.1/", gateway).error().reason),
            "is not an http URL");
}

TEST(CheckLocation, ANameIsTheRespondersOwn) {
  const auto gateway = make_address("192.168.1.1");
  for (const char* name : {"router.lan", "fritz.box", "my_router", "localhost", "A1-b2.example"}) {
    const auto url = check_location(fmt::format("http://{}:5000/x", name), gateway);
    ASSERT_TRUE(url) << name << to_string(url.error().reason);
    EXPECT_EQ(url->host, gateway);
    EXPECT_EQ(url->name, name);
    EXPECT_EQ(to_string(*url), fmt::format("http://{}:5000/x", name));
  }
  EXPECT_EQ(to_string(*check_location("http://router.lan:80/", gateway)), "http://router.lan/");
  for (const char* text : {"http://192.168.001.001:5000/x", "http://0.0.0.0:5000/x"}) {
    const auto url = check_location(text, gateway);
    ASSERT_TRUE(url) << to_string(url.error().reason);
    EXPECT_EQ(url->host, gateway) << text;
    EXPECT_EQ(to_string(*url), "http://192.168.1.1:5000/x") << text;
    EXPECT_EQ(url->name, "");
  }
}

TEST(CheckLocation, AnAddressInDisguiseIsNoName) {
  const auto gateway = make_address("192.168.1.1");
  for (const char* host : {"10.9", "3232235777", "0x0a000009", "10.0.0.0x9", "10.0.0.256",
                           "[10.0.0.9]", "router.lan ", "a%41", "router.1"}) {
    EXPECT_FALSE(check_location(fmt::format("http://{}/", host), gateway)) << host;
  }
}

TEST(CheckLocation, TakesTheZoneOfTheResponder) {
  auto responder = boost::asio::ip::make_address_v6("fe80::1");
  responder.scope_id(3);
  const auto url = check_location("http://[fe80::1]:49152/", responder);
  ASSERT_TRUE(url) << to_string(url.error().reason);
  EXPECT_EQ(url->host, address(responder));
  EXPECT_EQ(to_string(*url), "http://[fe80::1]:49152/") << "a zone never goes out";
}

TEST(OnLink, IsLinkLocalOrOfOurSubnet) {
  const auto local = make_address("2001:db8:1:2::10");
  for (const char* near : {"fe80::1", "fe80::1%1", "2001:db8:1:2::1", "2001:db8:1:2:ffff::"}) {
    EXPECT_TRUE(on_link(make_address(near), local)) << near;
  }
  for (const char* far : {"2001:db8:1:3::1", "fd00::1", "::1", "192.168.1.1", "ff02::1"}) {
    EXPECT_FALSE(on_link(make_address(far), local)) << far;
  }
}

TEST(CheckLocation, OfANeighborLeadsNowhereElse) {
  const auto gateway = make_address("fe80::1%3");
  const auto local = make_address("2001:db8:1:2::10");
  const auto host_of = [&](const char* text) {
    const auto url = check_location(text, gateway, local);
    return url ? url->host.to_string() : to_string(url.error().reason);
  };
  EXPECT_EQ(host_of("http://[2001:db8:1:2::1]:5000/x"), "2001:db8:1:2::1");
  EXPECT_EQ(host_of("http://[fe80::2]/"), make_address("fe80::2%3").to_string())
      << "the zone is ours to know";
  EXPECT_EQ(host_of("http://[fe80::2%25eth0]/"), "has an invalid host, \"fe80::2%25eth0\"");
  EXPECT_EQ(host_of("http://[2001:db8:9::1]/"), "names a host outside this network, 2001:db8:9::1");
  EXPECT_EQ(host_of("http://router.lan/"), gateway.to_string());
  EXPECT_EQ(host_of("http://192.168.1.1/"), "names a host outside this network, 192.168.1.1");
  EXPECT_EQ(host_of("http://[::ffff:192.168.1.1]/"),
            "names a host outside this network, 192.168.1.1");
  EXPECT_EQ(host_of("http://[::1]/"), "names a host outside this network, ::1");
  EXPECT_EQ(to_string(*check_location("http://[fe80::2]:81/", gateway, local)),
            "http://[fe80::2]:81/")
      << "no zone in the Host header";
}

}  // namespace ssdp_url_test
}  // namespace natcheck::ssdp
