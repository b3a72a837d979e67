#include "server/listeners.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>

#include "net/saved_syn.hpp"

namespace natcheck::serving {
namespace {

using net::tcp;

tcp::acceptor listen_on(const net::asio::any_io_executor& executor, const endpoint& local,
                        const std::string& device, net::error_code& error) {
  tcp::acceptor acceptor(executor);
  const tcp::endpoint raw(local.ip, local.port);
  acceptor.open(raw.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && local.ip.is_v6()) acceptor.set_option(net::asio::ip::v6_only(true), error);
  if (!error) net::keep_on_interface(acceptor.native_handle(), device);
  if (!error) acceptor.bind(raw, error);
  if (!error) net::save_requests(acceptor.native_handle());
  if (!error) acceptor.listen(net::asio::socket_base::max_listen_connections, error);
  return acceptor;
}

}  // namespace

bool is_switched_off(const net::error_code& error) {
  return error.value() == EAFNOSUPPORT || error.value() == EADDRNOTAVAIL;
}

failure cannot_listen(const endpoint& local, transport protocol, const net::error_code& error) {
  const bool tcp = protocol == transport::tcp;
  failure failed = net::failure_from(
      fmt::format("listening on {} ({})", to_string(local), tcp ? "TCP" : "UDP"), error);
  if (error.value() == EADDRINUSE) {
    failed.detail = to_string(failed.detail) +
                    fmt::format("; to find it: ss -ln{}p 'sport = :{}', or listen on another port",
                                tcp ? "t" : "u", local.port);
  } else if (error.value() == EACCES && local.port < 1024) {
    failed.detail =
        to_string(failed.detail) +
        fmt::format("; ports below 1024 require root; listen on a higher one: --map {}:{}",
                    local.port, local.port + 8000);
  }
  return failed;
}

std::vector<std::string> devices_for(const std::string& interface) {
  if (interface.empty() || interface == "lo") return {interface};
  const int trial = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool allowed = trial >= 0 && net::keep_on_interface(trial, interface);
  if (trial >= 0) ::close(trial);
  if (allowed) return {interface, "lo"};
  spdlog::warn("listening on all interfaces: the kernel does not let this program bind to {}",
               interface);
  return {""};
}

result<std::vector<tcp::acceptor>> listen_everywhere(const net::asio::any_io_executor& executor,
                                                     std::uint16_t port,
                                                     const std::vector<std::string>& devices) {
  const std::array<address, 2> anywhere{boost::asio::ip::address_v4::any(),
                                        boost::asio::ip::address_v6::any()};
  std::vector<tcp::acceptor> acceptors;
  failure why;
  for (const std::string& device : devices) {
    for (const address& any : anywhere) {
      net::error_code error;
      tcp::acceptor acceptor = listen_on(executor, {any, port}, device, error);
      if (error) why = cannot_listen({any, port}, transport::tcp, error);
      if (error && is_switched_off(error)) continue;
      if (error) return why;
      // Port 0 lets the kernel choose; all then have the same one.
      port = acceptor.local_endpoint(error).port();
      acceptors.push_back(std::move(acceptor));
    }
  }
  if (acceptors.empty()) return why;
  return acceptors;
}

}  // namespace natcheck::serving
