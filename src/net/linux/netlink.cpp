#include "net/linux/netlink.hpp"

#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <system_error>

namespace natcheck::net {
namespace {

/// The kernel answers at once; this only keeps a broken one from hanging the program.
constexpr timeval patience{2, 0};

/// The size of the kernel's own dump buffers; a smaller one costs more datagrams.
constexpr std::size_t buffer_size = 32'768;

constexpr int dump_attempts = 5;

std::string text_of(int error) { return std::generic_category().message(error); }

failure failed(outcome kind, std::string_view purpose, int error) {
  return {kind, std::string{purpose}, text_of(error), error};
}

failure cannot_open(int error) {
  // EAFNOSUPPORT is what systemd's RestrictAddressFamilies and some containers say.
  const bool forbidden = error == EACCES || error == EPERM || error == EAFNOSUPPORT;
  return failed(forbidden ? outcome::denied : outcome::unavailable, "opening a netlink socket",
                error);
}

/// The socket's own address, once it is bound.
std::optional<std::uint32_t> bind_to_any_port(int descriptor) {
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  socklen_t length = sizeof(self);
  auto* generic = reinterpret_cast<sockaddr*>(&self);
  if (::bind(descriptor, generic, length) != 0) return std::nullopt;
  if (::getsockname(descriptor, generic, &length) != 0) return std::nullopt;
  return self.nl_pid;
}

/// The errno, negative, at the beginning of NLMSG_ERROR and NLMSG_DONE; `absent` where there is
/// none.
int read_error(message_view bytes, int absent) {
  constexpr std::int32_t last_errno = 4095;  // MAX_ERRNO in the kernel
  std::int32_t value = 0;
  if (bytes.size() < sizeof(nlmsghdr) + sizeof(value)) return absent;
  std::memcpy(&value, bytes.data() + sizeof(nlmsghdr), sizeof(value));
  return value > 0 || value < -last_errno ? EBADMSG : -value;
}

}  // namespace

void netlink_answer::consume(message_view datagram) {
  nlmsghdr header;
  while (!complete_ && datagram.size() >= sizeof(header)) {
    std::memcpy(&header, datagram.data(), sizeof(header));
    if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > datagram.size()) {
      interrupted_ = true;
      return;
    }
    if (header.nlmsg_seq == sequence_ && header.nlmsg_pid == port_) {
      consume_message(datagram.first(header.nlmsg_len));
    }
    const std::size_t padded = (std::size_t{header.nlmsg_len} + 3) & ~std::size_t{3};
    datagram = datagram.subspan(std::min(padded, datagram.size()));
  }
  if (!complete_ && !datagram.empty()) interrupted_ = true;
}

void netlink_answer::consume_message(message_view bytes) {
  nlmsghdr header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  switch (header.nlmsg_type) {
    case NLMSG_NOOP:
      return;
    case NLMSG_DONE:
      error_ = read_error(bytes, 0);
      complete_ = true;
      return;
    case NLMSG_ERROR:
      error_ = read_error(bytes, EBADMSG);
      complete_ = true;
      return;
    default:
      messages_.emplace_back(bytes.begin(), bytes.end());
      complete_ = (header.nlmsg_flags & NLM_F_MULTI) == 0;
  }
}

result<netlink_socket> netlink_socket::open(int protocol) {
  const int descriptor = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
  if (descriptor < 0) return cannot_open(errno);
  netlink_socket socket{descriptor, 0};
  const auto port = bind_to_any_port(descriptor);
  if (!port) return cannot_open(errno);
  socket.port_ = *port;
  if (::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
    return cannot_open(errno);
  }
  return socket;
}

netlink_socket::netlink_socket(netlink_socket&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      port_{other.port_},
      sequence_{other.sequence_},
      complete_{other.complete_} {}

netlink_socket::~netlink_socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<std::vector<message>> netlink_socket::request(message question, std::string_view purpose) {
  for (int attempt = 1;; ++attempt) {
    auto answer = exchange(question, purpose);
    if (!answer) return answer.error();
    if (answer->error() != 0) return failed(outcome::refused, purpose, answer->error());
    complete_ = !answer->interrupted();
    if (complete_ || attempt == dump_attempts) return answer->take_messages();
  }
}

result<netlink_answer> netlink_socket::exchange(message& question, std::string_view purpose) {
  ++sequence_;
  std::memcpy(question.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence_, sizeof(sequence_));
  if (::send(descriptor_, question.data(), question.size(), 0) < 0) {
    return failed(outcome::denied, purpose, errno);
  }
  netlink_answer answer{sequence_, port_};
  while (!answer.complete()) {
    if (auto problem = receive(answer, purpose)) return *std::move(problem);
  }
  return answer;
}

std::optional<failure> netlink_socket::receive(netlink_answer& answer, std::string_view purpose) {
  std::array<std::byte, buffer_size> buffer;
  sockaddr_nl sender{};
  socklen_t sender_length = sizeof(sender);
  const auto length = ::recvfrom(descriptor_, buffer.data(), buffer.size(), MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&sender), &sender_length);
  if (length < 0) {
    if (errno == EINTR) return std::nullopt;
    return failed(errno == EAGAIN ? outcome::timed_out : outcome::unavailable, purpose, errno);
  }
  const auto received = static_cast<std::size_t>(length);
  if (received > buffer.size()) return failed(outcome::malformed, purpose, EMSGSIZE);
  // Any process may send to this socket; only the kernel has the port id 0.
  if (sender.nl_pid == 0) answer.consume(std::span{buffer}.first(received));
  return std::nullopt;
}

}  // namespace natcheck::net
