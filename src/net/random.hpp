// Identifiers that nobody can guess.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace natcheck {

/// `bytes` random bytes from the operating system.
inline std::string random_bytes(std::size_t bytes) {
  std::random_device source;  // getrandom(2) in libstdc++ and libc++
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(source() & 0xffU);
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
