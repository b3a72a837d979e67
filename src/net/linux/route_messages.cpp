#include "net/route_messages.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "net/linux/attributes.hpp"

namespace natcheck::net {
namespace {

using namespace attributes;

// --- reading ---------------------------------------------------------------------------------

template <class Address>
std::optional<address> read_address_as(message_view bytes) {
  typename Address::bytes_type raw;
  if (bytes.size() != raw.size()) return std::nullopt;
  std::memcpy(raw.data(), bytes.data(), raw.size());
  return Address{raw};
}

std::optional<address> read_address(unsigned family, message_view bytes) {
  using namespace boost::asio::ip;
  if (family == AF_INET) return read_address_as<address_v4>(bytes);
  if (family == AF_INET6) return read_address_as<address_v6>(bytes);
  return std::nullopt;
}

std::optional<address> find_address(message_view attributes, unsigned type, unsigned family) {
  const auto payload = find(attributes, type);
  return payload ? read_address(family, *payload) : std::nullopt;
}

/// RTA_GATEWAY is of the route's own family; RTA_VIA (RFC 8950) names the family it is of.
std::optional<address> find_gateway(message_view attributes, unsigned family) {
  if (auto gateway = find_address(attributes, RTA_GATEWAY, family)) return gateway;
  const auto via = find(attributes, RTA_VIA);
  const auto via_family = via ? read<decltype(rtvia::rtvia_family)>(*via) : std::nullopt;
  if (!via_family) return std::nullopt;
  return read_address(*via_family, via->subspan(sizeof(*via_family)));
}

/// RTA_MULTIPATH: a row of rtnexthop, each with attributes of its own.
std::vector<next_hop> read_multipath(message_view rest, unsigned family) {
  std::vector<next_hop> hops;
  while (const auto header = read<rtnexthop>(rest)) {
    if (header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > rest.size()) break;
    const auto attributes = skip(rest.first(header->rtnh_len), sizeof(rtnexthop));
    hops.push_back({static_cast<unsigned>(header->rtnh_ifindex), find_gateway(attributes, family)});
    rest = skip(rest, header->rtnh_len);
  }
  return hops;
}

std::vector<next_hop> read_hops(message_view attributes, unsigned family) {
  if (const auto multipath = find(attributes, RTA_MULTIPATH)) {
    return read_multipath(*multipath, family);
  }
  const auto index = find_number<std::uint32_t>(attributes, RTA_OIF);
  if (!index) return {};
  return {{*index, find_gateway(attributes, family)}};
}

neighbor_state state_of(unsigned ndm_state) {
  switch (ndm_state) {
    case NUD_REACHABLE:
    case NUD_PERMANENT:
      return neighbor_state::reachable;
    case NUD_STALE:
    case NUD_DELAY:
    case NUD_PROBE:
      return neighbor_state::resolved;
    case NUD_INCOMPLETE:
    case NUD_FAILED:
      return neighbor_state::unanswered;
    default:
      return neighbor_state::unknown;
  }
}

/// Of any length; an address of zeros is that of a link without such.
std::string find_link_layer(message_view attributes) {
  const auto bytes = find(attributes, NDA_LLADDR);
  if (!bytes) return {};
  std::string text;
  bool any = false;
  for (const std::byte each : *bytes) {
    any = any || each != std::byte{0};
    text += fmt::format("{}{:02x}", text.empty() ? "" : ":", std::to_integer<unsigned>(each));
  }
  return any ? text : std::string();
}

// --- writing ---------------------------------------------------------------------------------

std::uint8_t family_of(const address& value) { return value.is_v4() ? AF_INET : AF_INET6; }

}  // namespace

std::optional<link> parse_link(message_view bytes) {
  const auto parts = open<ifinfomsg>(bytes, RTM_NEWLINK);
  if (!parts) return std::nullopt;
  link value;
  value.index = static_cast<unsigned>(parts->body.ifi_index);
  value.name = find_string(parts->attributes, IFLA_IFNAME);
  value.hardware = parts->body.ifi_type;
  value.flags = parts->body.ifi_flags;
  if (const auto info = find(parts->attributes, IFLA_LINKINFO)) {
    value.kind = find_string(*info, IFLA_INFO_KIND);
  }
  if (value.name.empty()) return std::nullopt;
  return value;
}

std::optional<link_address> parse_address(message_view bytes) {
  const auto parts = open<ifaddrmsg>(bytes, RTM_NEWADDR);
  if (!parts) return std::nullopt;
  const unsigned family = parts->body.ifa_family;
  // On a point-to-point link IFA_ADDRESS is the peer's; IFA_LOCAL is absent on ordinary IPv6.
  auto ip = find_address(parts->attributes, IFA_LOCAL, family);
  if (!ip) ip = find_address(parts->attributes, IFA_ADDRESS, family);
  if (!ip) return std::nullopt;
  // The old field has eight bits only.
  const auto flags = find_number<std::uint32_t>(parts->attributes, IFA_FLAGS);
  return link_address{parts->body.ifa_index, *ip, parts->body.ifa_prefixlen,
                      flags.value_or(parts->body.ifa_flags)};
}

std::optional<route> parse_route(message_view bytes) {
  const auto parts = open<rtmsg>(bytes, RTM_NEWROUTE);
  if (!parts) return std::nullopt;
  const auto& [body, attributes] = *parts;
  if (body.rtm_family != AF_INET && body.rtm_family != AF_INET6) return std::nullopt;
  route value;
  value.family = body.rtm_family;
  value.type = body.rtm_type;
  value.prefix_length = body.rtm_dst_len;
  // The old field has eight bits only; wg-quick's table is 51820.
  value.table = find_number<std::uint32_t>(attributes, RTA_TABLE).value_or(body.rtm_table);
  value.metric = find_number<std::uint32_t>(attributes, RTA_PRIORITY).value_or(0);
  value.source = find_address(attributes, RTA_PREFSRC, body.rtm_family);
  value.hops = read_hops(attributes, body.rtm_family);
  value.nexthop_id = find_number<std::uint32_t>(attributes, RTA_NH_ID).value_or(0);
  return value;
}

std::optional<nexthop_object> parse_nexthop(message_view bytes) {
  const auto parts = open<nhmsg>(bytes, RTM_NEWNEXTHOP);
  if (!parts) return std::nullopt;
  const auto& [body, attributes] = *parts;
  nexthop_object value;
  value.id = find_number<std::uint32_t>(attributes, NHA_ID).value_or(0);
  auto members = find(attributes, NHA_GROUP).value_or(message_view{});
  while (const auto member = read<nexthop_grp>(members)) {
    value.group.push_back(member->id);
    members = skip(members, sizeof(nexthop_grp));
  }
  const auto index = find_number<std::uint32_t>(attributes, NHA_OIF);
  if (index) value.hop = {*index, find_address(attributes, NHA_GATEWAY, body.nh_family)};
  if (value.id == 0) return std::nullopt;
  return value;
}

std::optional<neighbor> parse_neighbor(message_view bytes) {
  const auto parts = open<ndmsg>(bytes, RTM_NEWNEIGH);
  if (!parts) return std::nullopt;
  return neighbor{state_of(parts->body.ndm_state), find_link_layer(parts->attributes)};
}

interface_kind kind_of(const link& value) {
  // Ethernet frames carried in something else. A tap device is "tun" too, but a real segment.
  constexpr std::array<std::string_view, 6> carried{"gretap",    "ip6gretap", "erspan",
                                                    "ip6erspan", "vxlan",     "geneve"};
  if (value.hardware == ARPHRD_LOOPBACK) return interface_kind::loopback;
  if (value.kind == "bridge" || value.kind == "openvswitch") return interface_kind::bridge;
  if (std::find(carried.begin(), carried.end(), value.kind) != carried.end()) {
    return interface_kind::tunnel;
  }
  // A ppp device may be a line to the provider (PPPoE) or a VPN (PPTP, L2TP): it is neither here.
  switch (value.hardware) {
    case ARPHRD_ETHER:
      return interface_kind::ethernet;
    case ARPHRD_NONE:  // tun, wireguard, xfrm
    case ARPHRD_TUNNEL:
    case ARPHRD_TUNNEL6:
    case ARPHRD_SIT:
    case ARPHRD_IPGRE:
    case ARPHRD_IP6GRE:
      return interface_kind::tunnel;
    default:
      return interface_kind::other;
  }
}

message links_request() { return request_builder(RTM_GETLINK, NLM_F_DUMP, ifinfomsg{}).finish(); }

message addresses_request() {
  return request_builder(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}).finish();
}

message routes_request() { return request_builder(RTM_GETROUTE, NLM_F_DUMP, rtmsg{}).finish(); }

message nexthops_request() { return request_builder(RTM_GETNEXTHOP, NLM_F_DUMP, nhmsg{}).finish(); }

message lookup_request(const packet_traits& packet, lookup what) {
  rtmsg body{};
  body.rtm_family = family_of(packet.destination);
  body.rtm_dst_len = packet.destination.is_v4() ? 32 : 128;
  if (packet.source) body.rtm_src_len = body.rtm_dst_len;
  // Without RTM_F_LOOKUP_TABLE the kernel names the main table, whichever it was.
  body.rtm_flags = RTM_F_LOOKUP_TABLE | (what == lookup::entry ? RTM_F_FIB_MATCH : 0U);
  request_builder request(RTM_GETROUTE, 0, body);
  request.add(RTA_DST, packet.destination);
  if (packet.source) request.add(RTA_SRC, *packet.source);
  if (packet.index != 0) request.add(RTA_OIF, std::uint32_t{packet.index});
  if (packet.protocol) {
    const bool tcp = packet.protocol == transport::tcp;
    request.add(RTA_IP_PROTO, static_cast<std::uint8_t>(tcp ? IPPROTO_TCP : IPPROTO_UDP));
  }
  if (packet.port != 0) request.add(RTA_DPORT, htons(packet.port));
  return request.finish();
}

message neighbor_request(const address& ip, unsigned index) {
  ndmsg body{};
  body.ndm_family = family_of(ip);
  body.ndm_ifindex = static_cast<int>(index);
  request_builder request(RTM_GETNEIGH, 0, body);
  request.add(NDA_DST, ip);
  return request.finish();
}

}  // namespace natcheck::net
