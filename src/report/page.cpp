#include "report/page.hpp"

#include <algorithm>
#include <cctype>

#include "report/printable.hpp"

namespace natcheck::report {
namespace {

/// Narrower than this, wrapping would only tear words apart.
constexpr std::size_t least_room = 20;

constexpr std::size_t longest_paragraph = 1000;

/// The length in bytes of the first `width` code points.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t length = 0;
  for (; width > 0 && length < text.size(); --width) length += decode(text.substr(length)).length;
  return length;
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const auto word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// Commands, and names with dots in them, stay as they are.
std::string capitalised(std::string text) {
  const bool command = text.starts_with("natcheck");
  const bool name = text.substr(0, text.find(' ')).find('.') != std::string::npos;
  if (!command && !name && !text.empty()) {
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  }
  return text;
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  for (auto word = next_word(text); !word.empty(); word = next_word(text)) {
    auto& last = lines.back();
    if (last.empty()) {
      last = word;
    } else if (columns(last) + 1 + columns(word) <= width) {
      last += ' ';
      last += word;
    } else {
      lines.emplace_back(word);
    }
    while (columns(lines.back()) > width) {
      const auto cut = bytes_of(lines.back(), width);
      auto rest = lines.back().substr(cut);
      lines.back().resize(cut);
      lines.push_back(std::move(rest));
    }
  }
  return lines;
}

std::string one_line(std::string_view text, std::size_t width, bool unicode) {
  if (columns(text) <= width) return std::string(text);
  const std::string_view ellipsis = unicode ? "…" : "...";
  const auto kept = width - std::min(width, columns(ellipsis));
  return std::string(text.substr(0, bytes_of(text, kept))).append(ellipsis);
}

std::string padded(std::string head, std::size_t width) {
  const auto taken = columns(head);
  if (taken < width) head.append(width - taken, ' ');
  return head;
}

void page::line(std::string_view text) {
  text_ += text;
  text_.erase(text_.find_last_not_of(' ') + 1);
  text_ += '\n';
}

void page::paragraph(const std::string& head, std::string_view text, std::size_t indent) {
  const auto room = style_.width > indent + least_room ? style_.width - indent : least_room;
  std::string start = padded(head, indent);
  if (columns(head) > indent) {
    line(head);
    start.assign(indent, ' ');
  }
  for (const auto& part : wrap(printable(clipped(text, longest_paragraph), style_.unicode), room)) {
    line(start + part);
    start.assign(indent, ' ');
  }
}

void page::to_copy(const std::string& head, const std::string& text, std::size_t indent) {
  if (indent + columns(text) <= style_.width) return paragraph(head, text, indent);
  line(head);
  line("  " + text);
}

void page::list(const std::string& head, const std::vector<std::string>& items) {
  constexpr std::size_t indent = 8;
  std::string start = head;
  for (const auto& item : items) {
    if (items.size() == 1) {
      paragraph(start, item, indent);
    } else {
      paragraph(padded(start, indent) + "-", item, indent + 2);
    }
    start.clear();
  }
}

void page::judgement(const diagnosis& judged) {
  const auto head = mark(judged.answer);
  paragraph(head, judged.main.summary, columns(head) + 1);
  list("  Next:", judged.main.advice);
  list("  Why:", judged.main.evidence);
  for (const auto& found : judged.findings) note(found);
}

void page::note(const finding& found) {
  note(found.summary + " " + capitalised(found.advice) + ".");
}

void page::note(std::string_view text) { paragraph("  Note:", capitalised(std::string(text)), 8); }

void page::row(const char* label, const std::string& value, std::string_view comment) {
  constexpr std::size_t comment_column = 33;
  /// A value that leaves less room than this gets its comment on the next line.
  constexpr std::size_t last_comment_column = 45;
  const auto head = padded(label, label_width) + bold(value);
  const auto needed = std::max(comment_column, columns(head) + 3);
  if (comment.empty()) return line(head);
  if (needed <= last_comment_column) return paragraph(head, comment, needed);
  line(head);
  paragraph("", comment, label_width);
}

std::string page::bold(const std::string& text) const {
  return style_.color ? "\x1b[1m" + text + "\x1b[0m" : text;
}

std::string page::mark(answer value) const {
  constexpr std::string_view colors[] = {"\x1b[32m", "\x1b[31m", "\x1b[33m"};
  constexpr std::string_view fancy[] = {"✔", "✘", "?"};
  constexpr std::string_view plain[] = {"[ok]", "[no]", "[?]"};
  const auto which = static_cast<std::size_t>(value);
  const std::string sign(style_.unicode ? fancy[which] : plain[which]);
  return style_.color ? std::string(colors[which]) + sign + "\x1b[0m" : sign;
}

}  // namespace natcheck::report
