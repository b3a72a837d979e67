#include "net/sockets.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <natcheck/causes.hpp>
#include <utility>

namespace natcheck::net {
namespace {

outcome outcome_of(const error_code& error) {
  namespace errc = boost::system::errc;
  static const std::pair<int, outcome> table[] = {
      {errc::connection_refused, outcome::refused},
      {errc::timed_out, outcome::timed_out},
      {errc::network_unreachable, outcome::unreachable},
      {errc::host_unreachable, outcome::unreachable},
      {EHOSTDOWN, outcome::unreachable},
      {ENONET, outcome::unreachable},
      {errc::network_down, outcome::unreachable},
      {errc::connection_reset, outcome::reset},
      {errc::connection_aborted, outcome::reset},
      {errc::broken_pipe, outcome::reset},
      {errc::operation_not_permitted, outcome::denied},
      {errc::permission_denied, outcome::denied},
      {errc::operation_canceled, outcome::cancelled},
  };
  for (const auto& [number, kind] : table) {
    if (error.value() == number) return kind;
  }
  if (error == asio::error::eof) return outcome::reset;
  return outcome::unavailable;
}

cause cause_of_error(const error_code& error) {
  static constexpr std::pair<int, cause_code> table[] = {
      {ECONNREFUSED, cause_code::nothing_listens},
      {ENETUNREACH, cause_code::no_route_to_network},
      {EHOSTUNREACH, cause_code::host_unreachable},
      {EPERM, cause_code::forbidden_by_firewall},
      {EACCES, cause_code::no_permission},
      {EADDRINUSE, cause_code::address_in_use},
      {EADDRNOTAVAIL, cause_code::no_such_local_address},
      {EMFILE, cause_code::too_many_connections},
      {ENFILE, cause_code::too_many_files},
      {EAFNOSUPPORT, cause_code::ip_version_off},
  };
  for (const auto& [number, code] : table) {
    if (error.value() == number) return code;
  }
  if (error == asio::error::eof) return cause_code::closed_by_other_side;
  return {cause_code::quoted, error.message()};
}

void bind_address(udp::socket& socket, const address& local, error_code& error) {
  socket.bind({local, 0}, error);
}

void bind_address(tcp::socket& socket, const address& local, error_code& error) {
  if (local.is_unspecified()) return;
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  socket.bind({local, 0}, error);
}

/// Makes an open socket ready for asynchronous use, on the egress route that was chosen.
template <class Socket>
void prepare(Socket& socket, const source& from, error_code& error) {
  socket.non_blocking(true, error);
  if (error) return;
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  keep_on_interface(socket.native_handle(), from.interface);
  bind_address(socket, from.local, error);
}

/// Whatever the port, it was the kernel's choice.
failure open_failure(natcheck::operation operation, const error_code& error) {
  failure failed = failure_from(std::move(operation), error);
  if (error.value() == EADDRINUSE || error.value() == EAGAIN)
    failed.detail = cause_code::no_free_port;
  return failed;
}

template <class Socket>
result<Socket> open_bound(const asio::any_io_executor& executor, const source& from,
                          natcheck::operation operation) {
  using protocol = typename Socket::protocol_type;
  Socket socket(executor);
  error_code error;
  socket.open(from.local.is_v6() ? protocol::v6() : protocol::v4(), error);
  if (!error) prepare(socket, from, error);
  if (error) return open_failure(std::move(operation), error);
  return socket;
}

}  // namespace

asio::awaitable<void> wait_readable(udp::socket& socket) {
  co_await socket.async_wait(udp::socket::wait_read, as_result);
  co_await unless_cancelled();
}

failure failure_from(natcheck::operation operation, const error_code& error) {
  return {outcome_of(error), std::move(operation), cause_of_error(error), 0};
}

failure connect_failure(natcheck::operation operation, const address& target,
                        const error_code& error) {
  // IPv6 fails so as well where this machine has no IPv6 address.
  const bool port = error.value() == EAGAIN || (error.value() == EADDRNOTAVAIL && target.is_v4());
  return open_failure(std::move(operation), port ? asio::error::address_in_use : error);
}

failure route_failure(natcheck::operation operation, const address& target,
                      const error_code& error) {
  failure failed = connect_failure(std::move(operation), target, error);
  // IPv6 wants the interface of a link-local address, and says so by the error of a blackhole.
  const bool names_no_link = target.is_v6() && target.to_v6().is_link_local();
  if (error.value() == EHOSTUNREACH) {
    failed.detail = cause_code::route_unreachable;
  } else if (error.value() == EACCES) {
    failed.detail = cause_code::route_prohibits_or_no_permission;
  } else if (error.value() == EINVAL && !names_no_link) {
    failed.kind = outcome::unreachable;
    failed.detail = cause_code::route_discards;
  }
  return failed;
}

bool keep_on_interface(int descriptor, const std::string& name) {
  return name.empty() || ::setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name.c_str(),
                                      static_cast<socklen_t>(name.size() + 1)) == 0;
}

result<udp::socket> open_udp(const asio::any_io_executor& executor, const source& from,
                             natcheck::operation operation) {
  return open_bound<udp::socket>(executor, from, std::move(operation));
}

result<udp::socket> open_ping(const asio::any_io_executor& executor, const source& from,
                              natcheck::operation operation) {
  const int descriptor = ::socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  error_code error;
  if (descriptor < 0) {
    error.assign(errno, boost::system::system_category());
    return failure_from(std::move(operation), error);
  }
  udp::socket socket(executor);
  socket.assign(udp::v4(), descriptor, error);
  if (error) {
    ::close(descriptor);
  } else {
    prepare(socket, from, error);
  }
  if (error) return failure_from(std::move(operation), error);
  return socket;
}

result<tcp::socket> open_tcp(const asio::any_io_executor& executor, const source& from,
                             natcheck::operation operation) {
  return open_bound<tcp::socket>(executor, from, std::move(operation));
}

}  // namespace natcheck::net
