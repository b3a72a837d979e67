#include "net/host_network.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "core/canonical.hpp"
#include "net/egress_route.hpp"
#include "net/linux/netlink.hpp"
#include "net/route_messages.hpp"

namespace natcheck::net {
namespace {

using found_route = std::optional<route>;

/// Addresses that stand for "the Internet" in a lookup; nothing is ever sent to them. They are
/// a.root-servers.net: public for decades, and no one routes a root server through a tunnel of its
/// own, as some do with the well-known public resolvers.
address far_away(std::uint8_t family) {
  return boost::asio::ip::make_address(family == AF_INET ? "198.41.0.4" : "2001:503:ba3e::2:30");
}

struct request {
  std::uint8_t family;
  unsigned index;  ///< 0: any interface
  std::optional<address> gateway;
};

/// What is to be asked for one family. A gateway of the other family does not concern it.
request request_for(std::uint8_t family, unsigned index, const std::optional<address>& gateway) {
  if (!gateway || gateway->is_v4() != (family == AF_INET)) return {family, index, std::nullopt};
  // fe80::1%eth0 names its interface, and is ambiguous without it.
  if (index == 0 && gateway->is_v6()) index = gateway->to_v6().scope_id();
  return {family, index, gateway};
}

/// One reading of the kernel's tables and its decisions.
class reader {
 public:
  reader(netlink_socket socket, const route_choice& choice)
      : socket_(std::move(socket)), choice_(choice) {}

  result<host_network> read();
  result<found_route> look_up(const packet_traits& packet, lookup what);

 private:
  template <class T>
  result<std::vector<T>> dump(message question, const operation& purpose,
                              std::optional<T> (*parse)(message_view));
  template <class T>
  void fill(std::vector<T>& table, result<std::vector<T>> answer);
  std::optional<failure> read_tables();
  found_route decide(const packet_traits& packet);
  found_route ask(const packet_traits& packet);
  std::optional<route_info> find_way(std::uint8_t family, unsigned index);
  std::optional<route_info> as_sent(const packet_traits& packet, const route& decided);
  void note(const failure& why);

  netlink_socket socket_;
  const route_choice& choice_;
  kernel_tables tables_;
  host_network host_;
};

/// The first thing that could not be read tells enough.
void reader::note(const failure& why) {
  if (host_.unread.empty()) host_.unread = cause_of(why);
}

template <class T>
result<std::vector<T>> reader::dump(message question, const operation& purpose,
                                    std::optional<T> (*parse)(message_view)) {
  auto answer = socket_.request(std::move(question), purpose);
  if (!answer) return answer.error();
  if (!socket_.is_complete()) {
    note({outcome::malformed, purpose, cause_code::changed_during_read});
  }
  std::vector<T> parsed;
  for (const message& each : *answer) {
    if (auto value = parse(each)) parsed.push_back(*std::move(value));
  }
  return parsed;
}

template <class T>
void reader::fill(std::vector<T>& table, result<std::vector<T>> answer) {
  if (answer) {
    table = *std::move(answer);
  } else {
    note(answer.error());
  }
}

/// Without its interfaces nothing can be said of this machine; other tables may be missing.
std::optional<failure> reader::read_tables() {
  auto links = dump(links_request(), operation_code::asking_for_interfaces, parse_link);
  if (!links) return links.error();
  tables_.links = *std::move(links);
  fill(tables_.addresses,
       dump(addresses_request(), operation_code::asking_for_addresses, parse_address));
  fill(tables_.routes, dump(routes_request(), operation_code::asking_for_routes, parse_route));
  // A kernel before 5.3 has none, and says that it does not know the question.
  auto nexthops = dump(nexthops_request(), operation_code::asking_for_nexthops, parse_nexthop);
  if (nexthops) tables_.nexthops = *std::move(nexthops);
  for (route& each : tables_.routes) resolve_nexthops(each, tables_.nexthops);
  return std::nullopt;
}

/// What the kernel says to a lookup instead of an answer: EACCES for a prohibit route, EINVAL for
/// a blackhole, EAFNOSUPPORT or EOPNOTSUPP for a family it was built or booted without.
bool means_no_route(const failure& error) {
  constexpr std::array codes{ENETUNREACH, EHOSTUNREACH, ENETDOWN,     EACCES,
                             EINVAL,      ENODEV,       EAFNOSUPPORT, EOPNOTSUPP};
  return error.kind == outcome::refused &&
         std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

/// Empty when there is no such route, or only one by another interface than the packet's: for IPv6
/// the kernel takes the interface as a wish.
result<found_route> reader::look_up(const packet_traits& packet, lookup what) {
  auto found =
      dump(lookup_request(packet, what),
           operation(operation_code::asking_for_route_to, packet.destination), parse_route);
  if (!found) {
    if (means_no_route(found.error())) return found_route{};
    return found.error();
  }
  if (found->empty()) return found_route{};
  route& first = found->front();
  resolve_nexthops(first, tables_.nexthops);
  if (!carries_packets(first)) return found_route{};
  if (packet.index != 0 && !leaves_by(first, packet.index)) return found_route{};
  // The answer for an IPv4 packet with a source does not repeat it.
  if (packet.source && what == lookup::decision) first.source = packet.source;
  return found_route{first};
}

found_route reader::ask(const packet_traits& packet) {
  const auto found = look_up(packet, lookup::decision);
  if (found) return *found;
  note(found.error());
  return {};
}

/// Asked with an interface, the IPv4 kernel answers even without a route: it takes every
/// destination for a neighbor. So the table's entry is asked for first.
found_route reader::decide(const packet_traits& packet) {
  if (packet.index != 0) {
    const auto entry = look_up(packet, lookup::entry);
    if (!entry) note(entry.error());
    if (!entry || !*entry) return {};
  }
  return ask(packet);
}

/// A packet has its source by the time it leaves, and a source may have a way of its own: a rule
/// ("ip rule from"), or a route for some sources only ("ip -6 route add default from"). A stable
/// address that has none cannot stand for this host; then the kernel's own choice does.
std::optional<route_info> reader::as_sent(const packet_traits& packet, const route& decided) {
  auto way = egress_route(decided, host_.interfaces);
  if (!way) return way;
  packet_traits sent = packet;
  sent.source = canonical(way->local);
  const bool asked_already = packet.source == sent.source;
  if (!asked_already) {
    if (const auto again = decide(sent)) {
      way = egress_route(*again, host_.interfaces);
    } else if (decided.source && *decided.source != *sent.source) {
      way = egress_route(decided, host_.interfaces, source_choice::kernels);
    }
  }
  const auto entry = look_up(sent, lookup::entry);
  if (way && entry && *entry) way->other_gateways = other_gateways(**entry, *way);
  return way;
}

/// The kernel's own egress route; else that of the first source that has one; else, of a named
/// interface, its default route in whatever table.
std::optional<route_info> reader::find_way(std::uint8_t family, unsigned index) {
  const auto wanted = request_for(family, index, choice_.gateway);
  packet_traits packet{wanted.gateway.value_or(far_away(family)), wanted.index, {}};
  auto found = decide(packet);
  if (!found) {
    for (const address& own : usable_sources(host_.interfaces, family, wanted.index)) {
      packet.source = own;
      found = decide(packet);
      if (found) break;
    }
  }
  if (!found && wanted.index != 0) {
    packet.source.reset();
    found = best_default(tables_.routes, family, wanted.index);
  }
  if (!found) return std::nullopt;
  auto way = as_sent(packet, *found);
  if (way && wanted.gateway) {
    way->gateway = wanted.gateway;
    way->gateway_ipv6.reset();
    way->other_gateways.clear();
  }
  return way;
}

/// What only sysfs tells: radio from wire, and an LTE modem that carries bare IP packets from a
/// tunnel, which has no device behind it.
interface_kind refine(interface_kind kind, const std::string& name) {
  const auto exists = [&](const char* file) {
    std::error_code ignored;
    return std::filesystem::exists(fmt::format("/sys/class/net/{}/{}", name, file), ignored);
  };
  if (kind == interface_kind::ethernet && (exists("wireless") || exists("phy80211"))) {
    return interface_kind::wifi;
  }
  if (kind == interface_kind::tunnel && exists("device")) return interface_kind::other;
  return kind;
}

failure no_such_interface(const std::string& name, const std::vector<interface_info>& interfaces) {
  std::vector<std::string_view> names;
  for (const interface_info& each : interfaces) {
    if (each.kind != interface_kind::loopback) names.push_back(each.name);
  }
  const cause why = names.empty() ? cause(cause_code::only_loopback)
                                  : cause(cause_code::no_such_interface,
                                          fmt::format("{}", fmt::join(names, ", ")));
  return {outcome::unavailable, operation(operation_code::looking_for_interface, name), why, 0};
}

/// 0 when none is named.
result<unsigned> index_of(const std::string& name, const std::vector<interface_info>& interfaces) {
  if (name.empty()) return 0U;
  for (const interface_info& each : interfaces) {
    if (each.name == name) return each.index;
  }
  return no_such_interface(name, interfaces);
}

result<host_network> reader::read() {
  if (auto failed = read_tables()) return *failed;
  host_.interfaces = interfaces_of(tables_);
  for (interface_info& each : host_.interfaces) each.kind = refine(each.kind, each.name);
  const auto index = index_of(choice_.interface, host_.interfaces);
  if (!index) return index.error();
  host_.ipv4 = find_way(AF_INET, *index);
  host_.ipv6 = find_way(AF_INET6, *index);
  host_.ipv4_defaults = ipv4_defaults(tables_);
  if (!host_.ipv4) host_.ipv4_forbidden = ipv4_forbidden(tables_.routes);
  return std::move(host_);
}

}  // namespace

result<host_network> read_host_network(const route_choice& choice) {
  auto socket = netlink_socket::open();
  if (!socket) return socket.error();
  return reader(*std::move(socket), choice).read();
}

std::optional<unsigned> interface_towards(const address& peer) {
  auto socket = netlink_socket::open();
  if (!socket) return std::nullopt;
  const route_choice any;
  const auto found = reader(*std::move(socket), any).look_up({peer, 0, {}}, lookup::decision);
  if (!found || !*found || (*found)->hops.empty()) return std::nullopt;
  return (*found)->hops.front().index;
}

neighbor read_neighbor(const address& ip, unsigned interface_index) {
  auto socket = netlink_socket::open();
  if (!socket) return {};
  const auto answer = socket->request(neighbor_request(ip, interface_index),
                                      operation(operation_code::asking_for_neighbor, ip));
  if (!answer || answer->empty()) return {};
  return parse_neighbor(answer->front()).value_or(neighbor{});
}

}  // namespace natcheck::net
