// The URLs that UPnP devices give. Whoever answers a search chooses this text, so it must not be
// able to send us to any other host.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/parsed.hpp"

namespace natcheck::ssdp {

/// An absolute http URL whose host is known by its address.
struct http_url {
  address host;
  std::uint16_t port = 80;  ///< host byte order, never 0
  std::string target;       ///< path and query, at least "/"; no fragment
  std::string name;         ///< of the host, where the URL has one in the place of an address

  friend bool operator==(const http_url&, const http_url&) = default;
};

/// "http://192.168.1.1:5000/rootDesc.xml"
std::string to_string(const http_url& value);

/// Accepts what `http::parse_url` does, where the host is `responder`, the one who sent this text,
/// as routers write its address (read_written_address). A name is the responder's own, whatever DNS
/// says of it, and so is 0.0.0.0: none but the responder is ever asked. The zone of a link-local
/// responder is taken over.
///
/// With `local`, an IPv6 address of this host, the host may be any on its link, since a router has
/// many addresses there.
parsed<http_url> check_location(std::string_view text, const address& responder,
                                const std::optional<address>& local = std::nullopt);

/// True for a link-local address, and for one of the same /64 as `local` (RFC 4291 section 2.5.1):
/// no packet to or from it passes a router.
bool on_link(const address& value, const address& local);

}  // namespace natcheck::ssdp
