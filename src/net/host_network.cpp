#include "net/host_network.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "net/netlink.hpp"
#include "net/route_messages.hpp"
#include "net/way_out.hpp"

namespace natcheck::net {
namespace {

using found_route = std::optional<route>;

/// Addresses that stand for "the Internet" in a lookup; nothing is ever sent to them. They are
/// a.root-servers.net: public for decades, and nobody routes a root server through a tunnel of its
/// own, as some do with the well-known public resolvers.
address far_away(std::uint8_t family) {
  return boost::asio::ip::make_address(family == AF_INET ? "198.41.0.4" : "2001:503:ba3e::2:30");
}

template <class T>
result<std::vector<T>> dump(netlink_socket& socket, message question, std::string_view what,
                            std::optional<T> (*parse)(message_view)) {
  auto answer = socket.request(std::move(question), fmt::format("asking the kernel for {}", what));
  if (!answer) return answer.error();
  std::vector<T> parsed;
  for (const message& each : *answer) {
    if (auto value = parse(each)) parsed.push_back(*std::move(value));
  }
  return parsed;
}

result<kernel_tables> read_tables(netlink_socket& socket) {
  auto links = dump(socket, links_request(), "its interfaces", parse_link);
  if (!links) return links.error();
  auto addresses = dump(socket, addresses_request(), "its addresses", parse_address);
  if (!addresses) return addresses.error();
  auto routes = dump(socket, routes_request(), "its routes", parse_route);
  if (!routes) return routes.error();
  return kernel_tables{*std::move(links), *std::move(addresses), *std::move(routes)};
}

/// What the kernel says to a lookup instead of an answer: EACCES for a prohibit route, EINVAL for
/// a blackhole, EAFNOSUPPORT or EOPNOTSUPP for a family it was built or booted without.
bool means_no_route(const failure& error) {
  constexpr std::array codes{ENETUNREACH, EHOSTUNREACH, ENETDOWN,     EACCES,
                             EINVAL,      ENODEV,       EAFNOSUPPORT, EOPNOTSUPP};
  return error.kind == outcome::refused &&
         std::find(codes.begin(), codes.end(), error.code) != codes.end();
}

/// Empty when there is no such route, or only one by another interface than `index`: for IPv6 the
/// kernel takes the interface as a wish.
result<found_route> look_up(netlink_socket& socket, const address& destination, unsigned index,
                            lookup what) {
  auto found = dump(socket, lookup_request(destination, index, what),
                    fmt::format("its route to {}", destination.to_string()), parse_route);
  if (!found) {
    if (means_no_route(found.error())) return found_route{};
    return found.error();
  }
  if (found->empty() || !carries_packets(found->front())) return found_route{};
  if (index != 0 && !leaves_by(found->front(), index)) return found_route{};
  return found_route{found->front()};
}

/// The way by one interface, though the kernel may prefer another.
///
/// Asked with an interface, the IPv4 kernel answers even without a route: it takes every
/// destination for a neighbour. So the table's entry is asked for first. An interface whose default
/// route is in a table that only a policy rule leads to is found in the dump.
result<found_route> look_up_by_interface(netlink_socket& socket, const address& destination,
                                         unsigned index, const std::vector<route>& routes) {
  auto entry = look_up(socket, destination, index, lookup::entry);
  if (!entry) return entry.error();
  if (*entry) return look_up(socket, destination, index, lookup::decision);
  return best_default(routes, destination.is_v4() ? AF_INET : AF_INET6, index);
}

struct request {
  std::uint8_t family;
  unsigned index;  ///< 0: any interface
  std::optional<address> gateway;
};

result<found_route> decide(netlink_socket& socket, const std::vector<route>& routes,
                           const request& wanted) {
  const address destination = wanted.gateway.value_or(far_away(wanted.family));
  auto found = wanted.index == 0 ? look_up(socket, destination, 0, lookup::decision)
                                 : look_up_by_interface(socket, destination, wanted.index, routes);
  if (found && *found && wanted.gateway) (*found)->hops.front().gateway = wanted.gateway;
  return found;
}

/// What is to be asked for one family. A gateway of the other family does not concern it.
request request_for(std::uint8_t family, unsigned index, const std::optional<address>& gateway) {
  if (!gateway || gateway->is_v4() != (family == AF_INET)) return {family, index, std::nullopt};
  // fe80::1%eth0 names its interface, and is ambiguous without it.
  if (index == 0 && gateway->is_v6()) index = gateway->to_v6().scope_id();
  return {family, index, gateway};
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
  return {outcome::unavailable, fmt::format("looking for the interface {}", name),
          names.empty() ? "there is no such interface; this machine has none but loopback"
                        : fmt::format("there is no such interface; this machine has {}",
                                      fmt::join(names, ", "))};
}

/// 0 when none is named.
result<unsigned> index_of(const std::string& name, const std::vector<interface_info>& interfaces) {
  if (name.empty()) return 0U;
  for (const interface_info& each : interfaces) {
    if (each.name == name) return each.index;
  }
  return no_such_interface(name, interfaces);
}

}  // namespace

result<host_network> read_host_network(const route_choice& choice) {
  auto socket = netlink_socket::open();
  if (!socket) return socket.error();
  auto tables = read_tables(*socket);
  if (!tables) return tables.error();

  host_network host;
  host.interfaces = interfaces_of(*tables);
  for (interface_info& each : host.interfaces) each.kind = refine(each.kind, each.name);
  const auto index = index_of(choice.interface, host.interfaces);
  if (!index) return index.error();

  for (const std::uint8_t family : {std::uint8_t{AF_INET}, std::uint8_t{AF_INET6}}) {
    auto found = decide(*socket, tables->routes, request_for(family, *index, choice.gateway));
    if (!found) return found.error();
    if (!*found) continue;
    (family == AF_INET ? host.ipv4 : host.ipv6) = way_out(**found, host.interfaces);
  }
  return host;
}

std::optional<unsigned> interface_towards(const address& peer) {
  auto socket = netlink_socket::open();
  if (!socket) return std::nullopt;
  const auto found = look_up(*socket, peer, 0, lookup::decision);
  if (!found || !*found || (*found)->hops.empty()) return std::nullopt;
  return (*found)->hops.front().index;
}

neighbor_state read_neighbor(const address& ip, unsigned interface_index) {
  auto socket = netlink_socket::open();
  if (!socket) return neighbor_state::unknown;
  const auto entries =
      dump(*socket, neighbor_request(ip, interface_index), "a neighbour", parse_neighbor);
  if (!entries || entries->empty()) return neighbor_state::unknown;
  return entries->front();
}

}  // namespace natcheck::net
