#include "cli/targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>

#include "cli/values.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

namespace natcheck::cli {
namespace {

bool is_ipv6(std::string_view text) {
  boost::system::error_code error;
  const address parsed = boost::asio::ip::make_address(text, error);
  return !error && parsed.is_v6();
}

bool is_decimal(char c) { return c >= '0' && c <= '9'; }

/// Letters, digits, '-', '.', '_' (which DNS allows, and people have), and bytes beyond ASCII:
/// enough to tell a name from "http://example.org/" without deciding which names exist.
bool is_host(std::string_view text) {
  const auto allowed = [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return is_decimal(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && text.size() <= 253 && text.front() != '-' &&
         std::ranges::all_of(text, allowed);
}

std::optional<probe_target> with_port(std::string_view host, std::string_view port) {
  const auto number = read_port(port);
  if (!number) return std::nullopt;
  return probe_target{std::string(host), *number};
}

/// "[address]" or "[address]:port", where `text` begins with the bracket.
std::optional<probe_target> read_bracketed(std::string_view text, std::uint16_t default_port) {
  const auto close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(1, close - 1);
  const std::string_view rest = text.substr(close + 1);
  if (!is_ipv6(host)) return std::nullopt;
  if (rest.empty()) return probe_target{std::string(host), default_port};
  if (rest.front() != ':') return std::nullopt;
  return with_port(host, rest.substr(1));
}

// --- what people paste -----------------------------------------------------------------------

constexpr std::string_view blanks = " \t\r\n";

struct lookalike {
  std::string_view written, meant;
};

/// What a mail, a web page or an input method puts in place of a space, a colon or nothing.
constexpr std::array lookalikes{
    lookalike{"\u00a0", " "}, lookalike{"\u2002", " "}, lookalike{"\u2003", " "},
    lookalike{"\u2007", " "}, lookalike{"\u2009", " "}, lookalike{"\u202f", " "},
    lookalike{"\u3000", " "}, lookalike{"\uff1a", ":"}, lookalike{"\ufe55", ":"},
    lookalike{"\u2236", ":"}, lookalike{"\u200b", ""},  lookalike{"\u2060", ""},
    lookalike{"\ufeff", ""}};

std::string without_lookalikes(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto found = std::ranges::find_if(
        lookalikes, [&](const lookalike& one) { return text.starts_with(one.written); });
    const bool same = found == lookalikes.end();
    plain += same ? text.substr(0, 1) : found->meant;
    text.remove_prefix(same ? 1 : found->written.size());
  }
  return plain;
}

/// What stands around an address in a mail, a chat or a shell.
constexpr std::array<std::string_view, 15> wrappings{" ", "\t",     "\r",     "\n",     "\"",
                                                     "'", "`",      "<",      ">",      ",",
                                                     ";", "\u201c", "\u201d", "\u2018", "\u2019"};

std::string_view unwrapped(std::string_view text) {
  for (;;) {
    const auto before = std::ranges::find_if(
        wrappings, [&](std::string_view one) { return text.starts_with(one); });
    const auto behind =
        std::ranges::find_if(wrappings, [&](std::string_view one) { return text.ends_with(one); });
    if (before != wrappings.end()) {
      text.remove_prefix(before->size());
    } else if (behind != wrappings.end()) {
      text.remove_suffix(behind->size());
    } else {
      return text;
    }
  }
}

struct scheme_port {
  std::string_view scheme;
  std::uint16_t port;
};

/// Where the scheme names a port, in any case (RFC 3986 section 3.1). Others need one in the text.
constexpr std::array scheme_ports{scheme_port{"http", 80}, scheme_port{"https", 443},
                                  scheme_port{"ws", 80},   scheme_port{"wss", 443},
                                  scheme_port{"ssh", 22},  scheme_port{"minecraft", 25565}};

std::uint16_t port_of(std::string_view scheme) {
  const auto found = std::ranges::find_if(scheme_ports, [&](const scheme_port& one) {
    return equal_ignoring_case(scheme, one.scheme);
  });
  return found == scheme_ports.end() ? std::uint16_t{0} : found->port;
}

/// "host:port" of "//user@host:port/path", and of Steam's "//connect/host:port/password".
std::string_view host_and_port_of(const url_parts& url) {
  auto text = url.authority;
  if (equal_ignoring_case(url.scheme, "steam") && text == "connect" &&
      url.target.starts_with('/')) {
    text = url.target.substr(1, url.target.find_first_of("/?#", 1) - 1);
  }
  return text.substr(text.rfind('@') + 1);  // npos + 1 is 0
}

/// The word behind a URL can only be its port, and is one too many where that has another.
bool take_port(probe_target& target, bool has_port, std::string_view word) {
  const auto port = read_port(word);
  if (!port || (has_port && *port != target.port)) return false;
  target.port = *port;
  return true;
}

std::optional<probe_target> read_url(std::string_view text) {
  const auto space = text.find_first_of(blanks);
  const auto url = split_url(text.substr(0, space));
  if (!url) return std::nullopt;
  auto target = read_host_and_port(host_and_port_of(*url), 0);
  if (!target) return std::nullopt;
  const bool has_port = target->port != 0;
  if (!has_port) target->port = port_of(url->scheme);
  if (space != std::string_view::npos) {
    const auto word = text.substr(std::min(text.find_first_not_of(blanks, space), text.size()));
    if (!take_port(*target, has_port, word)) return std::nullopt;
  }
  if (target->port == 0) return std::nullopt;
  return target;
}

/// "host port", however it is spaced.
std::optional<probe_target> read_two_words(std::string_view text) {
  const auto space = text.find_first_of(blanks);
  const auto port = read_port(text.substr(text.find_last_of(blanks) + 1));
  const bool two = text.find_first_not_of(blanks, space) == text.find_last_of(blanks) + 1;
  auto target = read_host_and_port(unwrapped(text.substr(0, space)), 0);
  // A port in both words is one too many.
  if (!two || !port || !target || target->port != 0) return std::nullopt;
  target->port = *port;
  return target;
}

/// The port that a bare IPv6 address may end with, and what is before it.
std::optional<probe_target> split_ipv6(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.substr(colon + 1).starts_with('0')) {
    return std::nullopt;
  }
  const auto host = text.substr(0, colon);
  return is_ipv6(host) ? with_port(host, text.substr(colon + 1)) : std::nullopt;
}

/// The end of a sentence, or the slash of a URL that lost its beginning.
std::string_view without_ending(std::string_view text) {
  const bool has_port = text.find(':') != std::string_view::npos;
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && (has_port || slash + 1 == text.size())) {
    text = text.substr(0, slash);
  }
  if (has_port && text.ends_with('.')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<probe_target> read_host_and_port(std::string_view text, std::uint16_t default_port) {
  if (text.starts_with('[')) return read_bracketed(text, default_port);
  if (is_ipv6(text)) return probe_target{std::string(text), default_port};
  const auto colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (!is_host(host)) return std::nullopt;
  if (colon == std::string_view::npos) return probe_target{std::string(host), default_port};
  return with_port(host, text.substr(colon + 1));
}

std::optional<probe_target> read_target(std::string_view pasted, std::uint16_t default_port) {
  constexpr std::string_view stun = "stun:";  // RFC 7064
  const std::string plain = without_lookalikes(pasted);
  std::string_view text = unwrapped(plain);
  if (text.find("://") != std::string_view::npos) return read_url(text);
  if (equal_ignoring_case(text.substr(0, stun.size()), stun)) text.remove_prefix(stun.size());
  if (text.find_first_of(blanks) != std::string_view::npos) return read_two_words(text);
  text = without_ending(text);
  const auto split = split_ipv6(text);
  if (split) return is_ipv6(text) ? std::nullopt : split;
  return read_host_and_port(text, default_port);
}

std::optional<transport> transport_of(std::string_view pasted) {
  const std::string plain = without_lookalikes(pasted);
  const std::string_view text = unwrapped(plain);
  const auto end = text.find("://");
  const bool url = end != std::string_view::npos;
  const auto word = url ? text.substr(0, end) : text.substr(text.rfind('/') + 1);
  if (!url && word.size() == text.size()) return std::nullopt;
  if (equal_ignoring_case(word, "udp") || equal_ignoring_case(word, "udp4") ||
      equal_ignoring_case(word, "udp6")) {
    return transport::udp;
  }
  if (equal_ignoring_case(word, "tcp")) return transport::tcp;
  return std::nullopt;
}

std::optional<two_readings> readings_of(std::string_view pasted, std::uint16_t default_port) {
  const std::string plain = without_lookalikes(pasted);
  const std::string_view text = unwrapped(plain);
  const auto split = split_ipv6(text);
  if (!split || !is_ipv6(text)) return std::nullopt;
  return two_readings{*split, probe_target{std::string(text), default_port}};
}

std::string to_text(const probe_target& target) {
  const bool bare_ipv6 = target.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(bare_ipv6 ? "[{}]:{}" : "{}:{}"), target.host, target.port);
}

}  // namespace natcheck::cli
