#include "server/connection_table.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "core/canonical.hpp"

namespace natcheck::serving {
namespace {

using net::asio::awaitable;

/// Kept back for listeners, the gateway, and whatever else the process has open.
constexpr std::size_t spare_descriptors = 64;
constexpr std::size_t most_visitors = 16'384;
constexpr rlim_t most_descriptors = 65'536;

/// How often deadlines are looked at: what ends after 10 s may last this much longer.
constexpr std::chrono::milliseconds tick{250};

/// Shells give 1024, of habit; a server may have what the system allows.
rlim_t raised_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return spare_descriptors;
  const rlim_t wanted = std::max(limit.rlim_cur, std::min(limit.rlim_max, most_descriptors));
  rlimit raised{wanted, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? wanted : limit.rlim_cur;
}

std::size_t visitor_limit() {
  const auto descriptors = static_cast<std::size_t>(raised_descriptor_limit());
  return std::min(descriptors - std::min(spare_descriptors, descriptors / 2), most_visitors);
}

/// Many people may share one address, and no address takes the house for itself.
std::size_t limit_from_one_source(std::size_t limit) {
  return std::max<std::size_t>(16, limit / 8);
}

}  // namespace

crowd::crowd(net::asio::any_io_executor executor, server_identity identity,
             std::function<void(const visit_end&)> on_end)
    : executor_(executor),
      identity_(std::move(identity)),
      on_end_(std::move(on_end)),
      limit_(visitor_limit()),
      source_limit_(limit_from_one_source(limit_)),
      clock_(executor),
      left_(executor) {}

std::size_t crowd::size() const {
  return houses_[0].size() + houses_[1].size() + houses_[2].size();
}

void crowd::leave_source(guests::iterator who) {
  source& from = who->from->second;
  if (who->where == place::strangers) from.strangers.erase(who->among_its_own);
  if (who->where == place::greeted) from.greeted.erase(who->among_its_own);
  if (from.strangers.empty() && from.greeted.empty()) sources_.erase(who->from);
}

void crowd::move(guests::iterator who, place to) {
  in(to).splice(in(to).end(), in(who->where), who);
  who->where = to;
}

void crowd::welcome(guests::iterator who) {
  if (who->where != place::strangers) return;
  source& from = who->from->second;
  from.greeted.splice(from.greeted.end(), from.strangers, who->among_its_own);
  move(who, place::greeted);
}

void crowd::hang_up_on(guests::iterator who) {
  leave_source(who);
  move(who, place::leaving);
  who->line.hang_up();
}

bool crowd::make_room() {
  guests& strangers = in(place::strangers);
  guests& greeted = in(place::greeted);
  guests& from = strangers.size() >= greeted.size() ? strangers : greeted;
  if (from.empty()) return false;
  hang_up_on(from.begin());
  return true;
}

void crowd::make_room_from(source& from) {
  hang_up_on(from.strangers.empty() ? from.greeted.front() : from.strangers.front());
}

void crowd::start(awaitable<void> work) {
  net::asio::co_spawn(executor_, std::move(work), [](std::exception_ptr fault) {
    if (fault) std::rethrow_exception(fault);
  });
}

void crowd::admit(net::tcp::socket socket, const endpoint& peer) {
  if (dismissed_) return;  // the socket closes here
  connection line(std::move(socket), peer, buffer_);
  if (on_accepted_) on_accepted_(line.peer());
  const address site = site_of(line.peer().ip);
  const auto known = sources_.find(site);
  if (known != sources_.end() &&
      known->second.strangers.size() + known->second.greeted.size() >= source_limit_) {
    make_room_from(known->second);
  } else if (size() >= limit_) {
    make_room();
  }
  guests& strangers = in(place::strangers);
  const auto from = sources_.try_emplace(site).first;
  const auto who = strangers.insert(strangers.end(), guest{std::move(line), from});
  who->among_its_own = from->second.strangers.insert(from->second.strangers.end(), who);
  start(host(who));
  if (!std::exchange(keeping_time_, true)) start(keep_time());
}

awaitable<void> crowd::host(guests::iterator who) {
  const auto self = shared_from_this();
  const auto on_greeted = [self, who] { self->welcome(who); };
  const visit_end end = co_await attend(who->line, identity_, on_greeted);
  // A stranger who is still at the door when everyone has to go was not turned away.
  if (!dismissed_ || std::holds_alternative<events::greeted>(end)) on_end_(end);
  if (who->where != place::leaving) leave_source(who);
  in(who->where).erase(who);
  left_.set();
}

/// One timer for everyone: a timer for each wait costs more than the wait.
awaitable<void> crowd::keep_time() {
  const auto self = shared_from_this();
  while (size() > 0 && !dismissed_) {
    clock_.expires_after(tick);
    co_await net::expiry(clock_);
    const auto now = std::chrono::steady_clock::now();
    for (guests& all : houses_) {
      for (guest& who : all) who.line.keep_time(now);
    }
  }
  keeping_time_ = false;
  left_.set();
}

awaitable<void> crowd::dismiss() {
  dismissed_ = true;
  clock_.cancel();
  for (guests& all : houses_) {
    for (guest& who : all) who.line.hang_up();
  }
  while (size() > 0 || keeping_time_) {
    left_.reset();
    co_await left_.wait();
  }
}

}  // namespace natcheck::serving
