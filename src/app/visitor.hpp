// The server's side of one greeting (docs/protocol.md).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/serve.hpp>
#include <string>
#include <variant>

#include "net/sockets.hpp"

namespace natcheck {

/// Who the server says it is.
struct server_identity {
  std::string instance;  ///< random; tells this run from another
  std::string version;
};

/// How a visit ended. A visitor that was greeted has been answered, whatever it did afterwards.
using visit_end = std::variant<events::greeted, events::rejected>;

/// Greets and echoes until the visitor has what it came for, breaks the rules, or is too slow:
/// 10 s without a byte, or 60 s in all. `on_greeted` is called once, as soon as it is known to be
/// no stranger. `socket` must outlive the awaiting; closing it ends the visit.
net::asio::awaitable<visit_end> attend(net::tcp::socket& socket, const server_identity& identity,
                                       std::function<void()> on_greeted);

}  // namespace natcheck
