// URLs cut into pieces, as people, web pages and routers write them (docs/decisions/0010).
#pragma once

#include <optional>
#include <string_view>

namespace natcheck {

/// A URL of any scheme. The pieces point into its text, as written; nothing is decoded or judged.
struct url_parts {
  std::string_view scheme;     ///< "http"
  std::string_view authority;  ///< "user@192.168.1.1:5000"; may be empty
  std::string_view target;     ///< path, query and fragment; may be empty
};

/// Empty where no scheme and "://" come first (RFC 3986 section 3.1).
std::optional<url_parts> split_url(std::string_view text);

/// The host and the port of an authority without a user.
struct host_parts {
  std::string_view host;  ///< without its brackets, but all of the text where these are malformed
  std::string_view port;  ///< without the colon; empty where there is none
  bool bracketed = false;
};

host_parts split_host(std::string_view authority);

}  // namespace natcheck
