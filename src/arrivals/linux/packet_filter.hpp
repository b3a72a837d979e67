// A filter that the kernel runs over packets, so that a socket sees those of one port only. Pure.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "arrivals/packets.hpp"

namespace natcheck::arrivals {

/// Classic BPF (socket(7), SO_ATTACH_FILTER) for packets that begin with their IP header. It lets
/// through, cut to `captured_bytes`, exactly what parse_packet() knows in one direction or the
/// other.
std::vector<sock_filter> filter_for(const watched_port& port);

}  // namespace natcheck::arrivals
