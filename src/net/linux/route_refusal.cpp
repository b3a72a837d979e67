#include "net/route_refusal.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <utility>

#include "core/canonical.hpp"
#include "net/linux/netlink.hpp"
#include "net/route_messages.hpp"

namespace natcheck::net {
namespace {

/// 0 where the kernel has a route for the packet, else the errno it refuses with; empty where it
/// cannot be asked.
std::optional<int> refusal_code(netlink_socket& kernel, const packet_traits& packet) {
  const auto answer =
      kernel.request(lookup_request(packet, lookup::entry),
                     operation(operation_code::asking_for_route_to, packet.destination));
  if (answer) return 0;
  if (answer.error().kind != outcome::refused) return std::nullopt;
  return answer.error().code;
}

bool is_sent(netlink_socket& kernel, const packet_traits& packet) {
  return refusal_code(kernel, packet) == 0;
}

address loopback_like(const address& ip) {
  if (ip.is_v4()) return boost::asio::ip::address_v4::loopback();
  return boost::asio::ip::address_v6::loopback();
}

/// A kernel before 4.17 does not know ports in a lookup, and some sandboxes know none at all.
bool knows_the_question(netlink_socket& kernel, packet_traits packet) {
  packet.destination = loopback_like(packet.destination);
  packet.index = 0;
  return is_sent(kernel, packet);
}

packet_traits without_port(packet_traits packet) {
  packet.protocol.reset();
  packet.port = 0;
  return packet;
}

/// The errno that tells why; empty where the packet is sent, or may be.
std::optional<int> why_not(netlink_socket& kernel, const packet_traits& packet) {
  const auto code = refusal_code(kernel, packet);
  if (!code || *code == 0 || !knows_the_question(kernel, packet)) return std::nullopt;
  // Asked with an interface, IPv4 says "unreachable" whatever the reason.
  packet_traits anywhere = packet;
  anywhere.index = 0;
  const auto reason = refusal_code(kernel, anywhere);
  constexpr std::array explicit_no{EACCES, EHOSTUNREACH, EINVAL};
  const bool tells = std::find(explicit_no.begin(), explicit_no.end(), reason) != explicit_no.end();
  if (tells) return reason;
  // No route at all, or one by another interface: it hangs on the port where other ports have one.
  if (is_sent(kernel, without_port(packet))) return EACCES;
  return std::nullopt;
}

/// An IPv6 target may bring its interface along (fe80::1%eth0).
unsigned index_towards(const source& from, const address& to) {
  if (!from.interface.empty()) return ::if_nametoindex(from.interface.c_str());
  return to.is_v6() ? static_cast<unsigned>(to.to_v6().scope_id()) : 0;
}

}  // namespace

cause cause_of_refusal(int code) {
  if (code == EHOSTUNREACH) return cause_code::route_unreachable;
  return code == EINVAL ? cause_code::route_discards : cause_code::route_prohibits;
}

std::optional<failure> route_refusal(natcheck::operation operation, const source& from,
                                     transport protocol, const endpoint& to) {
  auto kernel = netlink_socket::open();
  if (!kernel) return std::nullopt;
  packet_traits packet;
  packet.destination = canonical(to.ip);
  packet.index = index_towards(from, to.ip);
  if (!from.local.is_unspecified()) packet.source = canonical(from.local);
  packet.protocol = protocol;
  packet.port = to.port;
  const auto code = why_not(*kernel, packet);
  if (!code) return std::nullopt;
  return failure{outcome::denied, std::move(operation), cause_of_refusal(*code), 0};
}

}  // namespace natcheck::net
