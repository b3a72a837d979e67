// A filter that the kernel runs over packets, so that a socket sees those of one port only. Pure.
#pragma once

#include <linux/filter.h>

#include <vector>

#include "net/packets.hpp"

namespace natcheck::net {

/// Classic BPF (socket(7), SO_ATTACH_FILTER) for packets that begin with their IP header. It lets
/// through, cut to `captured_bytes`, what parse_packet() may know, and little else: TCP with SYN or
/// RST and UDP from or to the port, and ICMP errors that quote a packet to it.
std::vector<sock_filter> filter_for(const watched_port& port);

}  // namespace natcheck::net
