#include "portmap/xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/text.hpp"

namespace natcheck::portmap {
namespace {

struct named_character {
  std::string_view name;
  char character;
};

/// XML 1.0 section 4.6.
constexpr std::array named_characters{named_character{"amp", '&'}, named_character{"lt", '<'},
                                      named_character{"gt", '>'}, named_character{"quot", '"'},
                                      named_character{"apos", '\''}};

/// A code point as UTF-8; empty for a control character, and for what is no character.
std::string in_utf8(std::uint32_t code) {
  const bool is_surrogate = code >= 0xd800 && code < 0xe000;
  if (code < ' ' || code == 0x7f || is_surrogate || code > 0x10ffff) return {};
  if (code < 0x80) return {static_cast<char>(code)};
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;  // bytes that continue the first
  std::string bytes{static_cast<char>((0xf0U << (3 - more)) | (code >> 6 * more))};
  for (int left = more - 1; left >= 0; --left) {
    bytes += static_cast<char>(0x80U | ((code >> 6 * left) & 0x3fU));
  }
  return bytes;
}

/// What "&name;" stands for; empty where that is nothing.
std::string decode_entity(std::string_view name) {
  for (const auto& each : named_characters) {
    if (each.name == name) return {each.character};
  }
  if (!name.starts_with('#')) return {};
  const bool hexadecimal = name.starts_with("#x");
  name.remove_prefix(hexadecimal ? 2 : 1);
  std::uint32_t code = 0;
  const char* const last = name.data() + name.size();
  const auto [end, error] = std::from_chars(name.data(), last, code, hexadecimal ? 16 : 10);
  return error == std::errc{} && end == last ? in_utf8(code) : std::string();
}

std::string decoded(std::string_view text) {
  constexpr std::size_t longest_name = 10;
  std::string plain;
  for (auto at = text.find('&'); at != text.npos; at = text.find('&')) {
    plain += text.substr(0, at);
    text.remove_prefix(at);
    const auto end = text.substr(0, longest_name).find(';');
    const auto meant = end == text.npos ? std::string() : decode_entity(text.substr(1, end - 1));
    plain += meant.empty() ? "&" : meant;
    text.remove_prefix(meant.empty() ? 1 : end + 1);
  }
  return plain.append(text);
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

class xml_reader {
 public:
  explicit xml_reader(std::string_view xml) : rest_(xml) {}

  std::vector<xml_event> run() {
    while (!rest_.empty()) {
      take_text(rest_.find('<'));
      if (!rest_.empty()) take_markup();
    }
    return std::move(events_);
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
    const bool closes_itself = !closes && name[end - 1] == '/';
    end_value(closes);
    if (!closes) begin(local_name(name));
    if (closes_itself) end_value(true);
    if (is_tag && (closes || closes_itself)) add(xml_event::kind::closes, local_name(name));
    const std::size_t size = is_whole ? rest_.size() - name.size() + end + 1 : rest_.size();
    rest_.remove_prefix(size);
  }

  /// Before another element only a text makes a value.
  void end_value(bool closed) {
    const auto value = trimmed(text_);
    if (open_ && (closed || !value.empty())) {
      add(xml_event::kind::value, std::move(*open_), std::string(value));
    }
    open_.reset();
    text_.clear();
  }

  void begin(std::string name) {
    add(xml_event::kind::opens, name);
    open_ = std::move(name);
  }

  void add(xml_event::kind what, std::string name, std::string value = {}) {
    events_.push_back({what, std::move(name), std::move(value)});
  }

  std::string_view rest_;
  std::optional<std::string> open_;  ///< the element that may have a value
  std::string text_;                 ///< since the last tag
  std::vector<xml_event> events_;
};

}  // namespace

std::vector<xml_event> read_xml(std::string_view xml) { return xml_reader(xml).run(); }

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto match = std::ranges::find(named_characters, c, &named_character::character);
    escaped +=
        match == named_characters.end() ? std::string(1, c) : fmt::format("&{};", match->name);
  }
  return escaped;
}

}  // namespace natcheck::portmap
