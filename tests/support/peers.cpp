#include "support/peers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace natcheck::support {
namespace {

using asio::awaitable;
using boost::system::error_code;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t unlimited = 1UL << 30U;

template <class Protocol>
std::uint16_t closed_port(asio::io_context& io, const char* ip) {
  typename Protocol::socket socket(io, {asio::ip::make_address(ip), 0});
  return socket.local_endpoint().port();
}

awaitable<void> host(std::shared_ptr<const tcp_peer::session> talk, tcp::socket socket) {
  co_await (*talk)(socket);
}

}  // namespace

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

std::uint16_t closed_udp_port(asio::io_context& io, const char* ip) {
  return closed_port<udp>(io, ip);
}

std::uint16_t closed_tcp_port(asio::io_context& io, const char* ip) {
  return closed_port<tcp>(io, ip);
}

bool has_ipv6(asio::io_context& io) {
  error_code error;
  udp::socket socket(io);
  socket.open(udp::v6(), error);
  if (!error) socket.bind({asio::ip::make_address("::1"), 0}, error);
  return !error;
}

udp_peer::udp_peer(asio::io_context& io, const char* ip, script answer)
    : socket_(io, {asio::ip::make_address(ip), 0}),
      answer_(std::move(answer)),
      buffer_(65536, '\0') {
  receive();
}

void udp_peer::receive() {
  socket_.async_receive_from(asio::buffer(buffer_), from_, [this](error_code error, auto length) {
    if (error) return;  // also when this peer is gone already
    requests_.emplace_back(buffer_, 0, length);
    if (answer_) answer_(*this, requests_.back(), from_);
    receive();
  });
}

void udp_peer::send(std::string_view bytes, const udp::endpoint& to) {
  error_code ignored;
  socket_.send_to(asio::buffer(bytes), to, 0, ignored);
}

tcp_peer::tcp_peer(asio::io_context& io, const char* ip, session talk)
    : acceptor_(io, {asio::ip::make_address(ip), 0}),
      talk_(std::make_shared<const session>(std::move(talk))) {
  accept();
}

void tcp_peer::accept() {
  acceptor_.async_accept([this](error_code error, tcp::socket socket) {
    if (error) return;
    ++connections_;
    asio::co_spawn(acceptor_.get_executor(), host(talk_, std::move(socket)),
                   [](std::exception_ptr fault) {
                     if (fault) std::rethrow_exception(fault);
                   });
    accept();
  });
}

awaitable<std::string> read_some(tcp::socket& socket) {
  std::string bytes(65536, '\0');
  const auto [error, length] = co_await socket.async_read_some(asio::buffer(bytes), as_result);
  bytes.resize(length);
  co_return bytes;
}

awaitable<std::string> read_bytes(tcp::socket& socket, std::size_t size) {
  std::string bytes;
  co_await asio::async_read(socket, asio::dynamic_buffer(bytes, size), as_result);
  co_return bytes;
}

awaitable<std::string> read_until(tcp::socket& socket, std::string_view text) {
  std::string bytes;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(bytes, unlimited), text, as_result);
  co_return bytes;
}

awaitable<std::string> read_all(tcp::socket& socket) { return read_bytes(socket, unlimited); }

awaitable<bool> write(tcp::socket& socket, std::string_view bytes) {
  const auto [error, length] = co_await asio::async_write(socket, asio::buffer(bytes), as_result);
  co_return !error;
}

awaitable<void> write_bytewise(tcp::socket& socket, std::string_view bytes, milliseconds pause) {
  asio::steady_timer timer(socket.get_executor());
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  for (const char& byte : bytes) {
    const std::string_view one(&byte, 1);
    const bool sent = co_await write(socket, one);
    if (!sent) co_return;
    timer.expires_after(pause);
    co_await timer.async_wait(as_result);
  }
}

awaitable<void> wait_for_goodbye(tcp::socket& socket) { co_await read_all(socket); }

void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

awaitable<tcp::socket> connect(endpoint to) {
  const tcp::endpoint remote(to.ip, to.port);
  tcp::socket socket(co_await asio::this_coro::executor);
  co_await socket.async_connect(remote, as_result);
  co_return socket;
}

}  // namespace natcheck::support
