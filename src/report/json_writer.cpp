#include "report/json_writer.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <cmath>

#include "report/printable.hpp"

namespace natcheck::report {
namespace {

namespace json = boost::json;

std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  auto text = fmt::format("{:.3f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

/// RFC 8259 section 7: beyond the basic plane as a pair of surrogates.
std::string escaped(char32_t value) {
  const auto code = static_cast<unsigned>(value);
  if (code < 0x10000) return fmt::format("\\u{:04x}", code);
  const unsigned beyond = code - 0x10000;
  return fmt::format("\\u{:04x}\\u{:04x}", 0xd800 + (beyond >> 10), 0xdc00 + (beyond & 0x3ff));
}

/// JSON allows DEL, C1 and marks of direction as they are; terminals obey them.
std::string without_controls(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = decode(text);
    if (next.valid && is_control(next.value)) {
      out += escaped(next.value);
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
  return out;
}

std::string quoted(std::string_view text) {
  return without_controls(json::serialize(json::string(valid_utf8(text))));
}

class printer {
 public:
  explicit printer(json_layout layout) : indented_(layout == json_layout::indented) {}

  void print(const json::value& value) {
    if (const auto* object = value.if_object()) return print(*object);
    if (const auto* array = value.if_array()) return print(*array);
    if (const auto* text = value.if_string()) {
      out_ += quoted(*text);
    } else if (const auto* real = value.if_double()) {
      out_ += number(*real);
    } else {
      out_ += json::serialize(value);
    }
  }

  std::string take() && { return std::move(out_); }

 private:
  void print(const json::object& object) {
    open('{');
    for (const auto& [key, value] : object) {
      next_item(&value == &object.begin()->value());
      out_ += quoted(key) + (indented_ ? ": " : ":");
      print(value);
    }
    close('}', object.empty());
  }

  void print(const json::array& array) {
    open('[');
    for (const auto& value : array) {
      next_item(&value == &array.front());
      print(value);
    }
    close(']', array.empty());
  }

  void open(char bracket) {
    out_ += bracket;
    ++depth_;
  }

  void close(char bracket, bool empty) {
    --depth_;
    if (!empty) new_line();
    out_ += bracket;
  }

  void next_item(bool first) {
    if (!first) out_ += ',';
    new_line();
  }

  void new_line() {
    if (!indented_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  bool indented_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string print_json(const json::value& value, json_layout layout) {
  printer out(layout);
  out.print(value);
  return std::move(out).take();
}

}  // namespace natcheck::report
