#include "cli/values.hpp"

#include <gtest/gtest.h>

#include "cli/targets.hpp"

namespace natcheck::cli {
namespace values_test {

using std::chrono::milliseconds;

struct time_row {
  const char* text;
  std::optional<int> ms;
};

TEST(Values, Durations) {
  const time_row rows[] = {{"30", 30'000},    {"30s", 30'000}, {"5m", 300'000},
                           {"1h", 3'600'000}, {"500ms", 500},  {"0.5", 500},
                           {"1.5m", 90'000},  {".5s", 500},    {"8760h", {}},
                           {"1ms", 1},        {"0", {}},       {"0s", {}},
                           {"0.0001", {}},    {"-1", {}},      {"+1", {}},
                           {"", {}},          {"s", {}},       {"ms", {}},
                           {"5d", {}},        {"5 m", {}},     {"1e3", {}},
                           {"inf", {}},       {"nan", {}},     {"0x10", {}},
                           {"1.2.3", {}},     {".", {}},       {"99999999999999", {}},
                           {"5M", {}},        {"1h30m", {}},   {" 5", {}}};
  for (const time_row& row : rows) {
    const auto read = read_duration(row.text);
    // A year is more than fits the table's int, and the longest time there is.
    if (std::string_view(row.text) == "8760h") {
      EXPECT_EQ(read, std::chrono::hours(8760));
      EXPECT_EQ(read_duration("8761h"), std::nullopt);
      continue;
    }
    ASSERT_EQ(read.has_value(), row.ms.has_value()) << row.text;
    if (read) {
      EXPECT_EQ(*read, milliseconds(*row.ms)) << row.text;
    }
  }
}

TEST(Values, SecondsHaveNoUnit) {
  EXPECT_EQ(read_seconds("10"), milliseconds(10'000));
  EXPECT_EQ(read_seconds("0.25"), milliseconds(250));
  for (const char* text : {"10s", "5m", "0", "", "-3", "ten"}) {
    EXPECT_EQ(read_seconds(text), std::nullopt) << text;
  }
}

TEST(Values, NumbersKeepTheirLimits) {
  EXPECT_EQ(read_number("1", 1, 1000), 1u);
  EXPECT_EQ(read_number("1000", 1, 1000), 1000u);
  for (const char* text :
       {"0", "1001", "-1", "+1", "", "1.5", "1x", "x1", " 1", "4294967297", "99999999999999999"}) {
    EXPECT_EQ(read_number(text, 1, 1000), std::nullopt) << text;
  }
}

TEST(Values, Ports) {
  EXPECT_EQ(read_port("1"), 1);
  EXPECT_EQ(read_port("65535"), 65535);
  for (const char* text : {"0", "65536", "http", ""}) EXPECT_EQ(read_port(text), std::nullopt);
}

TEST(Values, PortPairs) {
  EXPECT_EQ(read_ports("1234"), (port_pair{1234, 1234}));
  EXPECT_EQ(read_ports("80:8080"), (port_pair{80, 8080}));
  for (const char* text : {"", ":", "80:", ":80", "0:80", "80:0", "80:70000", "1:2:3", "a:b"}) {
    EXPECT_EQ(read_ports(text), std::nullopt) << text;
  }
}

TEST(Values, Gateways) {
  EXPECT_EQ(read_gateway("192.168.1.1")->to_string(), "192.168.1.1");
  EXPECT_EQ(read_gateway("127.0.0.1")->to_string(), "127.0.0.1");
  for (const char* text : {"", "0.0.0.0", "224.0.0.1", "255.255.255.255", "fe80::1", "router",
                           "192.168.1", "192.168.1.1:80", "192.168.1.256"}) {
    EXPECT_EQ(read_gateway(text), std::nullopt) << text;
  }
}

TEST(Values, Targets) {
  struct row {
    const char *text, *host;
    std::uint16_t port;
  };
  const row rows[] = {{"5.5.5.5", "5.5.5.5", 1234},
                      {"5.5.5.5:80", "5.5.5.5", 80},
                      {"home.example.org", "home.example.org", 1234},
                      {"home.example.org:65535", "home.example.org", 65535},
                      {"my_host", "my_host", 1234},
                      {"bücher.example:1", "bücher.example", 1},
                      {"2001:db8::1", "2001:db8::1", 1234},
                      {"[2001:db8::1]", "2001:db8::1", 1234},
                      {"[2001:db8::1]:80", "2001:db8::1", 80},
                      {"[fe80::1%eth0]:80", "fe80::1%eth0", 80},
                      {"::1", "::1", 1234}};
  for (const row& r : rows) {
    EXPECT_EQ(read_target(r.text, 1234), (probe_target{r.host, r.port})) << r.text;
  }
}

TEST(Values, TargetsAsTheyArePasted) {
  struct row {
    const char *text, *host;
    std::uint16_t port;
  };
  const row rows[] = {{"http://5.5.5.5:1234/", "5.5.5.5", 1234},
                      {"HTTP://5.5.5.5:1234", "5.5.5.5", 1234},
                      {"http://host/", "host", 80},
                      {"https://host/a?b#c", "host", 443},
                      {"https://[2001:db8::1]:8443/", "2001:db8::1", 8443},
                      {"http://[2001:db8::1]", "2001:db8::1", 80},
                      {"ssh://user@host:2222", "host", 2222},
                      {"steam://connect/5.5.5.5:27015", "5.5.5.5", 27015},
                      {"steam://connect/5.5.5.5:27015/secret", "5.5.5.5", 27015},
                      {"minecraft://host:25565", "host", 25565},
                      {"minecraft://host", "host", 25565},
                      {"udp://host:9000", "host", 9000},
                      {"5.5.5.5:9/udp", "5.5.5.5", 9},
                      {"http://5.5.5.5/ 4567", "5.5.5.5", 4567},
                      {"http://host 4567", "host", 4567},
                      {"http://host:4567/  4567", "host", 4567},
                      {"udp://host 9", "host", 9},
                      {"5.5.5.5\u00a080", "5.5.5.5", 80},
                      {"5.5.5.5\uff1a80", "5.5.5.5", 80},
                      {"http://host\u30004567", "host", 4567},
                      {"\u200bhost:80\ufeff", "host", 80},
                      {"stun:stun.a:19302", "stun.a", 19302},
                      {"stun:stun.a", "stun.a", 1234},
                      {"5.5.5.5 1234", "5.5.5.5", 1234},
                      {"5.5.5.5\t80", "5.5.5.5", 80},
                      {"2001:db8::1 80", "2001:db8::1", 80},
                      {"[2001:db8::1] 80", "2001:db8::1", 80},
                      {"5.5.5.5, 80", "5.5.5.5", 80},
                      {"5.5.5.5:1234/", "5.5.5.5", 1234},
                      {"5.5.5.5:1234/x", "5.5.5.5", 1234},
                      {"host/", "host", 1234},
                      {"host:80.", "host", 80},
                      {"host.", "host.", 1234},
                      {"host.:80", "host.", 80},
                      {" host:80 ", "host", 80},
                      {"host\n", "host", 1234},
                      {"\"host:80\"", "host", 80},
                      {"<http://host:80/>", "host", 80},
                      {"\u201chost:80\u201d", "host", 80},
                      {"'[2001:db8::1]:80',", "2001:db8::1", 80},
                      {"2a00:7::10:27015", "2a00:7::10", 27015},
                      {"2a00:7:0:0:0:0:0:10:4002", "2a00:7:0:0:0:0:0:10", 4002}};
  for (const row& r : rows) {
    EXPECT_EQ(read_target(r.text, 1234), (probe_target{r.host, r.port})) << r.text;
  }
}

TEST(Values, TargetsMayNameTheTransport) {
  for (const char* text : {"udp://host:9", "UDP://host:9", "udp6://[2001:db8::1]:9", "host:9/udp",
                           "[2001:db8::1]:9/udp", " host:9/UDP "}) {
    EXPECT_EQ(transport_of(text), transport::udp) << text;
  }
  for (const char* text : {"tcp://host:9", "host:9/tcp"}) {
    EXPECT_EQ(transport_of(text), transport::tcp) << text;
  }
  for (const char* text : {"host:9", "udp", "udp:9", "http://host/udp", "host:9/", ""}) {
    EXPECT_EQ(transport_of(text), std::nullopt) << text;
  }
}

TEST(Values, AnIpv6AddressThatMayEndWithAPortIsAskedBack) {
  for (const char* text : {"2a00:7::10:4002", " 2a00:7::10:4002 ", "fe80::1:2", "::1:1234"}) {
    EXPECT_EQ(read_target(text, 1234), std::nullopt) << text;
    EXPECT_TRUE(readings_of(text, 1234)) << text;
  }
  const auto both = readings_of("2a00:7::10:4002", 1234);
  EXPECT_EQ(both->with_port, (probe_target{"2a00:7::10", 4002}));
  EXPECT_EQ(both->whole, (probe_target{"2a00:7::10:4002", 1234}));
  for (const char* text : {"2a00:7::10", "2a00:7::10:f", "2a00:7::10:0010", "2a00:7::10:0",
                           "2a00:7:0:0:0:0:10:4002", "5.5.5.5:80", "host:80", "[2a00::1:2]"}) {
    EXPECT_FALSE(readings_of(text, 1234)) << text;
  }
}

TEST(Values, TargetsAsText) {
  EXPECT_EQ(to_text(probe_target{"stun.a", 3478}), "stun.a:3478");
  EXPECT_EQ(to_text(probe_target{"2001:db8::1", 80}), "[2001:db8::1]:80");
}

TEST(Values, WebPages) {
  for (const char* text : {"http://a", "http://a/", "http://10.0.0.1:80/x?y#z",
                           "http://[2001:db8::1]:80/", "http://a?x"}) {
    EXPECT_EQ(read_web_page(text), text);
  }
  const auto long_page = "http://a/" + std::string(2000, 'x');
  for (const char* text :
       {"", "http://", "http:///x", "https://a/", "ftp://a/", "a", "HTTP", "http://a b/",
        "http://a/ x", "http://a/\r\nHost: b", "http://user@a/", "http://a:0/", "http://a:http/",
        "http://\xc3\xbc/", long_page.c_str()}) {
    EXPECT_EQ(read_web_page(text), std::nullopt) << text;
  }
}

TEST(Values, NoTargets) {
  const std::string long_name(254, 'a');
  for (const char* text : {"",
                           ":",
                           ":80",
                           "host:",
                           "host:0",
                           "host:65536",
                           "host:http",
                           "a:1:2",
                           "[::1",
                           "[::1]80",
                           "[::1]:",
                           "[::1]:0",
                           "[]",
                           "[]:80",
                           "[1.2.3.4]:80",
                           "[host]:80",
                           "5.5.5.5/24",
                           "host/x",
                           "a b",
                           "-host",
                           "user@host",
                           "2001:db8::zz",
                           long_name.c_str(),
                           "host 0",
                           "host 1 2",
                           "host:80 90",
                           "1234 host",
                           "udp://host",
                           "steam://connect/host",
                           "http://",
                           "://host:80",
                           "http://host:0/",
                           "http://a b:80/",
                           "http://host:80/ 4567",
                           "http://host/ 0",
                           "http://host/a path",
                           "http://host/ 80 81",
                           "a b://host:80",
                           "\"\"",
                           "<>",
                           " "}) {
    EXPECT_EQ(read_target(text, 1234), std::nullopt) << text;
  }
}

}  // namespace values_test
}  // namespace natcheck::cli
