// The two ends of the greeting over UDP, on the loop of a test.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <natcheck/probe.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "server/udp_responder.hpp"
#include "support/peers.hpp"

namespace natcheck::support {

/// A running service, and what it told.
class running_udp_responder {
 public:
  running_udp_responder(loop& on, std::vector<const char*> addresses)
      : loop_(on), udp_(on.context().get_executor(), {"a91e", "9.9.9"}, [this](const auto& end) {
          if (const auto* one = std::get_if<events::greeted>(&end)) greeted.push_back(*one);
          if (const auto* one = std::get_if<events::rejected>(&end)) rejected.push_back(*one);
        }) {
    udp_.on_datagram = [this](const endpoint& peer) { arrived.push_back(peer); };
    std::uint16_t port = 0;
    for (const char* ip : addresses) {
      const auto failed = udp_.listen({asio::ip::make_address(ip), port});
      if (failed) throw std::runtime_error(to_string(*failed));
      port = udp_.local().port;
    }
    asio::co_spawn(on.context(), udp_.run(),
                   asio::bind_cancellation_slot(cancel.slot(), [this](std::exception_ptr fault) {
                     ended = true;
                     cancelled = fault != nullptr;
                   }));
  }
  ~running_udp_responder() { stop(); }

  void close() { udp_.close(); }
  void stop() {
    close();
    loop_.run_until([this] { return ended; });
  }
  std::uint16_t port() const { return udp_.local().port; }

  std::vector<events::greeted> greeted;
  std::vector<events::rejected> rejected;
  std::vector<endpoint> arrived;
  asio::cancellation_signal cancel;
  bool ended = false;
  bool cancelled = false;

 private:
  loop& loop_;
  serving::udp_responder udp_;
};

/// A client that is nothing but a socket.
class plain_client {
 public:
  explicit plain_client(loop& on, const char* ip = host_ip)
      : loop_(on), socket_(on.context(), {asio::ip::make_address(ip), 0}) {}

  void send(std::string_view bytes, const char* ip, std::uint16_t port) {
    socket_.send_to(asio::buffer(bytes), {asio::ip::make_address(ip), port});
  }
  /// Waits for the next datagram.
  std::string receive() {
    std::string bytes(4096, '\0');
    bytes.resize(
        loop_.await(socket_.async_receive_from(asio::buffer(bytes), from, 0, asio::use_awaitable)));
    return bytes;
  }
  std::string ask(std::string_view bytes, const char* ip, std::uint16_t port) {
    send(bytes, ip, port);
    return receive();
  }
  endpoint local() const {
    return {socket_.local_endpoint().address(), socket_.local_endpoint().port()};
  }

  udp::endpoint from;

 private:
  loop& loop_;
  udp::socket socket_;
};

inline probe_options asking(const char* ip, std::uint16_t port) {
  probe_options options;
  options.host = ip;
  options.port = port;
  options.protocol = transport::udp;
  options.count = default_udp_count;
  return options;
}

inline std::vector<probe_result> results(const probe_report& report) {
  std::vector<probe_result> values;
  for (const auto& one : report.evidence.handshakes) values.push_back(one.result);
  return values;
}

}  // namespace natcheck::support
