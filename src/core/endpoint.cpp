#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <natcheck/endpoint.hpp>
#include <span>

namespace natcheck {
namespace {

struct block {
  std::string_view prefix;
  unsigned length;
  address_scope scope;
};

// RFC 6890 and the IANA special-purpose registries. First match wins.
constexpr std::array ipv4_blocks{
    block{"0.0.0.0", 8, address_scope::unspecified},
    block{"10.0.0.0", 8, address_scope::private_use},
    block{"100.64.0.0", 10, address_scope::shared},
    block{"127.0.0.0", 8, address_scope::loopback},
    block{"169.254.0.0", 16, address_scope::link_local},
    block{"172.16.0.0", 12, address_scope::private_use},
    block{"192.0.0.0", 29, address_scope::ds_lite},
    block{"192.0.0.0", 24, address_scope::reserved},
    block{"192.0.2.0", 24, address_scope::documentation},
    block{"192.88.99.0", 24, address_scope::reserved},  // 6to4 relay anycast
    block{"192.168.0.0", 16, address_scope::private_use},
    block{"198.18.0.0", 15, address_scope::reserved},  // benchmarking; proxies' fake addresses
    block{"198.51.100.0", 24, address_scope::documentation},
    block{"203.0.113.0", 24, address_scope::documentation},
    block{"224.0.0.0", 4, address_scope::multicast},
    block{"240.0.0.0", 4, address_scope::reserved},
};

constexpr std::array ipv6_blocks{
    block{"::", 128, address_scope::unspecified},
    block{"::1", 128, address_scope::loopback},
    block{"2001::", 32, address_scope::reserved},     // Teredo
    block{"2001:2::", 48, address_scope::reserved},   // benchmarking
    block{"2001:20::", 28, address_scope::reserved},  // ORCHIDv2
    block{"2001:db8::", 32, address_scope::documentation},
    block{"2002::", 16, address_scope::reserved},  // 6to4
    block{"3fff::", 20, address_scope::documentation},
    block{"2000::", 3, address_scope::global},
    block{"fc00::", 7, address_scope::unique_local},
    block{"fe80::", 10, address_scope::link_local},
    block{"ff00::", 8, address_scope::multicast},
};

bool same_bits(std::span<const unsigned char> a, std::span<const unsigned char> b,
               unsigned length) {
  const unsigned whole = length / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = length % 8;
  return rest == 0 || (a[whole] >> (8 - rest)) == (b[whole] >> (8 - rest));
}

address_scope find_scope(const address& value, std::span<const block> blocks,
                         address_scope otherwise) {
  const auto match = std::find_if(blocks.begin(), blocks.end(), [&](const block& b) {
    return same_prefix(value, boost::asio::ip::make_address(b.prefix), b.length);
  });
  return match == blocks.end() ? otherwise : match->scope;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (value == 0 || value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

std::optional<address> parse_address(std::string_view text) {
  boost::system::error_code error;
  // The library reads no further than a zero byte.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const address value = boost::asio::ip::make_address(text, error);
  if (error) return std::nullopt;
  return value;
}

/// Splits "host:port" and "[v6]:port"; a bare IPv6 address has no port.
std::optional<endpoint> parse_with_port(std::string_view text, std::string_view::size_type colon) {
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto ip = parse_address(host);
  const auto port = parse_port(text.substr(colon + 1));
  if (!ip || !port) return std::nullopt;
  return endpoint{*ip, *port};
}

}  // namespace

std::string to_string(const endpoint& value) {
  const char* form = value.ip.is_v6() ? "[{}]:{}" : "{}:{}";
  return fmt::format(fmt::runtime(form), value.ip.to_string(), value.port);
}

std::optional<endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  std::string_view bare = text;
  if (bare.starts_with('[') && bare.ends_with(']')) bare = bare.substr(1, bare.size() - 2);
  if (const auto ip = parse_address(bare)) return endpoint{*ip, default_port};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const bool bracketed = text.starts_with('[');
  if (!bracketed && text.find(':') != colon) return std::nullopt;
  return parse_with_port(text, colon);
}

address_scope scope_of(const address& value) {
  if (value.is_v4()) return find_scope(value, ipv4_blocks, address_scope::global);
  const auto v6 = value.to_v6();
  if (v6.is_v4_mapped()) {
    return scope_of(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, v6));
  }
  return find_scope(value, ipv6_blocks, address_scope::reserved);
}

bool is_public(const address& value) { return scope_of(value) == address_scope::global; }

std::string_view describe(address_scope value) {
  switch (value) {
    case address_scope::global:
      return "public";
    case address_scope::private_use:
      return "private (RFC 1918)";
    case address_scope::shared:
      return "shared by a provider's customers (RFC 6598)";
    case address_scope::ds_lite:
      return "reserved for DS-Lite and 464XLAT (RFC 7335)";
    case address_scope::unspecified:
      return "the unspecified address";
    case address_scope::loopback:
      return "a loopback address";
    case address_scope::link_local:
      return "link-local";
    case address_scope::unique_local:
      return "unique local (RFC 4193)";
    case address_scope::documentation:
      return "reserved for documentation";
    case address_scope::multicast:
      return "a multicast address";
    case address_scope::reserved:
      return "reserved for special purposes";
  }
  return "unknown";
}

bool same_prefix(const address& a, const address& b, unsigned length) {
  if (a.is_v4() != b.is_v4()) return false;
  if (a.is_v4()) {
    return length <= 32 && same_bits(a.to_v4().to_bytes(), b.to_v4().to_bytes(), length);
  }
  return length <= 128 && same_bits(a.to_v6().to_bytes(), b.to_v6().to_bytes(), length);
}

}  // namespace natcheck
