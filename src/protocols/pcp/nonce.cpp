#include "protocols/pcp/nonce.hpp"

#include <fmt/format.h>

#include <charconv>

namespace natcheck::pcp {

std::string to_hex(const lease::nonce& value) {
  std::string digits;
  for (const std::uint8_t byte : value) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::optional<lease::nonce> parse_nonce(std::string_view digits) {
  lease::nonce value{};
  if (digits.size() != 2 * value.size()) return std::nullopt;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char* begin = digits.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, value.at(i), 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
  }
  return value;
}

}  // namespace natcheck::pcp
