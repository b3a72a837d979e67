#include <gtest/gtest.h>

#include <natcheck/mapping.hpp>

namespace natcheck {
namespace mapping_test {

TEST(Mapping, OnlyAPublicAddressIsGivenToOthers) {
  struct {
    const char* internal;
    const char* external;
    bool given;
  } const table[] = {
      {"192.168.1.10", "5.5.5.5", true},     {"192.168.1.10", "192.168.2.1", false},
      {"192.168.1.10", "100.64.0.1", false}, {"192.168.1.10", "0.0.0.0", false},
      {"192.168.1.10", "127.0.0.1", false},  {"192.168.1.10", "2a00::1", false},
      {"2a00::1", "2a00::1", true},          {"2a00::1", "fd00::1", false},
      {"2a00::1", "5.5.5.5", false},
  };
  for (const auto& line : table) {
    mapping entry;
    entry.internal = {boost::asio::ip::make_address(line.internal), 80};
    entry.external_port = 8080;
    EXPECT_FALSE(public_endpoint(entry));
    entry.external_address = boost::asio::ip::make_address(line.external);
    EXPECT_EQ(public_endpoint(entry).has_value(), line.given) << line.external;
    if (!line.given) continue;
    EXPECT_EQ(*public_endpoint(entry), (endpoint{*entry.external_address, 8080}));
  }
}

}  // namespace mapping_test
}  // namespace natcheck
