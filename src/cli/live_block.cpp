#include "cli/live_block.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace natcheck::cli {

live_block::live_block(const boost::asio::any_io_executor& executor,
                       std::function<std::string()> render, writer write)
    : timer_(executor), render_(std::move(render)), write_(std::move(write)) {}

std::string live_block::erasure() const {
  // ECMA-48: to the beginning of the first line of the block, and everything from there on away.
  return lines_ == 0 ? std::string() : fmt::format("\r\x1b[{}A\x1b[J", lines_);
}

void live_block::draw(std::string_view above) {
  const std::string block = render_();
  write_(erasure().append(above).append(block));
  lines_ = std::count(block.begin(), block.end(), '\n');
}

void live_block::begin() {
  shown_ = true;
  draw("");
  tick();
}

void live_block::above(std::string_view text) {
  if (shown_) return draw(text);
  write_(text);
}

void live_block::end() {
  timer_.cancel();
  if (shown_) write_(erasure());
  shown_ = false;
  lines_ = 0;
}

void live_block::tick() {
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || !shown_) return;
    draw("");
    tick();
  });
}

}  // namespace natcheck::cli
