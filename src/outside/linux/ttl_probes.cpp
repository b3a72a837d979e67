#include "outside/ttl_probes.hpp"

#include <netinet/ip_icmp.h>

#include <boost/asio/ip/unicast.hpp>

namespace natcheck::outside {

net::error_code limit_hops(net::udp::socket& socket, int ttl) {
  net::keep_errors(socket.native_handle());
  net::error_code error;
  socket.set_option(net::asio::ip::unicast::hops(ttl), error);
  return error;
}

std::optional<hop_answer> hop_answer_of(const net::socket_error& error, const address& local) {
  if (!error.icmp || !error.icmp->from.is_v4() || error.icmp->from == local) return std::nullopt;
  const auto [from, type, code] = *error.icmp;
  if (type == ICMP_DEST_UNREACH) return hop_answer{from, false, code};
  // The other code tells of fragments, which is nothing a router on the way does.
  if (type == ICMP_TIME_EXCEEDED && code == ICMP_EXC_TTL) return hop_answer{from, true, code};
  return std::nullopt;
}

std::optional<std::size_t> probe_rounds::next(time_point now) {
  while (!all_are_over() && now >= due()) {
    if (next_ < count_) return next_++;
    ++round_;
    next_ = 0;
  }
  return std::nullopt;
}

probe_rounds::time_point probe_rounds::end(millis wait) const {
  return start_ + times.back() + std::chrono::duration_cast<time_point::duration>(wait);
}

}  // namespace natcheck::outside
