// The page that `natcheck serve` shows in a browser: what a visitor's address proves.
#pragma once

#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck {

/// Where a visitor is, as far as addresses and the TTL show.
enum class visitor_location {
  outside,       ///< a public address that is not one of the server's own
  perhaps,       ///< a public address, but the server does not know its own one
  same_machine,  ///< loopback, or the server's own address
  nearby,        ///< a public address close to the server's or its router's: perhaps inside
  same_network,  ///< the server's external address, or its own IPv6 /64
  not_public,    ///< not a public address: nearby, or hidden by something in between
  router,        ///< the router's internal address: nearby, or from outside and masqueraded
};

/// What the server knows about one visitor.
struct page_facts {
  endpoint seen;                    ///< the visitor's end of the connection, as the server sees it
  endpoint local;                   ///< the server's end; its address is shown to nobody
  std::optional<endpoint> outside;  ///< the server's external IPv4 endpoint, if known
  std::string version;
  std::string instance;
  std::optional<address> gateway{};  ///< the router's internal address; shown to nobody
  /// With which the visitor's packet arrived; IPv6: the hop limit. Empty: not known.
  std::optional<unsigned> ttl{};
  visitor_location location = visitor_location::perhaps;  ///< what the rest proves
};

/// One self-contained document in UTF-8, including script and style. Without JavaScript only the
/// echo test is missing.
std::string to_html(const page_facts& facts);
/// The same statements as plain text; ends with a newline.
std::string to_text(const page_facts& facts);

/// The Content-Security-Policy for `to_html`: it allows only its own script and style, by their
/// hashes, and requests to its own server.
std::string_view page_policy();

}  // namespace natcheck
