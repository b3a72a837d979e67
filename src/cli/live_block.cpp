#include "cli/live_block.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>

#include "cli/terminal.hpp"
#include "report/printable.hpp"

namespace natcheck::cli {
namespace {

/// A program in the background must leave the terminal to whoever is typing there.
bool has_terminal() { return ::tcgetpgrp(STDOUT_FILENO) == ::getpgrp(); }

std::vector<std::size_t> widths_of(std::string_view block) {
  std::vector<std::size_t> widths;
  while (!block.empty()) {
    const auto end = block.find('\n');
    widths.push_back(report::columns(block.substr(0, end)));
    block.remove_prefix(std::min(end, block.size() - 1) + 1);
  }
  return widths;
}

}  // namespace

live_block::live_block(const boost::asio::any_io_executor& executor, renderer render, writer write)
    : timer_(executor),
      continued_(executor),
      render_(std::move(render)),
      write_(std::move(write)) {}

/// A terminal that has become narrower shows a line of then as several rows.
std::string live_block::erasure() const {
  const std::size_t columns = std::max(columns_of_stdout(), 1U);
  std::size_t rows = 0;
  for (const std::size_t width : drawn_) {
    rows += std::max<std::size_t>(1, (width + columns - 1) / columns);
  }
  // ECMA-48: to the beginning of the first row of the block, and everything from there on away.
  return rows == 0 ? std::string() : fmt::format("\r\x1b[{}A\x1b[J", rows);
}

void live_block::draw(std::string_view above) {
  const std::string before = erasure();
  const std::string block = has_terminal() ? render_(columns_of_stdout()) : std::string();
  drawn_ = widths_of(block);
  write_(before + std::string(above) + block);
}

void live_block::begin() {
  if (shown_) return;
  shown_ = true;
  wait_to_be_continued();
  draw("");
  tick();
}

void live_block::above(std::string_view text) {
  if (shown_) return draw(text);
  write_(text);
}

void live_block::end() {
  timer_.cancel();
  boost::system::error_code ignored;
  continued_.clear(ignored);
  if (shown_) write_(erasure());
  shown_ = false;
  drawn_.clear();
}

void live_block::tick() {
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || !shown_) return;
    if (!has_terminal()) drawn_.clear();
    if (has_terminal()) draw("");
    tick();
  });
}

/// What stands above the cursor then is the shell's.
void live_block::wait_to_be_continued() {
  boost::system::error_code ignored;
  continued_.add(SIGCONT, ignored);
  continued_.async_wait([this](boost::system::error_code error, int) {
    if (error || !shown_) return;
    drawn_.clear();
    wait_to_be_continued();
  });
}

}  // namespace natcheck::cli
