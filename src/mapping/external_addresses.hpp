// What others are told of where this server is: the router's word, and what servers outside see.
#pragma once

#include <array>
#include <functional>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>

namespace natcheck::mappings {

/// Where the IPv4 Internet finds each port, by what is known at the moment.
class external_addresses {
 public:
  explicit external_addresses(std::function<void(const events::external_address&)> tell);

  /// What this host and servers outside say, without the router's word.
  void know(external_evidence seen) { seen_ = std::move(seen); }

  /// The router opened a port: fills in what others are told at this moment.
  void open(const mapping& entry, std::string& command, std::optional<endpoint>& external);
  void lose(transport protocol);
  /// Nothing has to be mapped.
  void open_directly(transport protocol, const endpoint& external, const std::string& command);
  /// No mapping was made: if someone forwards the port by hand, this is where it will be.
  void fail(transport protocol, std::uint16_t external_port);

  /// To be given to others, also before servers outside have answered; empty: not known.
  std::optional<endpoint> of(transport protocol) const;

  /// The same where no one contradicts it: servers outside see it, or none was to be asked.
  std::optional<endpoint> confirmed(transport protocol) const;

  /// Tells, of each port, what is certain and was not told yet.
  void settle();

 private:
  enum class state { closed, mapped, direct, failed };
  struct port_state {
    state is = state::closed;
    std::uint16_t port = 0;
    std::optional<address> router_says;
    std::string command;              ///< that was told last
    std::optional<std::string> said;  ///< of the address and its doubt, since the port was opened
  };

  port_state& of_protocol(transport protocol) { return ports_[static_cast<std::size_t>(protocol)]; }
  external_judgement judge(const port_state& which) const;
  external_evidence evidence(const port_state& which) const;
  void settle(transport protocol);

  std::function<void(const events::external_address&)> tell_;
  external_evidence seen_;
  std::array<port_state, 2> ports_;
};

}  // namespace natcheck::mappings
