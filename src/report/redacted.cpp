#include <algorithm>
#include <map>
#include <natcheck/report.hpp>
#include <set>

#include "core/canonical.hpp"
#include "core/gateway_services.hpp"
#include "report/literals.hpp"

namespace natcheck {
namespace {

using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::make_address;

// --- what has to be hidden -----------------------------------------------------------------

/// The IPv4 address after a prefix of `length` bits; byte 8 is skipped (RFC 6052 section 2.2).
address embedded(const address_v6& ip, unsigned length) {
  const auto bytes = ip.to_bytes();
  address_v4::bytes_type found{};
  std::size_t at = length / 8;
  for (auto& byte : found) {
    if (at == 8) ++at;
    if (at < bytes.size()) byte = bytes[at++];
  }
  return address_v4(found);
}

struct carrier {
  const char* prefix;
  unsigned length;     ///< of the prefix
  unsigned before_v4;  ///< bits before the IPv4 address
};

// 64:ff9b:1::/48 is for local use, with an IPv4 address at any of these places (RFC 8215).
constexpr carrier carriers[] = {
    {"64:ff9b::", 96, 96},   {"64:ff9b:1::", 48, 48}, {"64:ff9b:1::", 48, 56},
    {"64:ff9b:1::", 48, 64}, {"64:ff9b:1::", 48, 96}, {"2002::", 16, 16},  // 6to4, RFC 3056
    {"::", 96, 96},                                                        // RFC 4291 2.5.5.1
};

bool carries_public_ipv4(const address_v6& ip, const std::optional<nat64_prefix>& nat64) {
  // Teredo (RFC 4380) holds its server's address, and the client's with every bit turned.
  if (same_prefix(ip, make_address("2001::"), 32)) return true;
  if (nat64 && same_prefix(ip, nat64->ip, nat64->length)) {
    return is_public(embedded(ip, nat64->length));
  }
  return std::ranges::any_of(carriers, [&](const carrier& one) {
    return same_prefix(ip, make_address(one.prefix), one.length) &&
           is_public(embedded(ip, one.before_v4));
  });
}

// --- what stands in its place --------------------------------------------------------------

class stand_ins {
 public:
  stand_ins(std::set<address> taken, std::optional<nat64_prefix> nat64)
      : taken_(std::move(taken)), nat64_(nat64) {}

  /// Empty for an address that may be seen.
  std::optional<address> of(const address& original) {
    const auto ip = canonical(original);
    const bool hidden = is_public(ip) || (ip.is_v6() && carries_public_ipv4(ip.to_v6(), nat64_));
    if (!hidden) return std::nullopt;
    const auto known = given_.find(ip);
    if (known != given_.end()) return known->second;
    return given_[ip] = next(ip.is_v6());
  }

 private:
  address next(bool v6) {
    for (;;) {
      address candidate = v6 ? next_v6() : next_v4();
      if (!taken_.contains(candidate) || candidate == last_resort()) return candidate;
    }
  }

  static address last_resort() { return make_address("203.0.113.255"); }

  /// Three networks for documentation (RFC 5737); whoever needs more than they have shares one.
  address next_v4() {
    static constexpr address_v4::uint_type networks[] = {0xcb007100, 0xc6336400, 0xc0000200};
    constexpr unsigned hosts = 254;
    const auto number = used_v4_++;
    if (number >= hosts * std::size(networks)) return last_resort();
    return address_v4(networks[number / hosts] + number % hosts + 1);
  }

  /// 2001:db8::/32 (RFC 3849).
  address next_v6() {
    auto bytes = make_address("2001:db8::").to_v6().to_bytes();
    auto number = ++used_v6_;
    for (std::size_t i = bytes.size() - 1; number > 0; number >>= 8) {
      bytes[i--] = static_cast<unsigned char>(number & 0xff);
    }
    return address_v6(bytes);
  }

  std::set<address> taken_;
  std::optional<nat64_prefix> nat64_;
  std::map<address, address> given_;
  unsigned used_v4_ = 0;
  unsigned used_v6_ = 0;
};

// --- where addresses stand in a report -----------------------------------------------------

/// Goes through everything in a report that is an address or may hold one, and replaces it.
class walk {
 public:
  explicit walk(report::replacement replace) : replace_(std::move(replace)) {}

  void operator()(discover_report& report) {
    // First, so that what matters most has the first number.
    visit(report.judged.external);
    visit(report.evidence);
    visit(report.judged);
  }

 private:
  void visit(address& ip) { ip = replace_(ip).value_or(ip); }
  void visit(std::string& text) { text = report::replace_literals(text, replace_); }
  void visit(endpoint& value) { visit(value.ip); }
  void visit(std::int64_t& /*number*/) {}
  void visit(double& /*number*/) {}
  void visit(cause& why) { visit(why.values); }
  void visit(operation& tried) { visit(tried.values); }
  void visit(cause_value& value) {
    std::visit([this](auto& each) { visit(each); }, value);
  }

  template <class T>
  void visit(std::optional<T>& value) {
    if (value) visit(*value);
  }
  template <class T>
  void visit(std::vector<T>& values) {
    for (auto& value : values) visit(value);
  }
  template <class... T>
  void visit_all(T&... values) {
    (visit(values), ...);
  }

  void visit(interface_address& own) { visit(own.ip); }
  void visit(interface_info& link) { visit_all(link.name, link.addresses); }
  void visit(route_info& route) {
    visit_all(route.local, route.gateway, route.gateway_ipv6, route.other_gateways,
              route.interface);
  }
  void visit(host_network& host) { visit_all(host.ipv4, host.ipv6, host.interfaces); }

  void visit(gateway_service_evidence& service) {
    visit_all(service.external_address, service.detail);
  }
  void visit(upnp_evidence& service) {
    visit_all(service.external_address, service.external_address_text, service.detail,
              service.location, service.device, service.manufacturer, service.model,
              service.service, service.connection_status, service.multicast_error,
              service.other_responders);
  }
  void visit(gateway_evidence& gateway) {
    visit_all(gateway.ip, gateway.interface, gateway.upnp);
    for (const gateway_service& row : gateway_services) {
      if (row.id != mapping_protocol::upnp) visit(service_of(gateway, row.id));
    }
  }

  void visit(stun_evidence& server) {
    visit_all(server.seen_as, server.local, server.address, server.server, server.rewritten_as,
              server.other_address, server.detail, server.diverted_to);
  }
  void visit(nat_evidence& nat) { visit_all(nat.server, nat.doubts); }
  void visit(path_hop& hop) { visit(hop.ip); }
  void visit(path_evidence& path) { visit_all(path.hops, path.target, path.detail); }
  void visit(owner_evidence& owner) { visit_all(owner.target, owner.answered_by, owner.detail); }
  void visit(web_evidence& web) { visit_all(web.url, web.location, web.detail); }
  void visit(nat64_prefix& prefix) { visit(prefix.ip); }
  void visit(discover_evidence& seen) {
    visit_all(seen.asked.gateway, seen.host, seen.gateway, seen.other_gateways, seen.stun, seen.nat,
              seen.path, seen.owner, seen.web, seen.nat64, seen.ipv6_pcp);
  }

  void visit(verdict& judged) { visit_all(judged.summary, judged.evidence, judged.advice); }
  void visit(finding& found) { visit_all(found.summary, found.advice); }
  void visit(public_address& external) { visit(external.ip); }
  void visit(reflexive_address& seen) { visit_all(seen.ip, seen.servers); }
  void visit(station& one) { visit_all(one.inner, one.outer, one.interface); }
  void visit(discover_diagnosis& judged) {
    visit_all(judged.main, judged.findings, judged.external_source, judged.ipv6_source,
              judged.reflexive_ipv4, judged.reflexive_ipv6, judged.path);
  }

  report::replacement replace_;
};

/// Addresses for documentation that the report names already.
std::set<address> documentation_in(discover_report& report) {
  std::set<address> found;
  walk collect([&](const address& ip) -> std::optional<address> {
    if (scope_of(ip) == address_scope::documentation) found.insert(ip);
    return std::nullopt;
  });
  collect(report);
  return found;
}

}  // namespace

discover_report redacted(discover_report report) {
  stand_ins given(documentation_in(report), report.evidence.nat64);
  walk hide([&](const address& ip) { return given.of(ip); });
  hide(report);
  report.redacted = true;
  return report;
}

}  // namespace natcheck
