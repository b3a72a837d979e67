// Addresses in the text of routers, which write them in many ways.
#pragma once

#include <natcheck/cause.hpp>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string_view>

namespace natcheck {

/// The address that a router means with `text`: white space and quotes around it, zeros before a
/// number ("005.005.005.005", never octal), and a port or a prefix length behind it are passed
/// over. An IPv6 address may stand in brackets and comes without its zone; an IPv4-mapped one is
/// IPv4. Empty for everything else; nothing is resolved.
std::optional<address> read_written_address(std::string_view text);

/// Why an external address that the IPv4 gateway at `gateway` wrote as `text` cannot be one
/// (external_address_impossible). None where it can, and where the text names none (empty,
/// 0.0.0.0).
cause doubt_external_address(std::string_view text, const address& gateway);

/// What a router may write around a value: white space, control characters and quotes cut off.
std::string_view bare(std::string_view text);

}  // namespace natcheck
