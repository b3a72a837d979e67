// Asks the server from this machine itself, to tell a fault here from one on the way.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/server_evidence.hpp>
#include <optional>
#include <string>

namespace natcheck::serving {

/// Greets the server on `port` over loopback, at the address `lan`, and at its `outside`
/// address where that is another one, side by side; takes 2 s at most. Who answers with another
/// instance than over loopback is another server: `other_service`.
///
/// `session` is the one of these greetings, by which the server knows them.
boost::asio::awaitable<self_test_evidence> test_self(transport protocol, std::uint16_t port,
                                                     std::optional<address> lan,
                                                     std::optional<endpoint> outside,
                                                     std::string session);

}  // namespace natcheck::serving
