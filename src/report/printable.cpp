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

struct code_range {
  char32_t first, last;
};

/// Unicode 15.0, UnicodeData.txt: the general categories Cc, Cf, Cs, Co, Zl and Zp, and the
/// noncharacters; DerivedCoreProperties.txt: Default_Ignorable_Code_Point, which has the variation
/// selectors, tags and fillers. In ascending order; lint.unicode_ranges derives it anew.
constexpr std::array unseen{
    code_range{0x0, 0x1f},        code_range{0x7f, 0x9f},       code_range{0xad, 0xad},
    code_range{0x34f, 0x34f},     code_range{0x600, 0x605},     code_range{0x61c, 0x61c},
    code_range{0x6dd, 0x6dd},     code_range{0x70f, 0x70f},     code_range{0x890, 0x891},
    code_range{0x8e2, 0x8e2},     code_range{0x115f, 0x1160},   code_range{0x17b4, 0x17b5},
    code_range{0x180b, 0x180f},   code_range{0x200b, 0x200f},   code_range{0x2028, 0x202e},
    code_range{0x2060, 0x206f},   code_range{0x3164, 0x3164},   code_range{0xd800, 0xf8ff},
    code_range{0xfdd0, 0xfdef},   code_range{0xfe00, 0xfe0f},   code_range{0xfeff, 0xfeff},
    code_range{0xffa0, 0xffa0},   code_range{0xfff0, 0xfffb},   code_range{0xfffe, 0xffff},
    code_range{0x110bd, 0x110bd}, code_range{0x110cd, 0x110cd}, code_range{0x13430, 0x1343f},
    code_range{0x1bca0, 0x1bca3}, code_range{0x1d173, 0x1d17a}, code_range{0x1fffe, 0x1ffff},
    code_range{0x2fffe, 0x2ffff}, code_range{0x3fffe, 0x3ffff}, code_range{0x4fffe, 0x4ffff},
    code_range{0x5fffe, 0x5ffff}, code_range{0x6fffe, 0x6ffff}, code_range{0x7fffe, 0x7ffff},
    code_range{0x8fffe, 0x8ffff}, code_range{0x9fffe, 0x9ffff}, code_range{0xafffe, 0xaffff},
    code_range{0xbfffe, 0xbffff}, code_range{0xcfffe, 0xcffff}, code_range{0xdfffe, 0xe0fff},
    code_range{0xefffe, 0x10ffff}};

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
  const auto after = std::ranges::upper_bound(unseen, value, {}, &code_range::first);
  return after != unseen.begin() && value <= std::prev(after)->last;
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
