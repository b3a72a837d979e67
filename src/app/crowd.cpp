#include "app/crowd.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace natcheck {
namespace {

using net::asio::awaitable;

/// Kept back for listeners, the gateway, and whatever else the process has open.
constexpr std::size_t spare_descriptors = 64;
constexpr std::size_t most_visitors = 16'384;

std::size_t visitor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return spare_descriptors;
  const auto descriptors = static_cast<std::size_t>(limit.rlim_cur);
  return std::min(descriptors - std::min(spare_descriptors, descriptors / 2), most_visitors);
}

}  // namespace

crowd::crowd(net::asio::any_io_executor executor, server_identity identity,
             std::function<void(const visit_end&)> on_end)
    : executor_(executor),
      identity_(std::move(identity)),
      on_end_(std::move(on_end)),
      limit_(visitor_limit()),
      left_(executor, net::steady_time::max()) {}

void crowd::move(guests::iterator who, guests& to) {
  to.splice(to.end(), *who->place, who);
  who->place = &to;
}

bool crowd::make_room() {
  guests& place = strangers_.size() >= greeted_.size() ? strangers_ : greeted_;
  if (place.empty()) return false;
  net::error_code ignored;
  place.front().socket.close(ignored);
  move(place.begin(), leaving_);
  return true;
}

void crowd::admit(net::tcp::socket socket) {
  if (dismissed_) return;  // the socket closes here
  if (size() >= limit_) make_room();
  strangers_.push_back({std::move(socket), &strangers_});
  net::asio::co_spawn(executor_, host(std::prev(strangers_.end())), [](std::exception_ptr fault) {
    if (fault) std::rethrow_exception(fault);
  });
}

awaitable<void> crowd::host(guests::iterator who) {
  const auto self = shared_from_this();
  const auto on_greeted = [self, who] {
    if (who->place == &self->strangers_) self->move(who, self->greeted_);
  };
  const visit_end end = co_await attend(who->socket, identity_, on_greeted);
  // A stranger who is still at the door when everybody has to go was not turned away.
  if (!dismissed_ || std::holds_alternative<events::greeted>(end)) on_end_(end);
  who->place->erase(who);
  left_.cancel();
}

awaitable<void> crowd::dismiss() {
  dismissed_ = true;
  net::error_code ignored;
  for (guests* place : {&strangers_, &greeted_, &leaving_}) {
    for (guest& who : *place) who.socket.close(ignored);
  }
  while (size() > 0) co_await left_.async_wait(net::as_result);
}

}  // namespace natcheck
