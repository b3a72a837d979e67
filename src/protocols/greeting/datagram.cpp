#include "protocols/greeting/datagram.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "core/text.hpp"

namespace natcheck::greeting {
namespace {

constexpr std::string_view pad_key = " pad=";

/// The line came whole; what follows it has to be what it announces.
parsed<datagram_question> check_payload(const question_reader& reader) {
  const std::size_t announced = reader.value().echo.value_or(0);
  const std::size_t came = reader.surplus().size();
  if (came != announced) {
    return parse_fault{{cause_code::datagram_size_wrong, came, announced}};
  }
  return datagram_question{false, reader.value(), reader.surplus()};
}

}  // namespace

parsed<datagram_question> parse_question(std::string_view datagram) {
  if (datagram == plain_question) return datagram_question{true, {}, {}};
  question_reader reader;
  switch (reader.feed(datagram)) {
    case reading::extended:
      return check_payload(reader);
    case reading::malformed:
      return parse_fault{{cause_code::datagram_malformed, reader.fault()}};
    case reading::plain_more:
      return parse_fault{cause_code::datagram_incomplete};
    default:
      break;
  }
  if (datagram.empty()) return parse_fault{cause_code::datagram_empty};
  return parse_fault{{cause_code::datagram_unknown, escape_bytes(reader.seen_bytes())}};
}

std::string encode_padded(const question& value, std::size_t least) {
  std::string line = encode(value);
  line.pop_back();
  while (line.size() + 1 < least) {
    const std::size_t used = line.size() + 1 + pad_key.size();
    const std::size_t missing = least - std::min(least, used);
    line += pad_key;
    line.append(std::clamp<std::size_t>(missing, 1, max_value), '.');
  }
  return line + '\n';
}

std::string encode_within(reply value, std::size_t most) {
  std::string line = encode(value);
  const auto too_long = [&] { return line.size() > most; };
  const auto drop = [&](auto& part) {
    part = {};
    line = encode(value);
  };
  if (too_long()) drop(value.ttl);
  if (too_long()) drop(value.version);
  if (too_long()) drop(value.path);
  if (too_long()) drop(value.instance);
  if (too_long()) drop(value.near);
  if (too_long()) drop(value.seen);
  return line;
}

}  // namespace natcheck::greeting
