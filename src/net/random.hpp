// Identifiers that no one can guess.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <system_error>

namespace natcheck {

/// `bytes` random bytes from the operating system. Not from std::random_device: that takes them one
/// by one from the processor, and some virtual machines need 20 microseconds for each.
inline std::string random_bytes(std::size_t bytes) {
  constexpr std::size_t most = 256;  // of one call, getentropy(3)
  std::string text(bytes, '\0');
  for (std::size_t at = 0; at < bytes; at += most) {
    if (::getentropy(text.data() + at, std::min(most, bytes - at)) != 0) {
      throw std::system_error(errno, std::generic_category(), "getentropy");
    }
  }
  return text;
}

/// The same as lower-case hexadecimal, two digits a byte.
inline std::string random_hex(std::size_t bytes) {
  std::string text;
  for (const char c : random_bytes(bytes)) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

/// 0 to `limit` - 1, each as likely as the others. `limit` is above 0.
inline std::uint32_t random_below(std::uint32_t limit) {
  std::random_device source;
  return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(source);
}

}  // namespace natcheck
