// Identifiers that nobody can guess.
#pragma once

#include <fmt/format.h>

#include <cstddef>
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

}  // namespace natcheck
