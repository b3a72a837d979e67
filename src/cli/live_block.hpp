// Lines at the bottom of the terminal that stay while others scroll by above them.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace natcheck::cli {

class live_block {
 public:
  using writer = std::function<void(std::string_view)>;

  /// `render` makes the lines, each with a newline and none wider than the terminal; `write` puts
  /// them on it. Nothing is shown before `begin`.
  live_block(const boost::asio::any_io_executor& executor, std::function<std::string()> render,
             writer write);

  /// Shows the lines, and shows them anew every second.
  void begin();
  /// Writes `text` above the lines.
  void above(std::string_view text);
  /// Takes the lines away for good.
  void end();

 private:
  std::string erasure() const;
  void draw(std::string_view above);
  void tick();

  boost::asio::steady_timer timer_;
  std::function<std::string()> render_;
  writer write_;
  bool shown_ = false;
  long lines_ = 0;  ///< on the terminal now
};

}  // namespace natcheck::cli
