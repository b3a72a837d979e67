// What was seen, in sentences for people. Text that came from the network is escaped here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

inline constexpr std::string_view nobody_asked = "no external server was asked";
inline constexpr std::string_view no_external_address =
    "the router does not report its external address";
inline constexpr std::string_view failure_reported = "the router reports a network failure";
inline constexpr std::string_view untested_outside =
    "missing test: an external server that reports which address the Internet sees";

/// Foreign text: quoted, escaped, cut at a length that still identifies it.
std::string quoted(const std::string& foreign);

/// "local address 192.168.1.10 on eth0 is private (RFC 1918)"; only with an IPv4 route.
std::string local_line(const facts& s);

/// "IPv6 address 2a00:1::5 is public and has a route"
std::string public_ipv6_line(const address& ip);

/// "192.168.1.1 does not answer ARP requests"
std::string unanswered_line(const std::string& router);

/// "hop 2, 100.64.0.1, is shared by a carrier's customers (RFC 6598)"
std::string hop_line(const path_hop& hop);

/// How the server was asked: "UDP", "TCP and IPv6".
std::string asked_over(const stun_evidence& server);

/// Why a service did not answer: "no answer to 3 requests in 1750 ms".
std::string failed(const service_evidence& service);

/// One line for each service: answered, refused, silent; and what the kernel knows of the router.
std::vector<std::string> gateway_lines(const facts& s);

/// What was seen upstream of the router: by whom, after how long, and who did not answer.
std::vector<std::string> outside_lines(const facts& s);

}  // namespace natcheck::judging
