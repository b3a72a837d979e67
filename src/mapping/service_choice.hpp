// The services of one gateway, and which of them is asked for a mapping next.
#pragma once

#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "core/mapping_record.hpp"
#include "protocols/lease/schedule.hpp"

namespace natcheck::mappings {

/// A service of the gateway, as far as one mapping is concerned.
struct mapping_service {
  std::size_t number = 0;  ///< its place, best first
  mapping_protocol via{};
  std::optional<result<void>> found{};     ///< empty: not asked, or not waited for
  std::optional<mapping_record> record{};  ///< of what it was asked for and may have
  lease_schedule::time_point refuses_until{};
  bool has_answered = false;
  bool renews = false;  ///< `mappings add` made the mapping by it

  bool is_there() const { return found && found->has_value(); }
};

/// Pure. What `mappings add` made is renewed by the service that it was made with; else the best
/// one that is there is asked first. Not to be copied: services are known by their address.
class service_choice {
 public:
  using time_point = lease_schedule::time_point;

  void reset(const std::vector<mapping_protocol>& best_first);
  std::vector<mapping_service>& all() { return services_; }
  const std::vector<mapping_service>& all() const { return services_; }

  /// All are asked whether they are there, unless there is one only.
  void begin_search();
  bool is_searching() const { return searching_; }
  void found(std::size_t which, result<void> answer, bool has_answered, time_point now);
  /// When the best has answered; or a lesser one, and those before it have had their time.
  time_point search_ends() const { return search_ends_; }
  /// Whoever has not answered by now comes after all who have.
  void end_search();
  void stop() { searching_ = false; }

  /// The next one, again until it is `take`n. Null: all have been, or still refuse.
  mapping_service* next(time_point now);
  void take() { order_.erase(order_.begin()); }

  /// Whoever refused for a time may be asked again.
  void forget_refusals();

 private:
  time_point end_of_search(time_point now) const;

  std::vector<mapping_service> services_;
  std::vector<mapping_service*> order_;
  time_point search_ends_ = time_point::max();
  bool searching_ = false;
};

}  // namespace natcheck::mappings
