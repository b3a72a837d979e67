#include "core/canonical.hpp"

#include <gtest/gtest.h>

namespace natcheck {
namespace canonical_test {

using boost::asio::ip::make_address;

TEST(Canonical, MappedAddressIsIpv4) {
  EXPECT_EQ(canonical(make_address("::ffff:192.0.2.1")), make_address("192.0.2.1"));
}

TEST(Canonical, DropsTheZone) {
  auto zoned = boost::asio::ip::make_address_v6("fe80::1");
  zoned.scope_id(7);
  EXPECT_NE(address(zoned), make_address("fe80::1"));
  EXPECT_EQ(canonical(zoned), make_address("fe80::1"));
}

TEST(Canonical, KeepsAllElse) {
  for (const char* text : {"192.0.2.1", "2001:db8::1", "::1", "::", "0.0.0.0"}) {
    EXPECT_EQ(canonical(make_address(text)), make_address(text)) << text;
  }
  EXPECT_EQ(canonical(endpoint{make_address("::ffff:192.0.2.1"), 80}),
            (endpoint{make_address("192.0.2.1"), 80}));
}

TEST(Site, IsAnIpv4AddressOrTheFirstHalfOfAnIpv6Address) {
  EXPECT_EQ(site_of(make_address("192.0.2.1")), make_address("192.0.2.1"));
  EXPECT_EQ(site_of(make_address("::ffff:192.0.2.1")), make_address("192.0.2.1"));
  EXPECT_EQ(site_of(make_address("2001:db8:1:2:3:4:5:6")), make_address("2001:db8:1:2::"));
}

}  // namespace canonical_test
}  // namespace natcheck
