// The server's side of one visit: the greeting (docs/protocol.md), or the page.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <natcheck/serve.hpp>
#include <natcheck/visit_page.hpp>
#include <optional>
#include <string>
#include <variant>

#include "net/vicinity.hpp"
#include "server/connection.hpp"

namespace natcheck::serving {

/// Who the server says it is.
struct server_identity {
  std::string instance;  ///< random; tells this run from another
  std::string version;
  /// Where the IPv4 Internet finds it, if that is known; may change while it runs.
  std::optional<endpoint> outside{};
  std::optional<address> gateway{};  ///< of IPv4
  /// Which visitors are close; shared by all that greet. Empty: no one is told.
  std::shared_ptr<net::vicinity> vicinity{};
};

/// What the server knows of a visitor on that line.
page_facts facts_of(const connection& line, const server_identity& identity);

/// How a visit ended. A visitor that was greeted has acknowledged the answer, whatever it did
/// afterwards.
using session_result = std::variant<events::greeted, events::rejected>;

/// Of a visitor who was answered, and from whom nothing came back: no proof that it was reached.
events::rejected never_acknowledged(const connection& line);

/// Greets and echoes, or serves the page, until the visitor has what it came for, breaks the rules,
/// or is too slow: 10 s without a byte, or 60 s in all. `on_greeted` is called once, as soon as it
/// is known to be no stranger. `line` must outlive the awaiting; hanging up ends the visit.
net::asio::awaitable<session_result> attend(connection& line, const server_identity& identity,
                                            std::function<void()> on_greeted);

}  // namespace natcheck::serving
