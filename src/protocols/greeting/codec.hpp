// The greeting: how a client and a server of natcheck recognise each other. This is its line, and
// how it is read from a stream; datagram.hpp is about UDP. docs/protocol.md is its specification.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck::greeting {

inline constexpr std::string_view plain_question = "Hello, server!";
inline constexpr std::string_view plain_reply = "Hello, client!";

inline constexpr std::size_t max_line = 512;      ///< bytes of an extended greeting with its `\n`
inline constexpr std::size_t max_value = 64;      ///< bytes of one value
inline constexpr std::uint32_t max_echo = 65536;  ///< payload bytes a client may announce
inline constexpr std::size_t max_shown = 64;      ///< bytes kept of a service that is not natcheck

/// What a client says. Strings hold 1..64 printable ASCII characters without a space, or are
/// empty: then the key is not sent.
struct question {
  std::string session;                ///< the same for all handshakes of one run of the client
  std::string nonce;                  ///< new for every handshake
  std::optional<endpoint> to;         ///< the endpoint the client connected to
  std::optional<std::uint32_t> echo;  ///< payload bytes that follow; empty: until the client closes
  std::optional<std::uint32_t> seq = std::nullopt;  ///< numbers the datagrams of one run

  friend bool operator==(const question&, const question&) = default;
};

/// What a server answers. Strings as in `question`.
struct reply {
  std::string session;              ///< repeated from the question
  std::string nonce;                ///< repeated from the question
  std::optional<endpoint> seen;     ///< the client's endpoint as the server sees it
  std::string instance;             ///< tells one run of a server from another
  std::string version;              ///< of the server's software
  std::optional<translation> path;  ///< empty: the client did not say where it connected to
  std::optional<std::uint32_t> seq = std::nullopt;  ///< repeated from the question, over UDP
  std::optional<proximity> near = std::nullopt;     ///< whether the client is close to the server
  std::optional<std::uint32_t> ttl = std::nullopt;  ///< of the client's packet as it arrived

  friend bool operator==(const reply&, const reply&) = default;
};

/// The whole line, "Hello, server! natcheck/1 …\n". Endpoints go out without an IPv6 zone, and an
/// IPv4-mapped IPv6 address as the IPv4 address that it is.
std::string encode(const question& value);
std::string encode(const reply& value);

/// The line without its first 14 bytes, " natcheck/1 …\n": for a server that has already answered
/// `plain_reply` because the question came in pieces.
std::string encode_extension(const reply& value);

/// Whether a client that connected to `to` came to `local`, the server's end of the connection,
/// untranslated. IPv6 zones do not count, and IPv4-mapped addresses count as IPv4.
translation path_between(const endpoint& to, const endpoint& local);

/// What the bytes that have come so far amount to.
enum class reading {
  incomplete,  ///< fewer than 14 bytes, all of them the greeting's
  plain,       ///< the plain greeting; what may follow it is no extension, or has not come yet
  plain_more,  ///< the plain greeting, and an extension begun but not complete
  extended,    ///< the whole line; final
  foreign,     ///< not a greeting; final
  malformed,   ///< the plain greeting, and an extension that breaks the rules; final
};

/// Reads a greeting from bytes as they come. The result depends on the bytes alone, not on how
/// they were cut into segments. Holds at most `max_line` bytes, however many are fed.
template <class Message>
class reader {
 public:
  /// Takes the next bytes of the stream; returns the state after them.
  reading feed(std::string_view bytes);

  reading state() const { return state_; }
  /// The message once the state is `extended`; before that, a message with nothing in it.
  const Message& value() const { return value_; }
  /// The part of the last fed bytes that follows the extended line: echo payload. It is a view
  /// into what was passed to `feed`. Empty in every other state.
  std::string_view surplus() const { return surplus_; }
  /// The first bytes of the stream, at most 64, without the surplus: what a foreign service said.
  std::string_view seen_bytes() const;
  /// Why the extension is malformed, in words; empty in every other state.
  const cause& fault() const { return fault_; }

 private:
  bool settled() const;
  void take(char c);
  void finish_line();

  std::string received_;
  reading state_ = reading::incomplete;
  Message value_;
  std::string_view surplus_;
  cause fault_;
};

/// The server's side.
using question_reader = reader<question>;
/// The client's side.
using reply_reader = reader<reply>;

extern template class reader<question>;
extern template class reader<reply>;

/// What the server says of itself and of how it sees us.
void copy_facts(const reply& said, handshake_evidence& evidence);

}  // namespace natcheck::greeting
