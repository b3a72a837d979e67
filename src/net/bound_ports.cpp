#include "net/bound_ports.hpp"

#include <cerrno>
#include <type_traits>

namespace natcheck::net {
namespace {

template <class Protocol>
error_code try_to_bind(const asio::any_io_executor& executor, const endpoint& local) {
  const typename Protocol::endpoint wanted(local.ip, local.port);
  typename Protocol::socket socket(executor);
  error_code error;
  socket.open(wanted.protocol(), error);
  // A port that is only waiting for late packets (TIME_WAIT) is free.
  const asio::socket_base::reuse_address reuse(std::is_same_v<Protocol, tcp>);
  if (!error) socket.set_option(reuse, error);
  if (!error) socket.bind(wanted, error);
  return error;
}

}  // namespace

bool may_be_listened_on(const asio::any_io_executor& executor, transport protocol,
                        const endpoint& local) {
  const error_code error = protocol == transport::tcp ? try_to_bind<tcp>(executor, local)
                                                      : try_to_bind<udp>(executor, local);
  return error && error.value() != EADDRNOTAVAIL;
}

}  // namespace natcheck::net
