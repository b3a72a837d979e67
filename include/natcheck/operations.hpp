// The codes of operations. Behind each the values that belong to it, in their order.
#pragma once

#include <natcheck/cause.hpp>

namespace natcheck {

enum class operation_code : std::uint16_t {
  none,
  quoted,  ///< text

  // Of PCP or NAT-PMP: endpoint, name of the protocol.
  asking_for_presence,
  asking_for_external_address,
  asking_for_mapping,
  asking_for_removal,
  asking_for_shorter_lease,
  removing_mapping,  ///< address

  reading_protocols,
  reading_option,  ///< text: its name; text: its value
  connecting,
  asking_over_udp,
  sending_answer,
  listening,                  ///< endpoint, text: TCP or UDP
  opening_port,               ///< port
  asking_for_router_address,  ///< IPv4
  asking_for_page,            ///< endpoint, host
  searching_by_upnp,
  requesting_by_upnp,       ///< HTTP method, URL
  calling_by_upnp,          ///< endpoint, action
  reading_description,      ///< URL
  opening_port_by_upnp,     ///< address
  closing_port_by_upnp,     ///< address
  opening_pinhole_by_upnp,  ///< address
  closing_pinhole_by_upnp,  ///< address

  // Sockets, names, and the routes of this host.
  asking_for_interfaces,  ///< of the kernel
  asking_for_addresses,   ///< of the kernel
  asking_for_routes,      ///< of the kernel
  asking_for_nexthops,    ///< of the kernel
  asking_for_route_to,    ///< of the kernel: address
  asking_for_neighbor,    ///< of the kernel: address
  opening_netlink,
  looking_for_interface,  ///< text
  resolving,              ///< text: a name

  // STUN: its messages, its servers, and the survey of them.
  asking_stun_servers,
  asking_stun_over_udp,  ///< text: name, endpoint
  asking_stun_over_tcp,  ///< text: name, endpoint

  // The path, the owner of an address, and the behavior of the NAT.
  asking_stun_rfc5780,
  tracing_path,   ///< endpoint
  testing_owner,  ///< address
  looking_for_first_hops,
  looking_for_proxy,

  // The firewall and the NAT rules of this host.
  opening_packet_socket,
  reading_nftables,  ///< chains, rules or sets

  // Mappings.
  opening_port_on,       ///< external port, address
  asking_to_open_port,   ///< address, external port
  closing_port_on,       ///< external port, address
  remembering_mappings,  ///< text: file or directory
  past_the_last
};

}  // namespace natcheck
