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

/// Many people may share one address, and no address takes the whole table.
std::size_t limit_from_one_source(std::size_t limit) {
  return std::max<std::size_t>(16, limit / 8);
}

}  // namespace

connection_table::connection_table(net::asio::any_io_executor executor, server_identity identity,
                                   std::function<void(const session_result&)> on_end)
    : executor_(executor),
      identity_(std::move(identity)),
      on_end_(std::move(on_end)),
      limit_(visitor_limit()),
      source_limit_(limit_from_one_source(limit_)),
      closed_(executor),
      left_(executor) {}

std::size_t connection_table::size() const {
  return by_state_[0].size() + by_state_[1].size() + by_state_[2].size();
}

void connection_table::forget_source(sessions::iterator who) {
  source& from = who->from->second;
  if (who->where == session_state::pending) from.pending.erase(who->in_source);
  if (who->where == session_state::established) from.established.erase(who->in_source);
  if (from.pending.empty() && from.established.empty()) sources_.erase(who->from);
}

void connection_table::move(sessions::iterator who, session_state to) {
  in(to).splice(in(to).end(), in(who->where), who);
  who->where = to;
}

void connection_table::establish(sessions::iterator who) {
  if (who->where != session_state::pending) return;
  source& from = who->from->second;
  from.established.splice(from.established.end(), from.pending, who->in_source);
  move(who, session_state::established);
}

void connection_table::evict(sessions::iterator who) {
  forget_source(who);
  move(who, session_state::closing);
  who->line.hang_up();
}

bool connection_table::evict_one() {
  sessions& pending = in(session_state::pending);
  sessions& established = in(session_state::established);
  sessions& from = pending.size() >= established.size() ? pending : established;
  if (from.empty()) return false;
  evict(from.begin());
  return true;
}

void connection_table::evict_one_from(source& from) {
  evict(from.pending.empty() ? from.established.front() : from.pending.front());
}

void connection_table::start(awaitable<void> work) {
  net::asio::co_spawn(executor_, std::move(work), [](std::exception_ptr fault) {
    if (fault) std::rethrow_exception(fault);
  });
}

void connection_table::admit(net::tcp::socket socket, const endpoint& peer) {
  if (closed_.is_set()) return;  // the socket closes here
  connection line(std::move(socket), peer, buffer_);
  if (on_accepted_) on_accepted_(line.peer());
  const address site = site_of(line.peer().ip);
  const auto known = sources_.find(site);
  if (known != sources_.end() &&
      known->second.pending.size() + known->second.established.size() >= source_limit_) {
    evict_one_from(known->second);
  } else if (size() >= limit_) {
    evict_one();
  }
  sessions& pending = in(session_state::pending);
  const auto from = sources_.try_emplace(site).first;
  const auto who = pending.insert(pending.end(), session{std::move(line), from});
  who->in_source = from->second.pending.insert(from->second.pending.end(), who);
  start(host(who));
  if (!std::exchange(keeping_time_, true)) start(keep_time());
}

awaitable<void> connection_table::host(sessions::iterator who) {
  const auto self = shared_from_this();
  const auto on_greeted = [self, who] { self->establish(who); };
  const session_result end = co_await attend(who->line, identity_, on_greeted);
  // A session that is still pending when all are closed was not rejected.
  if (!closed_.is_set() || std::holds_alternative<events::greeted>(end)) on_end_(end);
  if (who->where != session_state::closing) forget_source(who);
  in(who->where).erase(who);
  left_.set();
}

/// One timer for everyone: a timer for each wait costs more than the wait.
awaitable<void> connection_table::keep_time() {
  const auto self = shared_from_this();
  while (size() > 0 && !closed_.is_set()) {
    co_await net::with_deadline(std::chrono::steady_clock::now() + tick, closed_.wait());
    const auto now = std::chrono::steady_clock::now();
    for (sessions& all : by_state_) {
      for (session& who : all) who.line.keep_time(now);
    }
  }
  keeping_time_ = false;
  left_.set();
}

awaitable<void> connection_table::close_all() {
  closed_.set();
  for (sessions& all : by_state_) {
    for (session& who : all) who.line.hang_up();
  }
  while (size() > 0 || keeping_time_) {
    left_.reset();
    co_await left_.wait();
  }
}

}  // namespace natcheck::serving
