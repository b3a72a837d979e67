// One form for addresses that mean the same host.
#pragma once

#include <algorithm>
#include <natcheck/endpoint.hpp>

namespace natcheck {

/// An IPv4-mapped IPv6 address as IPv4, which is what it is on the wire, and IPv6 without a zone,
/// which has a meaning on one machine only (RFC 4007 section 6). Any other address as it is.
inline address canonical(const address& value) {
  if (value.is_v4()) return value;
  const auto v6 = value.to_v6();
  if (v6.is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6);
  }
  return boost::asio::ip::address_v6(v6.to_bytes());
}

/// Who counts as one where visitors are limited: an IPv4 address, or the first 64 bits of an IPv6
/// address, since a host picks the rest as it likes (RFC 8981).
inline address site_of(const address& value) {
  address known = canonical(value);
  if (known.is_v4()) return known;
  auto bytes = known.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
  return boost::asio::ip::address_v6(bytes);
}

inline endpoint canonical(const endpoint& value) { return {canonical(value.ip), value.port}; }

}  // namespace natcheck
