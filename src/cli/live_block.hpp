// Lines at the bottom of the terminal that stay while others scroll by above them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::cli {

/// Shows nothing while another program has the terminal (`natcheck … &`), and begins below what was
/// written meanwhile when it is continued.
class live_block {
 public:
  using renderer = std::function<std::string(unsigned width)>;
  using writer = std::function<void(std::string_view)>;

  /// `render` makes the lines, each with a newline and none wider than `width`; `write` puts them
  /// on the terminal. Nothing is shown before `begin`.
  live_block(const boost::asio::any_io_executor& executor, renderer render, writer write);

  /// Shows the lines, and shows them again every second.
  void begin();
  /// Writes `text` above the lines.
  void above(std::string_view text);
  /// Takes the lines away for good.
  void end();

 private:
  std::string erasure() const;
  void draw(std::string_view above);
  void tick();
  void wait_to_be_continued();

  boost::asio::steady_timer timer_;
  boost::asio::signal_set continued_;
  renderer render_;
  writer write_;
  bool shown_ = false;
  std::vector<std::size_t> drawn_;  ///< the columns of each line that is on the terminal now
};

}  // namespace natcheck::cli
