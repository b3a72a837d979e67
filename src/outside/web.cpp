#include "outside/web.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "net/http.hpp"
#include "net/resolver.hpp"
#include "outside/servers.hpp"
#include "protocols/http/url.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

// Whoever has not answered by then is as good as gone; a person is waiting.
constexpr std::chrono::milliseconds total_time{1500};
constexpr std::size_t longest_location = 256;
constexpr unsigned no_content = 204;

/// The server's address of the family that `from` has. A name is to lead outside, as that of a STUN
/// server.
awaitable<result<endpoint>> find_server(const http::url& page, const net::source& from,
                                        net::steady_time deadline, web_evidence& seen) {
  const auto addresses = co_await net::resolve(page.host, deadline);
  if (!addresses) co_return addresses.error();
  const operation resolving{operation_code::resolving, page.host};
  const auto usable = std::find_if(addresses->begin(), addresses->end(), [&](const address& each) {
    return each.is_v4() == from.local.is_v4();
  });
  if (usable == addresses->end()) {
    const cause why{cause_code::web_host_without_address, from.local.is_v4() ? 4 : 6};
    co_return failure{outcome::unresolved, resolving, why, 0};
  }
  boost::system::error_code no_literal;
  boost::asio::ip::make_address(page.host, no_literal);
  if (no_literal && cannot_be_outside(*usable)) {
    seen.diverted_to = *usable;
    co_return failure{outcome::unresolved, resolving, describe_diversion(*usable), 0};
  }
  co_return endpoint{*usable, page.port};
}

awaitable<result<net::http_reply>> fetch(const http::url& page, const net::source& from,
                                         net::steady_time deadline, web_evidence& seen) {
  const auto server = co_await find_server(page, from, deadline, seen);
  if (!server) co_return server.error();
  seen.resolved = true;
  net::http_request request;
  request.target = page.target;
  request.host = http::host_header(page.host, page.port);
  request.user_agent = "natcheck";
  // The header alone tells, and portals are known to leave the body open.
  const net::http_bounds bounds{0, deadline};
  const operation asking{operation_code::asking_for_page, *server, request.host};
  co_return co_await net::http_exchange(*server, from, std::move(request), bounds, asking);
}

void compare(net::http_reply reply, web_evidence& seen) {
  seen.result = reply.status == no_content ? web_result::expected : web_result::intercepted;
  seen.status = reply.status;
  seen.location = std::move(reply.location);
  if (seen.location) seen.location->resize(std::min(seen.location->size(), longest_location));
}

}  // namespace

bool is_web_page(const std::string& url) { return http::parse_url(url).has_value(); }

awaitable<web_evidence> check_web(std::string url, net::source from, net::steady_time deadline) {
  web_evidence seen;
  seen.url = url;
  seen.result = web_result::failed;
  const auto page = http::parse_url(url);
  if (!page) {
    seen.detail = {cause_code::web_url_unusable, page.error().reason};
    co_return seen;
  }
  const auto end = std::min(deadline, std::chrono::steady_clock::now() + total_time);
  auto reply = co_await fetch(*page, from, end, seen);
  if (reply) {
    compare(*std::move(reply), seen);
  } else if (seen.diverted_to) {
    seen.result = web_result::not_tried;
    seen.detail = describe_diversion(*seen.diverted_to);
  } else if (std::chrono::steady_clock::now() >= deadline) {
    seen.result = web_result::not_tried;
    seen.detail = cause_code::not_answered_in_time;
  } else {
    seen.detail = cause_of(reply.error());
  }
  co_return seen;
}

}  // namespace natcheck::outside
