#include "portmap/xml_repair.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

namespace natcheck::portmap {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
         });
}

/// Reads tag after tag; what is between them is text.
class repairer {
 public:
  explicit repairer(std::string_view xml) : rest_(xml) {}
  std::string run();

 private:
  bool take_markup();
  bool skip(std::string_view end);
  bool take_cdata();
  bool take_tag();
  void open(std::string_view name);
  void close(std::string_view name);
  void close_last();
  void write_text();

  std::string_view rest_;
  std::string done_;
  std::string text_;  ///< since the last tag, escaped
  std::vector<std::string_view> opened_;
  std::map<std::string_view, int> count_;  ///< of those that are open, by name
};

void repairer::write_text() {
  if (!opened_.empty()) done_ += text_;
  text_.clear();
}

void repairer::open(std::string_view name) {
  write_text();
  opened_.push_back(name);
  ++count_[name];
  done_.append("<").append(name).append(">");
}

void repairer::close_last() {
  const auto name = opened_.back();
  opened_.pop_back();
  --count_[name];
  done_.append("</").append(name).append(">");
}

void repairer::close(std::string_view name) {
  write_text();
  const auto known = count_.find(name);
  if (known == count_.end() || known->second == 0) return;
  while (opened_.back() != name) close_last();
  close_last();
}

/// Passes over everything up to `end`; false where that does not come.
bool repairer::skip(std::string_view end) {
  const auto at = rest_.find(end);
  if (at == std::string_view::npos) return false;
  rest_.remove_prefix(at + end.size());
  return true;
}

bool repairer::take_cdata() {
  constexpr std::string_view begin = "<![CDATA[";
  const auto end = rest_.find("]]>");
  if (end == std::string_view::npos) return false;
  for (const char c : rest_.substr(begin.size(), end - begin.size())) {
    if (c == '<') {
      text_ += "&lt;";
    } else if (c == '&') {
      text_ += "&amp;";
    } else {
      text_ += c;
    }
  }
  return skip("]]>");
}

/// A "<" before which no tag ends is a text's.
bool repairer::take_tag() {
  const auto end = rest_.find_first_of("<>", 1);
  if (end == std::string_view::npos) return false;
  const std::string_view inside = rest_.substr(1, end - 1);
  const bool closes = inside.starts_with('/');
  const std::string_view from_name = inside.substr(closes ? 1 : 0);
  const auto name = from_name.substr(0, from_name.find_first_of(" \t\r\n/"));
  if (rest_[end] == '<' || !is_name(name)) {
    text_ += "&lt;";
    rest_.remove_prefix(1);
    return true;
  }
  if (closes) {
    close(name);
  } else {
    open(name);
    if (inside.ends_with('/')) close(name);
  }
  rest_.remove_prefix(end + 1);
  return true;
}

/// False where the document is cut within.
bool repairer::take_markup() {
  if (rest_.starts_with("<!--")) return skip("-->");
  if (rest_.starts_with("<![CDATA[")) return take_cdata();
  if (rest_.starts_with("<!") || rest_.starts_with("<?")) return skip(">");
  return take_tag();
}

std::string repairer::run() {
  for (;;) {
    const auto markup = std::min(rest_.find('<'), rest_.size());
    std::ranges::copy_if(rest_.substr(0, markup), std::back_inserter(text_),
                         [](char c) { return c != '\0'; });
    rest_.remove_prefix(markup);
    if (rest_.empty() || !take_markup()) break;
  }
  while (!opened_.empty()) close_last();
  return std::move(done_);
}

}  // namespace

std::string repair_xml(std::string_view xml) { return repairer(xml).run(); }

}  // namespace natcheck::portmap
