#include "arrivals/packets.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/bytes.hpp"
#include "protocols/greeting/codec.hpp"

namespace natcheck::arrivals {
namespace {

using bytes = std::span<const std::uint8_t>;

// IANA protocol numbers.
constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp_number = 6;
constexpr std::uint8_t udp_number = 17;
constexpr std::uint8_t icmpv6 = 58;

// RFC 9293 section 3.1.
constexpr std::size_t tcp_flags_offset = 13;
constexpr unsigned flag_syn = 0x02;
constexpr unsigned flag_rst = 0x04;
constexpr unsigned flag_ack = 0x10;

constexpr std::size_t udp_header = 8;

/// RFC 792 and RFC 4443 section 3.1: 8 bytes, then the packet that the error is about.
constexpr std::size_t icmp_header = 8;
constexpr std::uint8_t icmp_unreachable = 3;
constexpr std::uint8_t icmpv6_unreachable = 1;
/// RFC 792, code 4: the packet was too big, which refuses nothing.
constexpr std::uint8_t fragmentation_needed = 4;

bytes behind(bytes all, std::size_t length) { return all.subspan(std::min(length, all.size())); }

struct ip_packet {
  address source, destination;
  std::uint8_t protocol = 0;
  bytes payload;
};

template <class Address>
address address_at(bytes all, std::size_t offset) {
  typename Address::bytes_type raw;
  std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(offset), raw.size(), raw.begin());
  return Address(raw);
}

/// RFC 791 section 3.1.
std::optional<ip_packet> read_ipv4(bytes all) {
  constexpr std::size_t shortest = 20;
  if (all.size() < shortest) return std::nullopt;
  const std::size_t length = std::size_t{all[0] & 0x0fU} * 4;
  const bool later_fragment = (all[6] & 0x1f) != 0 || all[7] != 0;
  if (length < shortest || later_fragment) return std::nullopt;
  using v4 = boost::asio::ip::address_v4;
  return ip_packet{address_at<v4>(all, 12), address_at<v4>(all, 16), all[9], behind(all, length)};
}

/// RFC 8200 section 3.
std::optional<ip_packet> read_ipv6(bytes all) {
  constexpr std::size_t length = 40;
  if (all.size() < length) return std::nullopt;
  using v6 = boost::asio::ip::address_v6;
  return ip_packet{address_at<v6>(all, 8), address_at<v6>(all, 24), all[6], behind(all, length)};
}

std::optional<ip_packet> read_ip(bytes all) {
  if (all.empty()) return std::nullopt;
  const unsigned version = all[0] >> 4;
  if (version == 4) return read_ipv4(all);
  return version == 6 ? read_ipv6(all) : std::nullopt;
}

struct port_pair {
  std::uint16_t source = 0, destination = 0;
};

/// TCP and UDP both begin with them.
std::optional<port_pair> read_ports(bytes payload) {
  byte_reader reader(payload);
  const port_pair ports{reader.u16(), reader.u16()};
  return reader.ok() ? std::optional(ports) : std::nullopt;
}

bool begins_with_greeting(bytes datagram) {
  const std::string_view wanted = greeting::plain_question;
  return datagram.size() >= wanted.size() &&
         std::equal(wanted.begin(), wanted.end(), datagram.begin(),
                    [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
}

std::optional<packet_kind> incoming_tcp(unsigned flags) {
  if ((flags & flag_rst) != 0) return packet_kind::abandoned;
  if ((flags & flag_syn) != 0 && (flags & flag_ack) == 0) return packet_kind::request;
  return std::nullopt;
}

std::optional<packet_kind> outgoing_tcp(unsigned flags) {
  if ((flags & flag_rst) != 0) return packet_kind::refusal;
  if ((flags & flag_syn) != 0 && (flags & flag_ack) != 0) return packet_kind::answer;
  return std::nullopt;
}

std::optional<packet_kind> tcp_kind(bytes segment, direction way) {
  if (segment.size() <= tcp_flags_offset) return std::nullopt;
  const unsigned flags = segment[tcp_flags_offset];
  return way == direction::incoming ? incoming_tcp(flags) : outgoing_tcp(flags);
}

std::optional<packet_kind> udp_kind(bytes datagram, direction way) {
  if (way == direction::outgoing) return packet_kind::answer;
  if (!begins_with_greeting(behind(datagram, udp_header))) return std::nullopt;
  return packet_kind::request;
}

std::optional<transport> watched_transport(std::uint8_t protocol, const watched_port& port) {
  if (protocol == tcp_number && port.tcp) return transport::tcp;
  if (protocol == udp_number && port.udp) return transport::udp;
  return std::nullopt;
}

bool is_unreachable(const ip_packet& packet) {
  byte_reader reader(packet.payload);
  const std::uint8_t type = reader.u8();
  const std::uint8_t code = reader.u8();
  if (packet.protocol == icmpv6) return packet.source.is_v6() && type == icmpv6_unreachable;
  return packet.source.is_v4() && type == icmp_unreachable && code != fragmentation_needed;
}

/// An ICMP error that quotes a packet which came to the watched port.
std::optional<seen_packet> read_refusal(const ip_packet& packet, const watched_port& port) {
  if (!is_unreachable(packet)) return std::nullopt;
  const auto quoted = read_ip(behind(packet.payload, icmp_header));
  if (quoted && quoted->source.is_v4() != packet.source.is_v4()) return std::nullopt;
  const auto protocol = quoted ? watched_transport(quoted->protocol, port) : std::nullopt;
  const auto ports = protocol ? read_ports(quoted->payload) : std::nullopt;
  if (!ports || ports->destination != port.number) return std::nullopt;
  return seen_packet{packet_kind::refusal,
                     *protocol,
                     {quoted->source, ports->source},
                     {quoted->destination, ports->destination}};
}

}  // namespace

std::optional<seen_packet> parse_packet(bytes packet, direction way, const watched_port& port) {
  const auto ip = read_ip(packet);
  if (!ip) return std::nullopt;
  if (ip->protocol == icmp || ip->protocol == icmpv6) {
    return way == direction::outgoing ? read_refusal(*ip, port) : std::nullopt;
  }
  const auto protocol = watched_transport(ip->protocol, port);
  const auto ports = protocol ? read_ports(ip->payload) : std::nullopt;
  if (!ports) return std::nullopt;
  const auto kind =
      *protocol == transport::tcp ? tcp_kind(ip->payload, way) : udp_kind(ip->payload, way);
  const endpoint from{ip->source, ports->source};
  const endpoint to{ip->destination, ports->destination};
  const bool in = way == direction::incoming;
  if (!kind || (in ? to : from).port != port.number) return std::nullopt;
  return seen_packet{*kind, *protocol, in ? from : to, in ? to : from};
}

}  // namespace natcheck::arrivals
