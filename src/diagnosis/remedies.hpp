// Next steps that several rules advise, in the words that router menus use.
#pragma once

#include <cstdint>
#include <natcheck/evidence.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::judging {

/// The port that examples open, and that `probe` tries when none is named.
inline constexpr std::uint16_t example_port = 1234;

/// "forward TCP port 1234 on the router (192.168.1.1) to 192.168.1.10:1234, in its menu ..."
std::string forward_by_hand(transport protocol, std::uint16_t external, const std::string& router,
                            const endpoint& internal);

/// The same for the example port, to `local`.
std::string forward_example(const std::string& router, const address& local);

/// "turn on UPnP or NAT-PMP in the router ..."
std::string turn_on_service(const std::string& router);

/// What someone outside has to type. Empty where the address is not a public one.
std::string probe_command(const endpoint& external, transport protocol);

/// What to do about a router that refuses this machine.
inline constexpr std::string_view permit_this_machine =
    "allow it in the router: on a FRITZ!Box per device (Internet > Permit Access > Port Sharing), "
    "elsewhere the setting of UPnP or NAT-PMP and its list of permitted ports";

/// The verdict on a router that does not answer ARP, and what to do about it.
std::string dead_router(const std::string& router);
std::vector<std::string> revive_router(const std::string& router);

inline constexpr std::string_view probe_outside = "from outside, run: natcheck probe";

inline constexpr std::string_view check_address =
    "check the address; on the server's side, run natcheck discover";

/// "from outside, run: natcheck probe 5.5.5.5:1234"
std::string probe_from_outside(const address& ip);

/// "natcheck serve --map 1234 --interface eth0": the command with the options that chose the way,
/// without which it may ask another router.
std::string natcheck_command(const asked_options& asked, std::string_view arguments);

/// For an address of this machine that its router translates one to one.
std::string give_out_ipv6(const address& mapped);

/// "natcheck serve --map 1234"
std::string open_a_port(const asked_options& asked);

/// "natcheck serve --port 1234"
std::string listen_only(const asked_options& asked);

/// The same as probe_from_outside, and why: no address proves that a port is open.
std::string prove_it(const address& ip);

/// Where the router says what its own external address is.
std::string status_page(const std::string& router);

/// "Traffic to the Internet leaves through tun0, a tunnel (VPN)" and what `consequence` adds, which
/// begins with its own punctuation.
std::string tunnel_egress(const std::string& interface, const std::string& consequence);

/// What to do about a tunnel that takes all traffic.
std::vector<std::string> around_the_tunnel();

/// How to be reached by IPv6 instead.
std::string use_ipv6(const address& ip);

/// What is left where the provider's NAT cannot be opened.
std::string use_relay();

}  // namespace natcheck::judging
