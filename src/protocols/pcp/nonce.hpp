// The nonce of a PCP mapping as text, for keeping it beyond the end of the program.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "protocols/lease/messages.hpp"

namespace natcheck::pcp {

/// 24 lower-case hexadecimal digits.
std::string to_hex(const lease::nonce& value);

/// Empty for anything but 24 hexadecimal digits.
std::optional<lease::nonce> parse_nonce(std::string_view digits);

}  // namespace natcheck::pcp
