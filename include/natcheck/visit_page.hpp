// The page that a browser gets from `natcheck serve`: what a visitor's address proves.
#pragma once

#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck {

/// Where a visitor is, as far as addresses and the TTL tell.
enum class visitor_location {
  outside,       ///< a public address, and none of the server's own
  perhaps,       ///< a public address, but the server does not know its own
  same_machine,  ///< loopback, or the server's own address
  nearby,        ///< a public address close to the server's own or its router's: perhaps inside
  same_network,  ///< the server's outside address, or its own IPv6 /64
  not_public,    ///< an address that is not of the Internet: nearby, or hidden by something between
  router,        ///< the router's inner address: nearby, or from outside and masqueraded
};

/// What the server knows about one visitor.
struct page_facts {
  endpoint seen;                    ///< the visitor's end of the connection, as the server sees it
  endpoint local;                   ///< the server's end; its address is shown to nobody
  std::optional<endpoint> outside;  ///< where the IPv4 Internet finds the server, if it knows
  std::string version;
  std::string instance;
  std::optional<address> gateway{};  ///< the router's inner address; shown to nobody
  /// IPv6: the hop limit; with which the visitor's packet arrived. Empty: not known.
  std::optional<unsigned> ttl{};
  visitor_location location = visitor_location::perhaps;  ///< what the rest proves
};

/// One document that needs nothing else, in UTF-8: script and style are in it. Without JavaScript
/// everything but the echo test is there.
std::string to_html(const page_facts& facts);
/// The same statements as plain text; ends with a newline.
std::string to_text(const page_facts& facts);

/// The Content-Security-Policy for `to_html`: its own script and style by their hashes, requests to
/// its own server, and nothing else.
std::string_view page_policy();

}  // namespace natcheck
