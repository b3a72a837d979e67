// When a mapping has to be renewed (RFC 6886 section 3.3, RFC 6887 section 11.2.1).
#pragma once

#include <chrono>
#include <natcheck/evidence.hpp>

namespace natcheck {

/// One lease from grant to grant. Pure: what time it is, and chance, are passed in.
class lease_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  /// The gateway granted `lifetime` at `now`; 0 is for ever. The first renewal is due at half of
  /// it; with PCP somewhere between 1/2 and 5/8, as `chance` from [0, 1) says, so that the clients
  /// of one server do not come all at once. Never sooner than after 1 s: a lease of 1 s ends here a
  /// second after its renewal was due.
  void granted(mapping_protocol via, std::chrono::seconds lifetime, time_point now, double chance);

  /// A renewal did not succeed: the next one is due when an eighth of what is left has gone by, 4 s
  /// at least (section 11.2.1) unless the whole lease is that short, 1 s even then, and 30 s at
  /// most.
  void failed(time_point now);

  /// When the next renewal is due; never, for a lease without an end.
  time_point due() const { return due_; }
  time_point end() const { return end_; }
  bool over(time_point now) const { return now >= end_; }
  /// What is left of the lease, in whole seconds.
  std::chrono::seconds left(time_point now) const;

 private:
  duration lifetime_{0};
  time_point due_ = time_point::max();
  time_point end_ = time_point::max();
};

}  // namespace natcheck
