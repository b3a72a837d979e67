// The state of a running server in a few lines, to read when events have scrolled away.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/report.hpp>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

/// Made of events alone; pure but for the time that is passed in.
class serve_status {
 public:
  using clock = std::chrono::system_clock;

  /// Without `maps` nothing is to be opened, and nothing is said of it.
  explicit serve_status(bool maps = true) : maps_(maps) {}

  void update(const serve_event& event);

  /// Lines of at most `style.width` columns, cut where they are longer; each ends with a newline.
  std::string text(clock::time_point now, const text_style& style) const;

 private:
  struct updater;
  struct open_port {
    mapping entry;
    clock::time_point granted;
    bool lost = false;
    std::optional<endpoint> external{};  ///< that is given to others; empty: not known
  };

  open_port& port_of(const mapping& entry);
  void reopen(const mapping& entry, clock::time_point at);
  void open(const mapping& entry, clock::time_point at);
  std::string ports_line(clock::time_point now) const;
  std::string visitors_line() const;

  std::vector<open_port> ports_;  ///< one for each protocol and internal endpoint
  bool maps_;
  std::optional<endpoint> direct_;  ///< this machine's own public address
  bool failed_ = false;
  std::uint64_t greeted_ = 0;
  std::uint64_t rejected_ = 0;
  std::optional<endpoint> last_visitor_;
  std::optional<serve_event> last_;  ///< the last that is news
};

}  // namespace natcheck
