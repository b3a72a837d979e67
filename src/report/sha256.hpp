// SHA-256 (FIPS 180-4): a page names its own script and style by their hashes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace natcheck::report {

std::array<std::uint8_t, 32> sha256(std::string_view message);

/// Base64 with padding (RFC 4648 section 4).
std::string base64(std::string_view bytes);

}  // namespace natcheck::report
