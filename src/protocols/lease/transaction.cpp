#include "protocols/lease/transaction.hpp"

#include <algorithm>
#include <utility>

#include "core/bytes.hpp"

namespace natcheck::lease {

transaction::transaction(const codec& by, request asked, endpoint gateway, time_point start,
                         time_point deadline)
    : codec_(by),
      asked_(std::move(asked)),
      gateway_(std::move(gateway)),
      start_(start),
      deadline_(deadline),
      sent_(start),
      answered_(start) {}

/// A server of another version will not change its mind.
bool transaction::is_decided() const {
  return answer_ || error_ || (fault_ && fault_->kind == fault_kind::other_version);
}

bool transaction::finished(time_point now) const { return is_decided() || now >= end(); }

std::optional<time_point> transaction::next_timeout() const {
  return std::min(start_ + schedule.at(requests_), end());
}

std::optional<transmission> transaction::poll_transmit(time_point now) {
  const bool is_last = requests_ + 1 == schedule.size();
  if (finished(now) || is_last || now < start_ + schedule.at(requests_)) return std::nullopt;
  ++requests_;
  sent_ = now;
  const auto bytes = codec_.encode(asked_);
  return transmission{gateway_, std::string(bytes.begin(), bytes.end())};
}

void transaction::handle_sent(const boost::system::error_code& error) {
  if (error) {
    error_ = error;
  } else {
    ++attempts_;
  }
}

void transaction::handle_packet(time_point now, const endpoint& /*from*/,
                                std::string_view datagram) {
  if (is_decided()) return;
  const std::vector<std::uint8_t> bytes(datagram.begin(), datagram.end());
  auto read = codec_.check(bytes, asked_);
  if (read) {
    answer_ = *read;
    answered_ = now;
  } else {
    fault_ = read.error();
  }
}

}  // namespace natcheck::lease
