// What is close to this host: its own networks and its routers.
#pragma once

#include <chrono>
#include <natcheck/endpoint.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck::net {

/// The way to `target`, and all that is connected here; `first` is left unknown. Fields stay empty
/// where there is no way, or the kernel does not tell. By `interface` alone where it is not empty.
/// Sends nothing, and blocks no longer than the kernel takes to answer (microseconds).
prober_location read_location(const address& target, const std::string& interface);

/// Tells of addresses how close they are. Reads the kernel's tables once a second at most, and only
/// when asked; so does a flood of questions cost little.
class vicinity {
 public:
  /// Empty for an address that is neither in a network of this host (of an interface that is no
  /// tunnel and no loopback) nor the next hop of a default route.
  std::optional<proximity> of(const address& peer);

 private:
  void refresh();

  std::chrono::steady_clock::time_point read_at_{};
  std::vector<interface_address> networks_;
  std::vector<address> gateways_;
};

}  // namespace natcheck::net
