#include "outside/nat64.hpp"

#include <gtest/gtest.h>

#include <ostream>

namespace natcheck {

void PrintTo(const nat64_prefix& value, std::ostream* out) {
  *out << value.ip << "/" << value.length;
}

namespace outside {
namespace nat64_test {

using boost::asio::ip::make_address;

struct prefix_row {
  const char* synthesized;
  const char* prefix;
  unsigned length;
};

// The addresses of RFC 6052 section 2.4, with 192.0.0.170 in place of 192.0.2.33.
TEST(Nat64, FindsThePrefixOfEachLength) {
  const prefix_row rows[]{
      {"2001:db8:c000:aa::", "2001:db8::", 32},
      {"2001:db8:1c0:0:aa::", "2001:db8:100::", 40},
      {"2001:db8:122:c000:0:aa00::", "2001:db8:122::", 48},
      {"2001:db8:122:3c0:0:aa::", "2001:db8:122:300::", 56},
      {"2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344::", 64},
      {"2001:db8:122:344::192.0.0.170", "2001:db8:122:344::", 96},
      {"64:ff9b::192.0.0.170", "64:ff9b::", 96},
      {"64:ff9b::192.0.0.171", "64:ff9b::", 96},
      {"64:ff9b:1:2:c0:0:ab00:0", "64:ff9b:1:2::", 64},
      {"2001:db8:122:344:c0:0:aa12:3456", "2001:db8:122:344::", 64},
  };
  for (const auto& row : rows) {
    const auto expected = nat64_prefix{make_address(row.prefix), row.length};
    EXPECT_EQ(prefix_of(make_address(row.synthesized)), expected) << row.synthesized;
  }
}

TEST(Nat64, FindsNoneWhereThereIsNone) {
  const char* const rows[]{
      "192.0.0.170",           // the answer without a DNS64
      "::ffff:192.0.0.170",    // the same, mapped
      "64:ff9b::192.0.0.172",  // none of the two addresses
      "64:ff9b::192.0.1.170",
      "64:ff9b::192.1.0.170",
      "2001:db8::1",
      "::",
      "2001:db8:122:344:100:0:c000:aa",    // bits 64 to 71 are not zero
      "2001:db8:122:344:1c0:0:aa00:0",     // so neither at /64
      "2001:db8:c000:aa:0:0:192.0.0.170",  // at /32 and at /96
  };
  for (const auto* row : rows) {
    EXPECT_EQ(prefix_of(make_address(row)), std::nullopt) << row;
  }
}

}  // namespace nat64_test
}  // namespace outside
}  // namespace natcheck
