#include <gtest/gtest.h>

#include <natcheck/endpoint.hpp>

namespace natcheck {
namespace endpoint_test {

using boost::asio::ip::make_address;

struct scope_row {
  const char* text;
  address_scope scope;
};

class Scope : public testing::TestWithParam<scope_row> {};

TEST_P(Scope, OfAddress) {
  EXPECT_EQ(scope_of(make_address(GetParam().text)), GetParam().scope) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Edges, Scope,
                         testing::Values(scope_row{"0.0.0.0", address_scope::unspecified},
                                         scope_row{"9.255.255.255", address_scope::global},
                                         scope_row{"10.0.0.0", address_scope::private_use},
                                         scope_row{"10.255.255.255", address_scope::private_use},
                                         scope_row{"11.0.0.0", address_scope::global},
                                         scope_row{"100.63.255.255", address_scope::global},
                                         scope_row{"100.64.0.0", address_scope::shared},
                                         scope_row{"100.127.255.255", address_scope::shared},
                                         scope_row{"100.128.0.0", address_scope::global},
                                         scope_row{"127.0.0.1", address_scope::loopback},
                                         scope_row{"169.254.1.1", address_scope::link_local},
                                         scope_row{"172.15.255.255", address_scope::global},
                                         scope_row{"172.16.0.0", address_scope::private_use},
                                         scope_row{"172.31.255.255", address_scope::private_use},
                                         scope_row{"172.32.0.0", address_scope::global},
                                         scope_row{"192.0.0.2", address_scope::ds_lite},
                                         scope_row{"192.0.0.9", address_scope::reserved},
                                         scope_row{"192.0.2.1", address_scope::documentation},
                                         scope_row{"192.168.255.255", address_scope::private_use},
                                         scope_row{"192.169.0.0", address_scope::global},
                                         scope_row{"198.17.255.255", address_scope::global},
                                         scope_row{"198.18.0.1", address_scope::reserved},
                                         scope_row{"203.0.113.9", address_scope::documentation},
                                         scope_row{"224.0.0.1", address_scope::multicast},
                                         scope_row{"255.255.255.255", address_scope::reserved},
                                         scope_row{"::", address_scope::unspecified},
                                         scope_row{"::1", address_scope::loopback},
                                         scope_row{"::ffff:192.168.1.1",
                                                   address_scope::private_use},
                                         scope_row{"64:ff9b::1", address_scope::reserved},
                                         scope_row{"2001::1", address_scope::reserved},
                                         scope_row{"2001:db8::1", address_scope::documentation},
                                         scope_row{"2002:0505:0505::1", address_scope::reserved},
                                         scope_row{"2a00:1450::1", address_scope::global},
                                         scope_row{"fd00::1", address_scope::unique_local},
                                         scope_row{"fe80::1", address_scope::link_local},
                                         scope_row{"ff02::c", address_scope::multicast}));

TEST(ParseEndpoint, ReadsWhatToStringWrites) {
  for (const endpoint& value :
       {endpoint{make_address("192.0.2.1"), 80}, endpoint{make_address("2001:db8::1"), 65535}}) {
    EXPECT_EQ(parse_endpoint(to_string(value), 1), value);
  }
}

TEST(ParseEndpoint, BareAddressTakesTheDefaultPort) {
  EXPECT_EQ(parse_endpoint("192.0.2.1", 1234), (endpoint{make_address("192.0.2.1"), 1234}));
  EXPECT_EQ(parse_endpoint("2001:db8::1", 1234), (endpoint{make_address("2001:db8::1"), 1234}));
  EXPECT_EQ(parse_endpoint("[2001:db8::1]", 1234), (endpoint{make_address("2001:db8::1"), 1234}));
  using namespace std::string_view_literals;
  for (const auto text : {"192.0.2.1\0"sv, "192.0.2.1\0.9:80"sv, "192.0.2.1:80\0"sv, "\0"sv,
                          "192.0.2.1:8\0"sv, "[2001:db8::1\0]:80"sv}) {
    EXPECT_EQ(parse_endpoint(text, 1), std::nullopt) << text;
  }
}

TEST(ParseEndpoint, RefusesWhatIsNone) {
  for (const char* text : {"", ":", "host", "host:1", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536",
                           "1.2.3.4:-1", "1.2.3.4:1x", "[::1", "[::1]:", "[::1]:0", "1.2.3:4:5"}) {
    EXPECT_EQ(parse_endpoint(text, 1), std::nullopt) << text;
  }
}

TEST(SamePrefix, ComparesBits) {
  const auto a = make_address("192.168.1.10");
  EXPECT_TRUE(same_prefix(a, make_address("192.168.1.200"), 24));
  EXPECT_FALSE(same_prefix(a, make_address("192.168.1.200"), 25));
  EXPECT_FALSE(same_prefix(a, make_address("::1"), 0));
  EXPECT_TRUE(same_prefix(a, make_address("1.1.1.1"), 0));
  EXPECT_FALSE(same_prefix(a, a, 33));
}

}  // namespace endpoint_test
}  // namespace natcheck
