#include "protocols/http/xml_end.hpp"

namespace natcheck::http {
namespace {

/// And the bytes of a byte order mark.
constexpr std::string_view white_space = " \t\r\n\xef\xbb\xbf";
/// What is longer is looked at no more, or each byte would be looked at again and again.
constexpr std::size_t longest_tag = 8 * 1024;

}  // namespace

/// Goes past what may stand before the root element, as far as it came.
void xml_end::find_root(std::string_view document) {
  for (;;) {
    const auto at = document.find_first_not_of(white_space, looked_at_);
    if (at == std::string_view::npos) return;
    const auto rest = document.substr(at);
    is_xml_ = rest.front() == '<';
    if (!is_xml_) return;
    const bool is_comment = rest.starts_with("<!--");
    const auto end = rest.find(is_comment ? "-->" : ">");
    if (end == std::string_view::npos) {
      is_xml_ = rest.size() < longest_tag;
      return;
    }
    const bool is_root = rest[1] != '?' && rest[1] != '!';
    if (is_root) {
      const auto name = rest.substr(1, rest.find_first_of(" \t\r\n/>") - 1);
      closing_ = "</" + std::string(name);
      closes_itself_ = rest[end - 1] == '/';
    }
    looked_at_ = at + end + (is_comment ? 3 : 1);
    if (is_root) return;
  }
}

bool xml_end::reached(std::string_view document) {
  if (closing_.empty() && is_xml_) find_root(document);
  if (closing_.empty()) return false;
  if (closes_itself_) return true;
  for (;;) {
    const auto at = document.find(closing_, looked_at_);
    if (at == std::string_view::npos) break;
    const auto after = document.find_first_not_of(white_space, at + closing_.size());
    if (after == std::string_view::npos) {
      looked_at_ = at;
      return false;
    }
    if (document[after] == '>') return true;
    looked_at_ = at + closing_.size();
  }
  // The end may have begun.
  if (document.size() > looked_at_ + closing_.size())
    looked_at_ = document.size() - closing_.size();
  return false;
}

}  // namespace natcheck::http
