// Text for a terminal: paragraphs that hang under their heads, wrapped at the width.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <natcheck/report.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::report {

/// Where the text of rows begins, beside their labels.
inline constexpr std::size_t label_width = 18;

/// Breaks `text` between words into lines of at most `width` columns. A longer word is divided.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// A page being written. What it is given may come from the network: it escapes it.
class page {
 public:
  explicit page(const text_style& style) : style_(style) {}

  /// `head`, and `text` beside it from column `indent` on. `head` is ours, and may be coloured.
  void paragraph(const std::string& head, std::string_view text, std::size_t indent);
  /// Not wrapped, so that it can be copied: where it has no room beside its head it is below.
  void to_copy(const std::string& head, const std::string& text, std::size_t indent);

  /// A line of ours as it stands.
  void line(std::string_view text);

  /// Mark and sentence, then the next steps, the evidence, and the findings.
  void judgement(const diagnosis& judged);
  void note(const finding& found);
  void note(std::string_view text);

  /// "Label   value   comment", in columns that all such rows share. `value` is ours.
  void row(const char* label, const std::string& value, std::string_view comment);

  std::string mark(answer value) const;
  std::string bold(const std::string& text) const;

  /// A character of a drawing, or its ASCII stand-in.
  std::string_view glyph(std::string_view unicode, std::string_view ascii) const {
    return style_.unicode ? unicode : ascii;
  }

  const text_style& style() const { return style_; }
  const std::string& text() const { return text_; }

 private:
  void list(const std::string& head, const std::vector<std::string>& items);

  const text_style& style_;
  std::string text_;
};

/// `text`, cut to `width` columns where it is longer, with an ellipsis at its end.
std::string one_line(std::string_view text, std::size_t width, bool unicode);

/// `head` padded with spaces to `width` columns.
std::string padded(std::string head, std::size_t width);

}  // namespace natcheck::report
