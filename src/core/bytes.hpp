// Reading numbers from network bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace natcheck {

/// Reads big-endian numbers one after another. A read past the end gives 0 and is remembered, so
/// that a whole message can be read first and judged once.
class byte_reader {
 public:
  explicit byte_reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint8_t u8() { return static_cast<std::uint8_t>(take(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(take(2)); }
  std::uint32_t u32() { return take(4); }

  /// False once a read went past the end.
  bool ok() const { return ok_; }

 private:
  std::uint32_t take(std::size_t count) {
    if (rest_.size() < count) {
      ok_ = false;
      rest_ = {};
      return 0;
    }
    std::uint32_t value = 0;
    for (const std::uint8_t byte : rest_.first(count)) value = value << 8 | byte;
    rest_ = rest_.subspan(count);
    return value;
  }

  std::span<const std::uint8_t> rest_;
  bool ok_ = true;
};

}  // namespace natcheck
