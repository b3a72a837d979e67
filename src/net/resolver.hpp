// Names to addresses, with an end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/endpoint.hpp>
#include <string>
#include <vector>

#include "net/sockets.hpp"

namespace natcheck::net {

/// The addresses of `host` in the order of RFC 6724; an address in text form is itself.
/// International names are UTF-8, and are asked for as RFC 5891 says.
///
/// getaddrinfo() cannot be cancelled. It runs on a thread of its own that is left behind when
/// `deadline` comes first, so neither the caller nor the end of the program waits for it (which
/// Asio's resolver would do).
asio::awaitable<result<std::vector<address>>> resolve(std::string host, steady_time deadline);

}  // namespace natcheck::net
