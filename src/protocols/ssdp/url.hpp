// The URLs that UPnP devices hand out. Whoever answers a search chooses this text, so it must not
// be able to send us to any other host.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <string>
#include <string_view>

#include "protocols/parsed.hpp"

namespace natcheck::ssdp {

inline constexpr std::size_t max_url = 4096;  ///< bytes

/// An absolute http URL whose host is known by its address.
struct http_url {
  address host;
  std::uint16_t port = 80;  ///< host byte order, never 0
  std::string target;       ///< path and query, at least "/"; no fragment
  std::string host_text;    ///< for the Host header: "192.168.1.1:5000", without a port 80
  std::string name;         ///< of the host, where the URL has one in the place of an address

  friend bool operator==(const http_url&, const http_url&) = default;
};

/// An http URL cut into pieces, whoever its host is. The pieces point into the text.
struct url_parts {
  std::string_view host;  ///< without brackets, not looked at
  std::string_view port;  ///< without the colon, not looked at; empty when there is none
  bool bracketed = false;
  std::string target;  ///< path and query, at least "/"; no fragment
};

/// Accepts http alone, no user name, and no control characters. Spaces and what is not ASCII are
/// percent-encoded in the target (RFC 3986 section 2.1).
parsed<url_parts> split_url(std::string_view text);

/// The port of a URL; 80 when the text is empty.
parsed<std::uint16_t> parse_port(std::string_view text);

/// "http://192.168.1.1:5000/rootDesc.xml"
std::string to_string(const http_url& value);

/// Accepts what `split_url` does with a literal IPv4 or [IPv6] address and no zone. Names are
/// refused: resolving one is a way to another host.
parsed<http_url> parse_url(std::string_view text);

/// `parse_url`, and the host must be `responder`, the one who sent this text, as routers write its
/// address (read_written_address). A name is the responder's own, whatever DNS says of it, and so
/// is 0.0.0.0: none but the responder is ever asked. The zone of a link-local responder is taken
/// over.
parsed<http_url> check_location(std::string_view text, const address& responder);

/// True for a link-local address, and for one of the same /64 as `local` (RFC 4291 section 2.5.1):
/// no packet to or from it passes a router.
bool on_link(const address& value, const address& local);

/// The same for IPv6, where a router goes by many addresses: the host may be any on the link of
/// `local`, an address of this host. A link-local one gets the zone of `gateway`, which a name
/// stands for.
parsed<http_url> check_neighbor(std::string_view text, const address& gateway,
                                const address& local);

}  // namespace natcheck::ssdp
