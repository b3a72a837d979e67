#include "server/listeners.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cerrno>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

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
  failure failed =
      net::failure_from({operation_code::listening, local, tcp ? "TCP" : "UDP"}, error);
  if (error.value() == EADDRINUSE) {
    failed.detail = {cause_code::port_in_use, failed.detail, tcp ? "t" : "u", local.port};
  } else if (error.value() == EACCES && local.port < 1024) {
    failed.detail = {cause_code::low_port_denied, failed.detail, local.port, local.port + 8000};
  }
  return failed;
}

namespace {

/// The devices that the sockets are to be bound to, so that answers leave by `interface` even if
/// the route would take another one: that one, and loopback for this machine itself. One empty
/// name, which means all, if no interface is named or the kernel does not allow it (it took
/// privileges before Linux 5.7).
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

std::array<address, 2> any_address() {
  return {boost::asio::ip::address_v4::any(), boost::asio::ip::address_v6::any()};
}

/// Each of two devices has a socket of its own with the same address.
void note(listening_sockets& opened, transport protocol, const endpoint& local) {
  const std::pair entry(protocol, local);
  if (std::ranges::find(opened.at, entry) == opened.at.end()) opened.at.push_back(entry);
}

/// Port 0 lets the kernel choose; all sockets then have the same one.
std::optional<failure> listen_tcp(listening_sockets& opened,
                                  const net::asio::any_io_executor& executor, std::uint16_t& port,
                                  const std::vector<std::string>& devices) {
  std::optional<failure> why;
  for (const std::string& device : devices) {
    for (const address& any : any_address()) {
      net::error_code error;
      tcp::acceptor acceptor = listen_on(executor, {any, port}, device, error);
      if (error) why = cannot_listen({any, port}, transport::tcp, error);
      if (error && is_switched_off(error)) continue;
      if (error) return why;
      port = acceptor.local_endpoint(error).port();
      note(opened, transport::tcp, {any, port});
      opened.acceptors.push_back(std::move(acceptor));
    }
  }
  return opened.acceptors.empty() ? why : std::nullopt;
}

std::optional<failure> listen_udp(listening_sockets& opened, std::uint16_t& port,
                                  const std::vector<std::string>& devices) {
  std::optional<failure> why;
  bool any_open = false;
  for (const std::string& device : devices) {
    for (const address& any : any_address()) {
      why = opened.datagrams->listen({any, port}, device);
      if (why && why->kind != outcome::unreachable) return why;
      if (why) continue;
      port = opened.datagrams->local().port;
      note(opened, transport::udp, opened.datagrams->local());
      any_open = true;
    }
  }
  return any_open ? std::nullopt : why;
}

}  // namespace

result<listening_sockets> listen_everywhere(const net::asio::any_io_executor& executor,
                                            const serve_options& options,
                                            const server_identity& identity, end_observer on_end) {
  const auto wanted = [&](transport protocol) {
    return std::ranges::find(options.protocols, protocol) != options.protocols.end();
  };
  const auto devices = devices_for(options.interface);
  std::uint16_t port = options.port;
  listening_sockets opened;
  std::optional<failure> why;
  if (wanted(transport::tcp)) why = listen_tcp(opened, executor, port, devices);
  if (!why && wanted(transport::udp)) {
    opened.datagrams = std::make_unique<udp_responder>(executor, identity, std::move(on_end));
    why = listen_udp(opened, port, devices);
  }
  if (why) return *why;
  return opened;
}

}  // namespace natcheck::serving
