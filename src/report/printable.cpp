#include "report/printable.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace natcheck::report {
namespace {

struct lead {
  unsigned char mask, bits;
  std::size_t length;
  char32_t smallest;  ///< less than this would be overlong
};

constexpr std::array leads{lead{0x80, 0x00, 1, 0}, lead{0xe0, 0xc0, 2, 0x80},
                           lead{0xf0, 0xe0, 3, 0x800}, lead{0xf8, 0xf0, 4, 0x10000}};

bool is_scalar(char32_t value) { return value <= 0x10ffff && (value < 0xd800 || value > 0xdfff); }

template <class Keep>
std::string escape_unless(std::string_view text, Keep keep) {
  std::string out;
  while (!text.empty()) {
    const auto next = decode(text);
    const auto bytes = text.substr(0, next.length);
    if (next.valid && keep(next.value)) {
      out += bytes;
    } else {
      out += escape_bytes(bytes);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

}  // namespace

code_point decode(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  for (const auto& form : leads) {
    if ((first & form.mask) != form.bits) continue;
    if (text.size() < form.length) return {};
    auto value = static_cast<char32_t>(first & static_cast<unsigned char>(~form.mask));
    for (const char c : text.substr(1, form.length - 1)) {
      const auto byte = static_cast<unsigned char>(c);
      if ((byte & 0xc0) != 0x80) return {};
      value = (value << 6) | (byte & 0x3fU);
    }
    if (value < form.smallest || !is_scalar(value)) return {};
    return {value, form.length, true};
  }
  return {};
}

bool is_control(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0x200e || value == 0x200f ||
         (value >= 0x2028 && value <= 0x202e) || (value >= 0x2066 && value <= 0x2069) ||
         value == 0xfeff;
}

std::string printable(std::string_view text, bool unicode) {
  return escape_unless(text, [=](char32_t c) { return !is_control(c) && (unicode || c < 0x80); });
}

std::string valid_utf8(std::string_view text) {
  return escape_unless(text, [](char32_t) { return true; });
}

std::string clipped(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::size_t end = 0;
  for (auto length = decode(text).length; end + length <= most;
       length = decode(text.substr(end)).length) {
    end += length;
  }
  return std::string(text.substr(0, end)) + "...";
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    if (text.starts_with("\x1b[")) {
      text.remove_prefix(std::min(text.find('m'), text.size() - 1) + 1);
      continue;
    }
    ++count;
    text.remove_prefix(decode(text).length);
  }
  return count;
}

}  // namespace natcheck::report
