// What STUN servers saw of this host (RFC 8489): several at once, over UDP and TCP, IPv4 and IPv6.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "net/sockets.hpp"
#include "outside/servers.hpp"

namespace natcheck::outside {

/// Where packets of each family leave this host; empty: they do not.
struct egress_routes {
  std::optional<net::source> ipv4, ipv6;
};

/// The network of an interface, by this host's address there.
struct own_network {
  address local;
  unsigned prefix_length = 0;
};

struct survey_options {
  /// An answer is not enough: wait for a server that announces a credible OTHER-ADDRESS too, as
  /// long as one that may be such is still being asked.
  bool wants_other_address = false;
  /// IPv6 is asked to its end, too, though IPv4 has answered: the caller stops it.
  bool whole_ipv6 = false;
  /// Told of all questions after each answer, and when IPv4 is done; who is still being asked is
  /// `not_tried` then.
  std::function<void(std::vector<stun_evidence> so_far, bool ipv4_done)> on_news = {};
  /// Of the ways out. A server there, on a public address, is reached without the gateway: it is
  /// not outside, and not asked.
  std::vector<own_network> own_networks = {};
};

/// Asks every server, in every family that it and this host have, over UDP at once; over TCP only
/// where UDP stays silent for a while. Ends when the evidence is complete: everyone has answered
/// or come to the end of its schedule, or the first answer of a family is old enough that whoever
/// is slower than that adds nothing. Who was not waited for is `not_tried`, with the reason.
/// One element for each server, family and transport that was or might have been asked.
boost::asio::awaitable<std::vector<stun_evidence>> survey(std::vector<stun_server> servers,
                                                          egress_routes from,
                                                          survey_options options,
                                                          net::steady_time deadline);

}  // namespace natcheck::outside
