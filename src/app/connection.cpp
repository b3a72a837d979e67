#include "app/connection.hpp"

#include <algorithm>
#include <string>

namespace natcheck {
namespace {

using net::tcp;
using net::asio::awaitable;

/// How long the visitor's goodbye may take after an answer.
constexpr std::chrono::seconds linger{2};

}  // namespace

connection::connection(tcp::socket socket, const endpoint& peer, shared_buffer& buffer)
    : socket_(std::move(socket)), buffer_(buffer), peer_(peer) {
  net::error_code error;
  // What was waited for is there: reading it must not wait again if it is gone meanwhile.
  socket_.non_blocking(true, error);
  socket_.set_option(tcp::no_delay(true), error);
}

endpoint connection::local() const {
  net::error_code error;
  const auto local = socket_.local_endpoint(error);
  return {local.address(), local.port()};
}

/// No timer for each wait: the crowd looks at all deadlines at once.
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
  const auto until = from_now(linger);
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
  hung_up_ = true;
  net::error_code ignored;
  socket_.close(ignored);
}

}  // namespace natcheck
