#pragma once

#include <charconv>
#include <stdexcept>
#include <string_view>

#include "net/route_messages.hpp"

namespace natcheck::net {

inline message from_hex(std::string_view text) {
  message bytes;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + 2, value, 16);
    if (read.ptr != text.data() + 2) throw std::invalid_argument{"not hex"};
    bytes.push_back(static_cast<std::byte>(value));
  }
  if (!text.empty()) throw std::invalid_argument{"half a byte"};
  return bytes;
}

}  // namespace natcheck::net
