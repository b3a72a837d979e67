#include "report/qr.hpp"

#include <qrencode.h>

#include <cstddef>
#include <memory>

namespace natcheck::report {
namespace {

// From the 256-colour palette, whose upper part no theme changes.
constexpr std::string_view black_on_white = "\x1b[38;5;16;48;5;231m";
constexpr std::string_view as_before = "\x1b[0m";

struct free_code {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using qr_code = std::unique_ptr<QRcode, free_code>;

/// The smallest code: a screen is clean, and nothing of it is lost.
qr_code encode(std::string_view url) {
  return qr_code(QRcode_encodeString8bit(std::string(url).c_str(), 0, QR_ECLEVEL_L));
}

/// The modules with their quiet zone.
class drawing_of {
 public:
  drawing_of(const QRcode& code, int quiet) : code_(code), quiet_(quiet) {}

  int size() const { return code_.width + 2 * quiet_; }
  bool is_dark(int row, int column) const {
    const int y = row - quiet_, x = column - quiet_;
    if (y < 0 || x < 0 || y >= code_.width || x >= code_.width) return false;
    return (code_.data[static_cast<std::size_t>(y * code_.width + x)] & 1U) != 0;
  }

 private:
  const QRcode& code_;
  int quiet_;
};

std::string_view glyph(bool upper, bool lower) {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

std::string line_of(const drawing_of& code, int row, bool color) {
  std::string line(color ? black_on_white : "");
  for (int column = 0; column < code.size(); ++column) {
    const bool upper = code.is_dark(row, column);
    // Below an odd last row there is nothing: white where white is drawn.
    const bool below = row + 1 < code.size();
    const bool lower = below && code.is_dark(row + 1, column);
    line += color ? glyph(upper, lower) : glyph(!upper, below && !lower);
  }
  line += color ? as_before : "";
  return line + '\n';
}

}  // namespace

std::string qr_text(std::string_view url, const text_style& style) {
  // ISO/IEC 18004 asks for four modules around; phones are content with two.
  constexpr int quiet = 4, narrow_quiet = 2;
  const qr_code code = encode(url);
  if (!code || !style.unicode) return {};
  const auto room = static_cast<int>(style.width);
  const drawing_of drawing(*code, code->width + 2 * quiet <= room ? quiet : narrow_quiet);
  if (drawing.size() > room) return {};
  std::string text;
  for (int row = 0; row < drawing.size(); row += 2) text += line_of(drawing, row, style.color);
  return text;
}

}  // namespace natcheck::report
