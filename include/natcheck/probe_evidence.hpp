// What a probe saw, and what it did not: the input of its diagnose(). Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

enum class probe_result {
  reached,        ///< natcheck answered, nonce right, payload intact
  reached_plain,  ///< "Hello, client!" and nothing else
  refused,
  timed_out,
  unreachable,
  silent,         ///< connected, but no greeting arrived
  other_service,  ///< connected, but something else answered
  reset,          ///< connected, but broken before the greeting was complete
  corrupted,      ///< the greeting arrived, but the echo differs from what was sent
  unresolved,
};

/// Why a reachable target proves nothing about the outside.
enum class inside_reason {
  own_address,       ///< the target is an address of this host
  loopback,          ///< the target is a loopback address
  private_target,    ///< the target is private, shared (100.64/10) or link-local
  hairpin,           ///< the server saw us come from its own public address
  own_network,       ///< the target is in a network of this host (IPv6: its /64)
  own_router,        ///< the target is an address of our own router: it answered at TTL 1
  seen_ourselves,    ///< the server saw the private address that we sent from
  seen_own_router,   ///< the server saw our own router's inner address
  seen_own_network,  ///< the server saw a private address of a network of this host
  near_server,       ///< the server reports that we came from its own network
  tunnel,            ///< we left through a tunnel, and the server saw its own router
  own_site,          ///< the target is in our /48 (IPv6), which is most likely one site
  near_target,       ///< the target answered within three hops, behind private routers only
  not_from_outside,  ///< the server saw what no client on the Internet has, and nothing shows that
                     ///< we asked from the Internet
  few_routers,       ///< a router translated us, and hardly any is between it and the server's
  proxy,             ///< a proxy near us made the connection, and the server saw an inner address
  same_pool,         ///< the server saw a public address close to the target's, and nothing shows
                     ///< that we asked from the Internet
};

/// What the server knows about its visitor's address.
enum class proximity {
  network,  ///< in one of the server's own networks
  gateway,  ///< the server's own router
};

/// Where a probe comes from.
struct prober_location {
  std::optional<address> local;            ///< the source address of packets to the target
  std::optional<address> gateway;          ///< their next hop
  bool tunnel = false;                     ///< they leave through a tunnel
  std::vector<interface_address> on_link;  ///< of the interface on which they leave
  std::vector<interface_address> others;   ///< of all other interfaces except loopback
  /// Who answered on the path to the target with a TTL (IPv6: a hop limit) of 1, 2 and 3, including
  /// the target itself. Empty: nobody, or it was not tested.
  std::array<std::optional<address>, 3> hops;
  /// The same on the path to the address that the server saw, if that was tested.
  std::array<std::optional<address>, 3> seen_hops;
  std::optional<unsigned> ttl;  ///< with which packets leave this host; IPv6: the hop limit
  /// This host or its first router itself accepts TCP connections to the target: a proxy.
  bool proxy = false;
};

/// An ICMP error in answer to a packet of ours.
struct icmp_notice {
  address from;
  std::uint8_t type = 0, code = 0;  ///< RFC 792, or RFC 4443 where `from` is IPv6

  friend bool operator==(const icmp_notice&, const icmp_notice&) = default;
};

/// Whether the server saw its own address as the destination (`direct`) or another.
enum class translation { direct, mapped };

struct probe_timing {
  std::optional<millis> resolve, connect, greeting, echo;
  millis total{0};
};

/// One handshake: a TCP connection, or a request and its answer in UDP datagrams.
struct handshake_evidence {
  probe_result result = probe_result::timed_out;
  cause detail;                     ///< what happened; with other_service the first bytes, quoted
  bool local_fault = false;         ///< nothing left this machine: no route, or it forbids sending
  bool machine_fault = false;       ///< also: no descriptor, no free port, no such device
  bool large_lost = false;          ///< greeting and small echo are intact, larger packets are lost
  bool wrong_identity = false;      ///< a natcheck greeting with another session or nonce than ours
  std::optional<icmp_notice> icmp;  ///< why it is refused or unreachable
  std::optional<endpoint> seen_as;  ///< our endpoint as the server saw it
  std::optional<proximity> near;    ///< as the server reports
  std::optional<unsigned> ttl;      ///< of our packet at the server, as it reports
  std::optional<std::string> server_version;
  std::optional<std::string> server_instance;
  std::optional<translation> path;
  probe_timing timing;
  std::vector<millis> echo_rtts;

  /// The server answered, by our greeting or by the plain one.
  bool reached() const {
    return !wrong_identity &&
           (result == probe_result::reached || result == probe_result::reached_plain);
  }
};

/// One address of the name, and the handshake with it.
struct address_attempt {
  natcheck::address ip;
  handshake_evidence handshake;
};

struct probe_evidence {
  std::string target;               ///< as the caller wrote it, with the port
  std::optional<endpoint> address;  ///< to which it resolved, and which was probed
  transport protocol = transport::tcp;
  std::string session;                ///< sent to the server, which shows it too; empty: not known
  std::vector<inside_reason> inside;  ///< as far as the target's address alone shows
  prober_location visitor_location;
  std::vector<address_attempt> attempts;       ///< in the order of the name's addresses
  std::vector<handshake_evidence> handshakes;  ///< one, or `count`; never empty
  std::optional<unsigned> stopped_of;  ///< the user stopped it before so many handshakes were made
};

}  // namespace natcheck
