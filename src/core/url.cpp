#include "core/url.hpp"

#include <algorithm>

namespace natcheck {
namespace {

bool belongs_to_scheme(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

}  // namespace

std::optional<url_parts> split_url(std::string_view text) {
  const auto colon = text.find("://");
  if (colon == 0 || colon == std::string_view::npos) return std::nullopt;
  const auto scheme = text.substr(0, colon);
  if (!std::ranges::all_of(scheme, belongs_to_scheme)) return std::nullopt;
  text.remove_prefix(colon + 3);
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  return url_parts{scheme, text.substr(0, end), text.substr(end)};
}

host_parts split_host(std::string_view authority) {
  const auto close = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const bool bracketed = close != std::string_view::npos;
  const auto end = bracketed ? close + 1 : std::min(authority.find(':'), authority.size());
  const auto behind = authority.substr(end);
  const bool is_port = behind.empty() || behind.front() == ':';
  if (!is_port || authority.starts_with('[') != bracketed) return {authority, {}, false};
  return {bracketed ? authority.substr(1, close - 1) : authority.substr(0, end),
          behind.substr(std::min<std::size_t>(1, behind.size())), bracketed};
}

}  // namespace natcheck
