// Gateways that make themselves heard: after a restart, or when their external address changed.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <string>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// Listens for the multicast announcements of one gateway, to 224.0.0.1:5350 (RFC 6886 section
/// 3.2.1, RFC 6887 section 14.1). Where the group cannot be joined (a port that
/// another program has for itself) nothing is heard: an announcement is a hint to renew sooner, and
/// nothing rests on it alone.
class announcement_listener {
 public:
  announcement_listener(net::asio::any_io_executor executor, const gateway_access& access);
  ~announcement_listener();

  /// Waits for the next announcement that tells of a change; returns what it was, for the log.
  /// Several that come close together count as one. Never returns where nothing can be heard.
  net::asio::awaitable<std::string> next();

 private:
  class receiver;
  std::unique_ptr<receiver> receiver_;
};

}  // namespace natcheck::portmap
