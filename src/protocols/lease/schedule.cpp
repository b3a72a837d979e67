#include "protocols/lease/schedule.hpp"

#include <algorithm>

namespace natcheck {
namespace {

using namespace std::chrono_literals;

constexpr lease_schedule::duration longest_retry = 30s;
constexpr lease_schedule::duration shortest_retry = 4s;
/// A test, or a gateway with leases of seconds, gets as many retries as one with leases of hours.
constexpr int least_retries = 16;
/// Between two requests, however short the lease is.
constexpr lease_schedule::duration least_pause = 1s;

}  // namespace

void lease_schedule::granted(mapping_protocol via, std::chrono::seconds lifetime, time_point now,
                             double chance) {
  lifetime_ = lifetime;
  if (lifetime.count() == 0) {
    due_ = end_ = time_point::max();
    return;
  }
  const double spread = via == mapping_protocol::pcp ? chance / 8 : 0;
  const std::chrono::duration<double> until_due = (0.5 + spread) * lifetime;
  due_ = now + std::max(std::chrono::duration_cast<duration>(until_due), least_pause);
  // A lease that ends before it may be renewed is not given up for that.
  end_ = std::max(now + lifetime_, due_ + least_pause);
}

void lease_schedule::failed(time_point now) {
  const duration rest = std::max(end_ - now, duration::zero());
  const duration shortest = std::min(shortest_retry, lifetime_ / least_retries);
  due_ = now + std::max(std::clamp(rest / 8, shortest, longest_retry), least_pause);
}

std::chrono::seconds lease_schedule::left(time_point now) const {
  if (end_ == time_point::max() || now >= end_) return 0s;
  return std::chrono::duration_cast<std::chrono::seconds>(end_ - now);
}

}  // namespace natcheck
