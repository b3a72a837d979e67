#include "net/linux/netlink.hpp"

#include <libmnl/libmnl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <string>
#include <system_error>

#include "net/linux/attributes.hpp"

namespace natcheck::net {
namespace {

/// The kernel answers at once; this only keeps a broken one from hanging the program.
constexpr timeval longest_wait{2, 0};

/// The size of the kernel's own dump buffers; a smaller one costs more datagrams.
constexpr std::size_t buffer_size = 32'768;

constexpr int dump_attempts = 5;

failure failed(outcome kind, const operation& purpose, int error) {
  return {kind, purpose, cause(cause_code::quoted, std::generic_category().message(error)), error};
}

failure cannot_open(int error) {
  // EAFNOSUPPORT is what systemd's RestrictAddressFamilies and some containers say.
  const bool forbidden = error == EACCES || error == EPERM || error == EAFNOSUPPORT;
  return failed(forbidden ? outcome::denied : outcome::unavailable, operation_code::opening_netlink,
                error);
}

/// Any process with privileges may send to a netlink socket, but not to one that is connected to
/// the kernel.
bool connect_to_kernel(int descriptor) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  return ::connect(descriptor, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) == 0;
}

/// The errno, negative, at the beginning of NLMSG_ERROR and NLMSG_DONE; `absent` where there is
/// none.
int read_error(const nlmsghdr& header, int absent) {
  constexpr std::int32_t last_errno = 4095;  // MAX_ERRNO in the kernel
  std::int32_t value = 0;
  if (mnl_nlmsg_get_payload_len(&header) < sizeof value) return absent;
  std::memcpy(&value, mnl_nlmsg_get_payload(&header), sizeof value);
  return value > 0 || value < -last_errno ? EBADMSG : -value;
}

}  // namespace

// mnl_cb_run() does the same for answers without faults: it does not read the errno in NLMSG_DONE,
// and fails where a late answer to another request comes first.
void netlink_answer::consume(message_view datagram) {
  while (!complete_) {
    const nlmsghdr* const next = attributes::first_message(datagram);
    if (next == nullptr) break;
    const bool ours = next->nlmsg_seq == sequence_ && next->nlmsg_pid == port_;
    if (ours) consume_message(*next);
    datagram = attributes::skip(datagram, next->nlmsg_len);
  }
  if (!complete_ && !datagram.empty()) interrupted_ = true;
}

void netlink_answer::consume_message(const nlmsghdr& header) {
  if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted_ = true;
  const auto* begin = reinterpret_cast<const std::byte*>(&header);
  switch (header.nlmsg_type) {
    case NLMSG_NOOP:
      return;
    case NLMSG_DONE:
      error_ = read_error(header, 0);
      complete_ = true;
      return;
    case NLMSG_ERROR:
      error_ = read_error(header, EBADMSG);
      complete_ = true;
      return;
    default:
      messages_.emplace_back(begin, begin + header.nlmsg_len);
      complete_ = (header.nlmsg_flags & NLM_F_MULTI) == 0;
  }
}

result<netlink_socket> netlink_socket::open(int protocol) {
  netlink_socket opened{mnl_socket_open2(protocol, SOCK_CLOEXEC)};
  mnl_socket* const socket = opened.socket_.get();
  if (socket == nullptr || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) != 0) {
    return cannot_open(errno);
  }
  const int descriptor = mnl_socket_get_fd(socket);
  if (!connect_to_kernel(descriptor) ||
      ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &longest_wait, sizeof longest_wait) != 0) {
    return cannot_open(errno);
  }
  return opened;
}

void netlink_socket::closing::operator()(mnl_socket* socket) const { mnl_socket_close(socket); }

result<std::vector<message>> netlink_socket::request(message question, const operation& purpose) {
  for (int attempt = 1;; ++attempt) {
    auto answer = exchange(question, purpose);
    if (!answer) return answer.error();
    if (answer->error() != 0) return failed(outcome::refused, purpose, answer->error());
    complete_ = !answer->interrupted();
    if (complete_ || attempt == dump_attempts) return answer->take_messages();
  }
}

result<netlink_answer> netlink_socket::exchange(message& question, const operation& purpose) {
  ++sequence_;
  std::memcpy(question.data() + offsetof(nlmsghdr, nlmsg_seq), &sequence_, sizeof sequence_);
  if (mnl_socket_sendto(socket_.get(), question.data(), question.size()) < 0) {
    return failed(outcome::denied, purpose, errno);
  }
  netlink_answer answer{sequence_, mnl_socket_get_portid(socket_.get())};
  while (!answer.complete()) {
    if (auto problem = receive(answer, purpose)) return *std::move(problem);
  }
  return answer;
}

std::optional<failure> netlink_socket::receive(netlink_answer& answer, const operation& purpose) {
  alignas(nlmsghdr) std::array<std::byte, buffer_size> buffer;
  const auto length = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
  if (length >= 0) {
    answer.consume(std::span{buffer}.first(static_cast<std::size_t>(length)));
    return std::nullopt;
  }
  switch (errno) {
    case EINTR:
      return std::nullopt;
    case EAGAIN:
      return failed(outcome::timed_out, purpose, EAGAIN);
    case ENOSPC:  // as libmnl calls it
      return failed(outcome::malformed, purpose, EMSGSIZE);
    default:
      return failed(outcome::unavailable, purpose, errno);
  }
}

}  // namespace natcheck::net
