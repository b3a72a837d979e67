// The single tests of RFC 5780, each on sockets of its own, so that they can run side by side.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "outside/behavior.hpp"
#include "outside/behavior_rules.hpp"
#include "outside/stun_port.hpp"

namespace natcheck::outside {

/// What all tests share. Outlives them.
struct behavior_bench {
  behavior_server server;
  net::source from;
  std::vector<seen_socket> sockets;  ///< every socket that was answered
  bool slowly = false;               ///< for a network that lets few packets pass
};

/// Whether the server answers an ordinary question from a port of its own.
net::asio::awaitable<bool> answers_anew(behavior_bench& bench);

/// Section 4.3: one socket, and how three of the server's endpoints see it, all asked at once.
net::asio::awaitable<mapping_seen> test_mapping(behavior_bench& bench);

/// Section 4.4: whether an answer gets through from where the socket has sent nothing to.
net::asio::awaitable<change_test> test_filtering(behavior_bench& bench, stun::change from_where);

/// RFC 4787 section 6: two sockets send to each other's mapped endpoint. Both do, since a filter
/// would keep out what comes from where nothing was sent to.
net::asio::awaitable<hairpin_test> test_hairpin(behavior_bench& bench);

}  // namespace natcheck::outside
