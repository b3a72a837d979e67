// The greeting over UDP: one datagram asks, one answers, and the answer is never the longer one.
// docs/protocol.md is its specification.
#pragma once

#include <string>
#include <string_view>

#include "protocols/greeting/codec.hpp"
#include "protocols/parsed.hpp"

namespace natcheck::greeting {

/// The longest datagram that natcheck's client sends: it fits, with its headers, into the smallest
/// packet that IPv6 guarantees (1280 bytes, RFC 8200 section 5), so nothing cuts it into fragments.
inline constexpr std::size_t max_sent_datagram = 1200;
/// The longest datagram that a server reads.
inline constexpr std::size_t max_read_datagram = 2048;

/// A well-formed question.
struct datagram_question {
  bool plain = false;  ///< the 14 bytes and nothing else: `asked` is empty
  question asked;
  std::string_view payload;  ///< a view into the datagram; as long as `asked.echo` says
};

/// Reads a datagram that came to a server. The fault tells what it is instead: "is empty".
parsed<datagram_question> parse_question(std::string_view datagram);

/// The whole line, padded to `least` bytes or a few more: the answer may be as long. `least` has to
/// stay well below `max_line`.
std::string encode_padded(const question& value, std::size_t least);

/// The whole line with at most `most` bytes. Where there is no room, ttl, version, path, instance,
/// near and seen go, in this order. What is left repeats the question alone, and so always fits
/// into it.
std::string encode_within(reply value, std::size_t most);

}  // namespace natcheck::greeting
