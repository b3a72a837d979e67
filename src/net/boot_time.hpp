// A clock that goes on while the machine sleeps.
#pragma once

#include <chrono>
#include <ctime>

namespace natcheck::net {

/// Since this machine was started, sleep included. steady_clock stands still then, and leases and
/// the clocks of gateways do not.
inline std::chrono::nanoseconds since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace natcheck::net
