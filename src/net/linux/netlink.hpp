// A question to the kernel over rtnetlink(7), and its whole answer.
#pragma once

#include <cstdint>
#include <memory>
#include <natcheck/error.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "net/route_messages.hpp"

struct mnl_socket;
struct nlmsghdr;

namespace natcheck::net {

/// Puts one answer together from the datagrams in which it comes. Pure.
class netlink_answer {
 public:
  /// The answer to the request with this sequence number from the socket with this port id.
  netlink_answer(std::uint32_t sequence, std::uint32_t port) : sequence_{sequence}, port_{port} {}

  /// Takes what belongs to this answer and ignores the rest: other sequence numbers, other ports.
  /// A message that does not fit into the datagram counts as missing. The datagram begins at an
  /// address that is a multiple of four.
  void consume(message_view datagram);

  bool complete() const { return complete_; }
  /// Entries may be missing: the tables changed while they were dumped (NLM_F_DUMP_INTR), or a
  /// datagram was cut short.
  bool interrupted() const { return interrupted_; }
  /// The errno with which the kernel refused, else 0; EBADMSG where it named none that exists.
  int error() const { return error_; }
  std::vector<message> take_messages() { return std::move(messages_); }

 private:
  void consume_message(const nlmsghdr& header);

  std::uint32_t sequence_;
  std::uint32_t port_;
  bool complete_ = false;
  bool interrupted_ = false;
  int error_ = 0;
  std::vector<message> messages_;
};

/// A netlink socket, closed on exec and on destruction. Blocking, one request at a time.
class netlink_socket {
 public:
  /// To the part of the kernel that `protocol` names: 0 is NETLINK_ROUTE.
  /// Fails with `denied` where netlink is forbidden (a sandbox), else `unavailable`.
  static result<netlink_socket> open(int protocol = 0);

  /// Asks and reads the whole answer. A dump that changes underneath is repeated; one that changes
  /// every time is taken as it is, and is_complete() tells.
  ///
  /// `purpose` is the operation in a failure. A refusal by the kernel is `refused`, its errno is
  /// the `code`.
  result<std::vector<message>> request(message question, const operation& purpose);

  /// False when entries may be missing from the last answer.
  bool is_complete() const { return complete_; }

 private:
  struct closing {
    void operator()(mnl_socket* socket) const;
  };

  explicit netlink_socket(mnl_socket* socket) : socket_{socket} {}

  result<netlink_answer> exchange(message& question, const operation& purpose);
  std::optional<failure> receive(netlink_answer& answer, const operation& purpose);

  std::unique_ptr<mnl_socket, closing> socket_;
  std::uint32_t sequence_ = 0;
  bool complete_ = false;
};

}  // namespace natcheck::net
