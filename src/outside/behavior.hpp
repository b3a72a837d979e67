// How the NAT on the way maps and filters (RFC 4787), tested with one server that has two
// addresses (RFC 5780). IPv4 over UDP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// A server that answered, and what it answered.
struct behavior_server {
  std::string name;
  endpoint primary;  ///< where it answered
  endpoint other;    ///< its OTHER-ADDRESS
  millis rtt{0};     ///< measured; schedules are scaled to it
};

/// The server among `seen` that the tests can be made with: IPv4, UDP, answered, and its
/// OTHER-ADDRESS is public and neither its own address nor its own port (a server that says
/// otherwise would make every NAT look open). Empty with the reasons when there is none.
/// A private OTHER-ADDRESS is believed only of a server that is on a private address itself.
std::optional<behavior_server> choose_server(const std::vector<stun_evidence>& seen,
                                             std::vector<cause>& doubts);

/// Tests mapping, filtering, hairpin and port preservation at the same time. A positive answer ends
/// a test; a negative one takes a schedule that is scaled to the round trip and survives loss, and
/// counts only while the server is seen to answer ordinary questions. What could not be decided is
/// `not_tested`, with the reason in `doubts`. Fills everything but `lifetime`.
boost::asio::awaitable<nat_evidence> ask_behavior(behavior_server server, net::source from,
                                                  net::steady_time deadline);

/// Measures how long an idle binding lives, by RESPONSE-PORT (RFC 5780 section 7.5): many bindings
/// are made, and each is tried once, after its own idle time, so that the whole takes as long as
/// the binding lives. Writes into `into` (lifetime, doubts); `tell` hears what is waited for.
boost::asio::awaitable<void> measure_lifetime(behavior_server server, net::source from,
                                              std::function<void(std::string_view)> tell,
                                              nat_evidence& into, net::steady_time deadline);

}  // namespace natcheck::outside
