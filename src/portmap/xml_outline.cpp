#include "portmap/xml_outline.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace natcheck::portmap {
namespace {

constexpr std::size_t longest_value = 256;
constexpr std::size_t most_elements = 2000;
constexpr std::string_view xml_blanks = " \t\r\n";

struct named_character {
  std::string_view name;
  char character;
};

/// XML 1.0 section 4.6.
constexpr std::array named_characters{named_character{"amp", '&'}, named_character{"lt", '<'},
                                      named_character{"gt", '>'}, named_character{"quot", '"'},
                                      named_character{"apos", '\''}};

/// The character of "&name;"; empty for what is none, or none of ASCII.
std::optional<char> character_named(std::string_view name) {
  for (const auto& each : named_characters) {
    if (each.name == name) return each.character;
  }
  if (!name.starts_with('#')) return std::nullopt;
  const bool hexadecimal = name.starts_with("#x");
  name.remove_prefix(hexadecimal ? 2 : 1);
  unsigned code = 0;
  const auto [end, error] =
      std::from_chars(name.data(), name.data() + name.size(), code, hexadecimal ? 16 : 10);
  const bool is_ascii =
      error == std::errc{} && end == name.data() + name.size() && code >= ' ' && code < 0x7f;
  return is_ascii ? std::optional{static_cast<char>(code)} : std::nullopt;
}

std::string decoded(std::string_view text) {
  constexpr std::size_t longest_name = 8;
  std::string plain;
  while (!text.empty()) {
    const auto end = text.front() == '&' ? text.substr(0, longest_name).find(';') : text.npos;
    const auto character =
        end == text.npos ? std::nullopt : character_named(text.substr(1, end - 1));
    plain += character.value_or(text.front());
    text.remove_prefix(character ? end + 1 : 1);
  }
  return plain;
}

std::string_view without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(xml_blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(xml_blanks) - begin + 1);
}

/// The name of a tag, without a prefix.
std::string local_name(std::string_view tag) {
  const auto name = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
  return std::string(name.substr(name.rfind(':') + 1));  // npos + 1 is 0
}

/// Where a tag ends: at its '>', or at a '<', which shows that it is none. A '>' within a quoted
/// attribute value is legal (XML 1.0 section 2.3), a '<' is not: there the quote was none.
std::size_t end_of_tag(std::string_view text) {
  const auto plain = text.find_first_of("<>");
  std::size_t at = 0;
  while ((at = text.find_first_of("<>\"'", at)) != std::string_view::npos) {
    if (text[at] == '<' || text[at] == '>') return at;
    const auto close = text.find_first_of(text[at] == '"' ? "<\"" : "<'", at + 1);
    if (close == std::string_view::npos || text[close] == '<') return plain;
    at = close + 1;
  }
  return plain;
}

bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

class outline_reader {
 public:
  explicit outline_reader(std::string_view xml) : rest_(xml) {}

  xml_outline run() {
    while (!rest_.empty() && outline_.elements.size() < most_elements) {
      take_text(rest_.find('<'));
      if (!rest_.empty()) take_markup();
    }
    return std::move(outline_);
  }

 private:
  void take_text(std::size_t size) {
    text_ += decoded(rest_.substr(0, size));
    rest_.remove_prefix(std::min(size, rest_.size()));
  }

  /// Goes past the next `end`, and gives what is before it.
  std::string_view take_until(std::string_view end) {
    const auto at = rest_.find(end);
    const auto taken = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
    return taken;
  }

  void take_markup() {
    constexpr std::string_view raw = "<![CDATA[";
    if (rest_.starts_with(raw)) {
      rest_.remove_prefix(raw.size());
      text_ += take_until("]]>");
    } else if (rest_.starts_with("<!--")) {
      take_until("-->");
    } else if (rest_.starts_with("<?") || rest_.starts_with("<!")) {
      take_until(">");
    } else {
      take_tag();
    }
  }

  void take_tag() {
    const bool closes = rest_.starts_with("</");
    const auto name = rest_.substr(closes ? 2 : 1);
    const auto end = end_of_tag(name);
    const bool is_whole = end != std::string_view::npos && name[end] == '>';
    const bool is_cut_off = end == std::string_view::npos && closes;  // by the document's end
    const bool is_tag = !name.empty() && begins_name(name.front()) && (is_whole || is_cut_off);
    if (!is_tag && !is_cut_off) return take_text(1);
    end_leaf(closes);
    if (!closes) open(local_name(name), name[end - 1] == '/');
    const std::size_t size = is_whole ? rest_.size() - name.size() + end + 1 : rest_.size();
    rest_.remove_prefix(size);
  }

  /// Before another element only a text makes it a leaf.
  void end_leaf(bool closed) {
    const auto value = without_blanks(text_);
    if (open_ && (closed || !value.empty())) {
      outline_.leaves.push_back({*open_, std::string(value.substr(0, longest_value))});
    }
    open_.reset();
    text_.clear();
  }

  void open(std::string name, bool and_closes) {
    outline_.elements.push_back(name);
    if (and_closes) {
      outline_.leaves.push_back({std::move(name), ""});
    } else {
      open_ = std::move(name);
    }
  }

  std::string_view rest_;
  std::optional<std::string> open_;  ///< the element that may become a leaf
  std::string text_;                 ///< since the last tag
  xml_outline outline_;
};

}  // namespace

xml_outline outline_of(std::string_view xml) { return outline_reader(xml).run(); }

}  // namespace natcheck::portmap
