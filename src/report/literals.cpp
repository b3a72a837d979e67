#include "report/literals.hpp"

#include <algorithm>
#include <charconv>

namespace natcheck::report {
namespace {

constexpr std::string_view hexadecimal = "0123456789abcdefABCDEF";
constexpr std::string_view digits = "0123456789";

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

bool is_alphanumeric(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return is_one_of(c, digits) || (lower >= 'a' && lower <= 'z');
}

/// Whether an escape of ours (`\n`, `\x1b`) ends before `at`.
bool follows_escape(std::string_view text, std::size_t at) {
  return (at >= 2 && text[at - 2] == '\\') ||
         (at >= 4 && text[at - 4] == '\\' && text[at - 3] == 'x');
}

bool may_begin(std::string_view text, std::size_t at) {
  return at == 0 || !is_alphanumeric(text[at - 1]) || follows_escape(text, at);
}

struct literal {
  address ip;
  std::size_t length = 0;
};

/// A number of 0 to 255 and three digits at most, as long as its digits go on; its length, or 0.
std::size_t octet(std::string_view text, unsigned char& value) {
  const auto length = std::min(text.find_first_not_of(digits), text.size());
  unsigned number = 0;
  std::from_chars(text.data(), text.data() + length, number);
  if (length == 0 || length > 3 || number > 255) return 0;
  value = static_cast<unsigned char>(number);
  return length;
}

std::optional<literal> ipv4_at_front(std::string_view text) {
  boost::asio::ip::address_v4::bytes_type bytes{};
  std::size_t at = 0;
  for (auto& byte : bytes) {
    if (&byte != bytes.data()) {
      if (at >= text.size() || text[at] != '.') return std::nullopt;
      ++at;
    }
    const auto length = octet(text.substr(at), byte);
    if (length == 0) return std::nullopt;
    at += length;
  }
  return literal{boost::asio::ip::address_v4(bytes), at};
}

/// The longest IPv6 literal that `run` begins with.
std::optional<literal> ipv6_at_front(std::string_view run) {
  constexpr std::size_t longest = 45;  // six groups and a dotted IPv4 address
  if (std::ranges::count(run.substr(0, longest), ':') < 2) return std::nullopt;
  for (auto length = std::min(run.size(), longest); length >= 2; --length) {
    boost::system::error_code error;
    const auto ip = boost::asio::ip::make_address_v6(std::string(run.substr(0, length)), error);
    if (!error) return literal{ip, length};
  }
  return std::nullopt;
}

/// A portal writes "2a00%3A5%3A%3A10" into the URL that it redirects to.
std::string with_colons(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto three = text.substr(at, 3);
    const bool escaped = three == "%3A" || three == "%3a";
    plain += escaped ? ':' : text[at];
    at += escaped ? 2 : 0;
  }
  return plain;
}

class replacer {
 public:
  replacer(std::string_view text, const replacement& replace) : text_(text), replace_(replace) {}

  std::string run() && {
    while (at_ < text_.size()) {
      if (!take_ipv6() && !take_ipv4()) copy(1);
    }
    return std::move(out_);
  }

 private:
  bool take_ipv6() {
    if (!is_one_of(text_[at_], hexadecimal) && text_[at_] != ':') return false;
    if (!may_begin(text_, at_)) return false;
    const auto rest = text_.substr(at_);
    const auto run = rest.substr(0, rest.find_first_not_of("0123456789abcdefABCDEF:."));
    const auto found = ipv6_at_front(run);
    if (!found) return false;
    if (put(*found)) return true;
    // One that stays is passed over as a whole, or a private address would be torn apart where its
    // end looks like a public one. Not so when more follows it: then the split is a guess.
    if (run.find_first_not_of(":.", found->length) != std::string_view::npos) return false;
    const auto literal_text = run.substr(0, found->length);
    const bool dotted = literal_text.find('.') != std::string_view::npos;
    copy(dotted ? literal_text.rfind(':') + 1 : found->length);
    return true;
  }

  bool take_ipv4() {
    const bool inside_number =
        at_ > 0 && is_one_of(text_[at_ - 1], digits) && !follows_escape(text_, at_);
    if (!is_one_of(text_[at_], digits) || inside_number) return false;
    const auto found = ipv4_at_front(text_.substr(at_));
    if (!found) return false;
    if (!put(*found)) copy(found->length);
    return true;
  }

  bool put(const literal& found) {
    const auto other = replace_(found.ip);
    if (!other) return false;
    out_ += other->to_string();
    at_ += found.length;
    return true;
  }

  void copy(std::size_t length) {
    out_ += text_.substr(at_, length);
    at_ += length;
  }

  std::string_view text_;
  const replacement& replace_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string replace_literals(std::string_view text, const replacement& replace) {
  const std::string plain = with_colons(text);
  return replacer(plain, replace).run();
}

}  // namespace natcheck::report
