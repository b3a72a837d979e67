#include "server/connection.hpp"

#include <algorithm>
#include <string>

#include "net/acknowledged.hpp"
#include "net/saved_syn.hpp"

namespace natcheck::serving {
namespace {

using net::tcp;
using net::asio::awaitable;

/// How long the visitor's goodbye may take after an answer.
constexpr std::chrono::seconds farewell_time{2};

/// Between two looks at what has been acknowledged.
constexpr std::chrono::milliseconds first_pause{5};
constexpr std::chrono::milliseconds last_pause{100};

}  // namespace

connection::connection(tcp::socket socket, const endpoint& peer, shared_buffer& buffer)
    : socket_(std::move(socket)),
      buffer_(buffer),
      peer_(peer),
      ttl_of_request_(net::ttl_of_request(socket_.native_handle())) {
  net::error_code error;
  // What was waited for is there: reading it must not wait again if it is gone meanwhile.
  socket_.non_blocking(true, error);
  socket_.set_option(tcp::no_delay(true), error);
}

/// Of a kernel that does not tell all is taken for acknowledged.
bool connection::is_acknowledged() const {
  if (hung_up_) return was_acknowledged_;
  // native_handle() is not const, and reading TCP_INFO changes nothing.
  const int descriptor = const_cast<tcp::socket&>(socket_).native_handle();
  return net::acknowledged_bytes(descriptor).value_or(marked_) >= marked_;
}

/// Nearly everyone has by now, having gone after reading the answer; for others there is no event
/// to wait for.
awaitable<bool> connection::acknowledged() {
  const auto until = from_now(farewell_time);
  for (auto pause = first_pause; !is_acknowledged(); pause = std::min(2 * pause, last_pause)) {
    const bool torn_down = ended_ && ended_ != net::asio::error::eof;
    if (torn_down || hung_up_ || std::chrono::steady_clock::now() >= until) co_return false;
    co_await net::wait_for(pause);
  }
  co_return true;
}

endpoint connection::local() const {
  net::error_code error;
  const auto local = socket_.local_endpoint(error);
  return {local.address(), local.port()};
}

/// No timer for each wait: the connection table looks at all deadlines at once.
awaitable<bool> connection::wait(tcp::socket::wait_type what, net::steady_time until) {
  deadline_ = std::min(until, opened_ + visit_limit);
  late_ = false;
  const auto [error] = co_await socket_.async_wait(what, net::as_result);
  deadline_ = net::steady_time::max();
  ended_ = late_ ? net::error_code{} : error;
  co_return !error;
}

awaitable<bool> connection::receive(net::steady_time until) {
  received_ = {};
  for (;;) {
    const bool ready = co_await wait(tcp::socket::wait_read, until);
    if (!ready) co_return false;
    const auto length = socket_.read_some(net::asio::buffer(buffer_), ended_);
    if (ended_ == net::asio::error::would_block) continue;
    received_ = std::string_view(buffer_.data(), length);
    co_return !ended_;
  }
}

awaitable<bool> connection::send(std::string_view bytes) {
  net::error_code error;
  sent_ += bytes.size();
  std::size_t sent = socket_.write_some(net::asio::buffer(bytes), error);
  if (!error && sent == bytes.size()) co_return true;
  const std::string rest(bytes.substr(sent));
  const auto until = from_now(idle_limit);
  for (sent = 0; !error || error == net::asio::error::would_block;) {
    const bool ready = co_await wait(tcp::socket::wait_write, until);
    if (!ready) co_return false;
    sent += socket_.write_some(net::asio::buffer(rest) + sent, error);
    if (sent == rest.size()) co_return true;
  }
  co_return false;
}

awaitable<void> connection::part(std::size_t most) {
  net::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  const auto until = from_now(farewell_time);
  std::size_t drained = 0;
  while (!ended_ && drained <= most) {
    const bool more = co_await receive(until);
    if (!more) break;
    drained += received_.size();
  }
}

void connection::keep_time(net::steady_time now) {
  if (now < deadline_) return;
  late_ = true;
  net::error_code ignored;
  socket_.cancel(ignored);
}

void connection::hang_up() {
  const bool acknowledged = is_acknowledged();
  hung_up_ = true;
  was_acknowledged_ = acknowledged;
  net::error_code ignored;
  socket_.close(ignored);
}

}  // namespace natcheck::serving
