// Watches who comes to the server's port, before any firewall of this host, and tells of those who
// never get through to it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/serve.hpp>
#include <optional>
#include <vector>

#include "arrivals/arrival_table.hpp"
#include "arrivals/drop_counters.hpp"
#include "arrivals/packet_watch.hpp"

namespace natcheck::arrivals {

class arrival_watch {
 public:
  /// `on_blocked` hears of a client who was not accepted within 3 s: once for each source address
  /// in ten minutes, and of ten clients an hour at most.
  arrival_watch(net::asio::any_io_executor executor, std::vector<transport> protocols,
                std::uint16_t port, std::function<void(const arrival_evidence&)> on_blocked);

  /// Begins to watch, if this program may.
  events::watching begin();

  /// Works until it is cancelled, also where nothing can be watched.
  net::asio::awaitable<void> run();

  /// The server has a connection or a datagram from there.
  void accepted(transport protocol, const endpoint& peer);

  /// That accepted client was this machine itself.
  void was_ourselves(transport protocol, const endpoint& peer) {
    table_.was_ourselves(protocol, peer);
  }

  /// From now on this server asks itself by way of the router: what comes from these addresses may
  /// be its own question, come back translated. For a second after it ends, too.
  void expect_own(std::vector<std::optional<address>> peers);
  void expect_no_more();
  bool may_be_own(const address& peer) const;

  /// Clients whose packets came in; empty where nothing is watched.
  std::optional<std::uint64_t> arrived() const;

 private:
  net::asio::awaitable<void> read();
  net::asio::awaitable<void> look_regularly();
  void look(arrival_time now);
  void note_disturbances();
  void report(overdue_client client, arrival_time now);
  bool is_own(const address& ip) const;

  net::asio::any_io_executor executor_;
  watched_port port_;
  std::function<void(const arrival_evidence&)> on_blocked_;
  std::optional<packet_watch> packets_;
  arrival_table table_;
  report_limit limit_;
  drop_counters counters_;
  std::vector<std::optional<address>> own_peers_;  ///< as whom its own questions may come back
  arrival_time own_until_;
  /// This host's addresses, in order. It may forward packets, too: those are not the server's.
  std::vector<address> own_;
  bool own_is_old_ = false;  ///< a packet was for another address, which may be a new one
};

}  // namespace natcheck::arrivals
