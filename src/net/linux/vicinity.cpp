#include "net/vicinity.hpp"

#include <algorithm>
#include <natcheck/operations.hpp>

#include "core/canonical.hpp"
#include "net/egress_route.hpp"
#include "net/linux/netlink.hpp"

namespace natcheck::net {
namespace {

constexpr std::chrono::seconds fresh_for{1};

template <class T>
std::vector<T> dump(netlink_socket& socket, message question, operation_code what,
                    std::optional<T> (*parse)(message_view)) {
  std::vector<T> all;
  const auto answer = socket.request(std::move(question), what);
  if (!answer) return all;
  for (const message& each : *answer) {
    if (auto value = parse(each)) all.push_back(*std::move(value));
  }
  return all;
}

std::vector<interface_info> read_interfaces(netlink_socket& socket) {
  kernel_tables tables;
  tables.links = dump(socket, links_request(), operation_code::asking_for_interfaces, parse_link);
  tables.addresses =
      dump(socket, addresses_request(), operation_code::asking_for_addresses, parse_address);
  return interfaces_of(tables);
}

std::optional<route> read_route(netlink_socket& socket, const address& target, unsigned index) {
  const auto found = dump(socket, lookup_request({target, index, {}}, lookup::decision),
                          operation_code::asking_for_routes, parse_route);
  if (found.empty() || found.front().hops.empty() || !carries_packets(found.front())) {
    return std::nullopt;
  }
  return found.front();
}

unsigned index_of(const std::vector<interface_info>& interfaces, const std::string& name) {
  const auto found = std::ranges::find(interfaces, name, &interface_info::name);
  return found == interfaces.end() ? 0 : found->index;
}

bool has_neighbours(const interface_info& one) {
  return one.kind != interface_kind::loopback && one.kind != interface_kind::tunnel;
}

}  // namespace

prober_location read_location(const address& target, const std::string& interface) {
  prober_location here;
  auto socket = netlink_socket::open();
  if (!socket) return here;
  const auto interfaces = read_interfaces(*socket);
  const auto way = read_route(*socket, target, index_of(interfaces, interface));
  if (way) here.local = way->source;
  if (way) here.gateway = way->hops.front().gateway;
  for (const interface_info& one : interfaces) {
    if (one.kind == interface_kind::loopback) continue;
    const bool taken = way && one.index == way->hops.front().index;
    if (taken) here.tunnel = one.kind == interface_kind::tunnel;
    auto& list = taken ? here.on_link : here.others;
    list.insert(list.end(), one.addresses.begin(), one.addresses.end());
  }
  return here;
}

void vicinity::refresh() {
  const auto now = std::chrono::steady_clock::now();
  if (now - read_at_ < fresh_for) return;
  read_at_ = now;
  networks_.clear();
  gateways_.clear();
  auto socket = netlink_socket::open();
  if (!socket) return;
  for (const interface_info& one : read_interfaces(*socket)) {
    if (!has_neighbours(one)) continue;
    networks_.insert(networks_.end(), one.addresses.begin(), one.addresses.end());
  }
  for (const char* far_away : {"198.41.0.4", "2001:503:ba3e::2:30"}) {
    const auto way = read_route(*socket, boost::asio::ip::make_address(far_away), 0);
    if (way && way->hops.front().gateway) gateways_.push_back(*way->hops.front().gateway);
  }
}

std::optional<proximity> vicinity::of(const address& peer) {
  refresh();
  const address ip = canonical(peer);
  if (std::ranges::find(gateways_, ip) != gateways_.end()) return proximity::gateway;
  const bool near = std::ranges::any_of(networks_, [&](const interface_address& one) {
    return same_prefix(one.ip, ip, one.prefix_length);
  });
  return near ? std::optional(proximity::network) : std::nullopt;
}

}  // namespace natcheck::net
