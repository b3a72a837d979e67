// Visitors, reported one by one, or in numbers if there are many.
#pragma once

#include <functional>
#include <natcheck/serve.hpp>
#include <optional>
#include <set>

#include "server/greeting_session.hpp"

namespace natcheck::serving {

/// Counts visits and reports them. In each minute the first ones are reported one by one, greeted
/// and rejected ones apart, so that a flood of strangers hides no one who was greeted; the others
/// are reported as one number when the minute is over.
class session_log {
 public:
  using clock = std::chrono::steady_clock;
  using observer =
      std::function<void(const std::variant<events::greeted, events::rejected, events::crowded>&)>;

  static constexpr std::chrono::seconds period{60};
  static constexpr std::uint64_t most_reported_singly = 30;  ///< of each kind, in one period

  explicit session_log(observer report) : report_(std::move(report)) {}

  void add(const session_result& end, clock::time_point now);

  /// When `settle` has something to report.
  clock::time_point due() const;
  /// Tells of those who were only counted in a period that is over at `now`.
  void settle(clock::time_point now);
  /// The same for a period that is not over yet.
  void close(clock::time_point now);

  std::uint64_t greeted() const { return greeted_; }
  std::uint64_t rejected() const { return rejected_; }

 private:
  static constexpr std::size_t most_sources = 65'536;

  void begin(clock::time_point now);

  observer report_;
  std::uint64_t greeted_ = 0, rejected_ = 0;                ///< in all
  std::uint64_t single_greeted_ = 0, single_rejected_ = 0;  ///< in this period
  std::optional<clock::time_point> began_;                  ///< this period, with its first visit
  events::crowded silent_;                                  ///< in this period, not reported yet
  std::set<address> sources_;                               ///< of those
};

}  // namespace natcheck::serving
