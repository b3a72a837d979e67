// The sets and maps of nftables (nft(8)) that rules look ports up in. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/route_messages.hpp"

namespace natcheck::arrivals {

/// One element: a key, or all from the first to the last one. Parts of a concatenated key are
/// padded to four bytes each, as they are in registers.
struct nft_element {
  net::message first, last;
  net::message data;       ///< of a map
  std::string chain;       ///< of a verdict map: where it leads; empty: nowhere else
  bool catch_all = false;  ///< stands for every key that no other element has
};

/// The bytes of an element's key from `at` on.
struct part_of_key {
  const nft_element& element;
  std::size_t at = 0;

  /// Whether the element holds that value there, which is in network order. Also where the key is
  /// too short to tell.
  bool holds(std::span<const std::byte> value) const;
  bool holds_port(std::uint16_t port) const;
  bool holds_address(const address& ip, bool ipv6) const;
};

/// NFT_MSG_NEWSET, and its elements.
struct nft_set {
  std::uint8_t family = 0;  ///< NFPROTO_*
  std::string table, name;
  std::size_t key_length = 0;  ///< bytes
  std::vector<nft_element> elements;
};

/// NFT_MSG_GETSETELEM for the elements of one set. Sequence number and port id are left 0.
net::message elements_request(const nft_set& set);

/// Takes one whole message. Empty for another type, and for what is cut short.
std::optional<nft_set> parse_set(net::message_view bytes);

/// The elements in all of the messages that answer elements_request(). In a set of intervals the
/// kernel keeps the beginning and the end of each apart: they are put together.
std::vector<nft_element> parse_elements(const std::vector<net::message>& answer);

}  // namespace natcheck::arrivals
