#include "report/json_outside.hpp"

#include "report/names.hpp"

namespace natcheck::report {
namespace {

json::object server_part(const stun_evidence& server) {
  json::value ip, port;
  if (server.seen_as) {
    ip = to_value(server.seen_as->ip);
    port = to_value(server.seen_as->port);
  }
  return {{"server", server.server},
          {"address", or_null(server.address)},
          {"transport", name_of(server.protocol)},
          {"family", server.family},
          {"state", name_of(server.state)},
          {"reason", or_null(server.detail)},
          {"seen_as", ip},
          {"seen_port", port},
          {"rtt_ms", or_null(server.rtt)},
          {"attempts", server.attempts},
          {"rewritten_as", or_null(server.rewritten_as)}};
}

json::object lifetime_part(const binding_lifetime& lifetime) {
  return {{"alive_after", or_null(lifetime.alive_after)},
          {"gone_after", or_null(lifetime.gone_after)}};
}

json::object hop_part(const path_hop& hop) {
  return {{"ttl", hop.ttl}, {"address", or_null(hop.ip)}, {"rtt_ms", or_null(hop.rtt)}};
}

}  // namespace

json::array stun_part(const std::vector<stun_evidence>& servers) {
  return list_of(servers, server_part);
}

json::object nat_part(const nat_evidence& nat) {
  return {{"mapping", name_of(nat.mapping)},
          {"filtering", name_of(nat.filtering)},
          {"hairpin", name_of(nat.hairpin)},
          {"port_preservation", name_of(nat.port_preservation)},
          {"server", or_null(nat.server)},
          {"doubts", to_value(nat.doubts)},
          {"binding_lifetime_s", or_null(nat.lifetime, lifetime_part)}};
}

json::array path_part(const path_evidence& path) { return list_of(path.hops, hop_part); }

json::object owner_part(const owner_evidence& owner, tested owns) {
  return {{"address", or_null(owner.target)},
          {"state", name_of(owner.state)},
          {"reason", or_null(owner.detail)},
          {"answered_by", or_null(owner.answered_by)},
          {"gateway_owns_it",
           owns == tested::not_tested ? json::value(nullptr) : json::value(owns == tested::yes)},
          {"rtt_ms", or_null(owner.rtt)},
          {"attempts", owner.attempts}};
}

json::object web_part(const web_evidence& web) {
  return {{"url", or_null(web.url)},
          {"result", name_of(web.result)},
          {"status", web.status == 0 ? json::value(nullptr) : json::value(web.status)},
          {"location", foreign(web.location)},
          {"reason", or_null(web.detail)}};
}

}  // namespace natcheck::report
