#include "outside/nat64.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/address_v6.hpp>

#include "net/resolver.hpp"

namespace natcheck::outside {
namespace {

using v6_bytes = boost::asio::ip::address_v6::bytes_type;

/// Where a prefix of each length has the IPv4 address behind it: RFC 6052 section 2.2. Bits 64 to
/// 71 belong to neither.
struct layout {
  unsigned length;
  std::array<std::size_t, 4> ipv4;
};
constexpr std::array<layout, 6> layouts{{
    {32, {4, 5, 6, 7}},
    {40, {5, 6, 7, 9}},
    {48, {6, 7, 9, 10}},
    {56, {7, 9, 10, 11}},
    {64, {9, 10, 11, 12}},
    {96, {12, 13, 14, 15}},
}};
constexpr std::size_t reserved_byte = 8;

/// 192.0.0.170 or 192.0.0.171, the addresses of ipv4only.arpa (RFC 7050 section 8.2).
bool holds_well_known(const v6_bytes& bytes, const layout& where) {
  const auto byte = [&](std::size_t i) { return bytes[where.ipv4[i]]; };
  return byte(0) == 192 && byte(1) == 0 && byte(2) == 0 && (byte(3) == 170 || byte(3) == 171);
}

nat64_prefix cut(v6_bytes bytes, unsigned length) {
  std::fill(bytes.begin() + length / 8, bytes.end(), std::uint8_t{0});
  return {boost::asio::ip::address_v6(bytes), length};
}

}  // namespace

std::optional<nat64_prefix> prefix_of(const address& synthesized) {
  if (!synthesized.is_v6() || synthesized.to_v6().is_v4_mapped()) return std::nullopt;
  const auto bytes = synthesized.to_v6().to_bytes();
  if (bytes[reserved_byte] != 0) return std::nullopt;
  std::optional<nat64_prefix> found;
  for (const layout& each : layouts) {
    if (!holds_well_known(bytes, each)) continue;
    if (found) return std::nullopt;
    found = cut(bytes, each.length);
  }
  return found;
}

boost::asio::awaitable<std::optional<nat64_prefix>> find_nat64(net::steady_time deadline) {
  const auto addresses = co_await net::resolve("ipv4only.arpa", deadline);
  if (!addresses) co_return std::nullopt;
  for (const address& each : *addresses) {
    if (auto prefix = prefix_of(each)) co_return prefix;
  }
  co_return std::nullopt;
}

}  // namespace natcheck::outside
