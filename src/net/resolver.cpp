#include "net/resolver.hpp"

#include <locale.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <thread>

namespace natcheck::net {
namespace {

/// What the thread and the coroutine share. The thread posts to the executor only while the
/// coroutine is waiting, since afterwards the executor may be gone.
struct lookup {
  std::mutex guard;
  asio::steady_timer* waiter = nullptr;
  int status = EAI_AGAIN;
  std::vector<address> addresses;
};

address address_of(const addrinfo& info) {
  if (info.ai_family == AF_INET6) {
    sockaddr_in6 raw;
    std::memcpy(&raw, info.ai_addr, sizeof raw);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &raw.sin6_addr, bytes.size());
    return asio::ip::address_v6(bytes, raw.sin6_scope_id);
  }
  sockaddr_in raw;
  std::memcpy(&raw, info.ai_addr, sizeof raw);
  return asio::ip::address_v4(ntohl(raw.sin_addr.s_addr));
}

bool is_ascii(const std::string& text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// International names (RFC 5890) are UTF-8 here, whatever the locale; AI_IDN goes by the locale,
/// which this sets for the calling thread alone, until it is destroyed.
class utf8_thread {
 public:
  utf8_thread()
      : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{})),
        before_(::uselocale(utf8_ != locale_t{} ? utf8_ : LC_GLOBAL_LOCALE)) {}
  utf8_thread(const utf8_thread&) = delete;
  utf8_thread& operator=(const utf8_thread&) = delete;
  ~utf8_thread() {
    ::uselocale(before_);
    if (utf8_ != locale_t{}) ::freelocale(utf8_);
  }

 private:
  locale_t utf8_, before_;
};

void look_up(const std::shared_ptr<lookup>& shared, const std::string& host) {
  const utf8_thread international;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  if (!is_ascii(host)) hints.ai_flags = AI_IDN;
  addrinfo* found = nullptr;
  const int status = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  std::vector<address> addresses;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    addresses.push_back(address_of(*info));
  }
  if (found != nullptr) ::freeaddrinfo(found);
  const std::scoped_lock lock(shared->guard);
  shared->status = status;
  shared->addresses = std::move(addresses);
  if (shared->waiter == nullptr) return;
  asio::post(shared->waiter->get_executor(), [shared] {
    if (shared->waiter != nullptr) shared->waiter->cancel();
  });
}

failure unresolved(const std::string& host, cause detail) {
  return {outcome::unresolved, operation(operation_code::resolving, host), std::move(detail), 0};
}

/// Ends the sharing when the coroutine ends, however it ends.
struct waiting {
  waiting(std::shared_ptr<lookup> shared_lookup, asio::steady_timer& timer)
      : shared(std::move(shared_lookup)) {
    shared->waiter = &timer;
  }
  waiting(const waiting&) = delete;
  waiting& operator=(const waiting&) = delete;
  ~waiting() {
    const std::scoped_lock lock(shared->guard);
    shared->waiter = nullptr;
  }
  std::shared_ptr<lookup> shared;
};

}  // namespace

asio::awaitable<result<std::vector<address>>> resolve(std::string host, steady_time deadline) {
  error_code error;
  const address literal = asio::ip::make_address(host, error);
  if (!error) co_return std::vector{literal};
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  const waiting wait(std::make_shared<lookup>(), timer);
  std::thread(look_up, wait.shared, host).detach();
  const auto [ended] = co_await timer.async_wait(as_result);
  co_await unless_cancelled();
  if (!ended) co_return unresolved(host, cause_code::lookup_timed_out);
  const std::scoped_lock lock(wait.shared->guard);
  if (wait.shared->status != 0) {
    co_return unresolved(host, cause(cause_code::quoted, ::gai_strerror(wait.shared->status)));
  }
  co_return wait.shared->addresses;
}

}  // namespace natcheck::net
