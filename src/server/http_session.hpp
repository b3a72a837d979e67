// The server's side of a visit by HTTP: requests one after the other, each with an end.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "server/greeting_session.hpp"

namespace natcheck::serving {

/// Whether `bytes`, the first ones of a connection, begin a request line of HTTP or may still
/// become one: a method of RFC 9110 or PATCH, and a space.
bool may_be_http(std::string_view bytes);

/// Serves the page and the echo. `opening` is what was read already. The visitor is greeted when a
/// request of its was granted; one whose requests were all refused is rejected.
net::asio::awaitable<session_result> attend_http(connection& line, const server_identity& identity,
                                                 std::string opening,
                                                 std::function<void()> on_greeted);

}  // namespace natcheck::serving
