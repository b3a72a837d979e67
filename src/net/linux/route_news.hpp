// Which of the kernel's messages about links, addresses and routes tell of a change. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "net/route_messages.hpp"

namespace natcheck::net {

/// Remembers what was said, since much is said again: with each router advertisement, which some
/// routers send every few seconds, the kernel tells of the same addresses with other lifetimes, and
/// network managers set the same routes.
class route_news {
 public:
  /// Takes one datagram of rtnetlink(7), answers to dumps included. True when something in it is
  /// not as it was.
  bool take(message_view datagram);

  /// To be called when messages were lost.
  void forget() { known_.clear(); }

 private:
  struct statement;
  static std::optional<statement> read(message_view bytes);
  bool take(const statement& said);

  std::map<std::string, std::set<std::string>> known_;
};

}  // namespace natcheck::net
