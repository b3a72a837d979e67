// The commands: their options, what they leave out, and why they end.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::cut_short, "{}, cut short by the time limit"},
    {cause_code::nothing_sent_in_time, "timed out before anything was sent"},

    {cause_code::expected, "expected {}"},
    {cause_code::expected_router_address, "the IPv4 address of a router"},
    {cause_code::expected_time, "a number of seconds above 0, such as 5 or 0.5"},
    {cause_code::expected_lifetime, "a number of seconds, 1 to 604800"},
    {cause_code::expected_count, "a number, 1 to 1000"},
    {cause_code::expected_port, "a port, 1 to 65535"},
    {cause_code::expected_web_page, "a URL starting with http://"},
    {cause_code::expected_stun_server, "HOST, HOST:PORT or [IPV6]:PORT"},
    {cause_code::expected_protocols, "TCP, UDP or both, each once"},
    {cause_code::expected_host, "a name or an address"},

    {cause_code::external_servers_off, "external servers are turned off"},
    {cause_code::web_check_off, "the web check is turned off"},
    {cause_code::no_ipv4_route, "this machine has no IPv4 route to the Internet"},
    {cause_code::no_public_ipv6_behind_router,
     "this machine has no public IPv6 address behind a router"},
    {cause_code::no_router_on_route, "the route to the Internet has no router"},
    {cause_code::no_external_address_seen, "no external server reported an address"},
    {cause_code::external_address_is_own,
     "the address that external servers see is this machine's own"},
    {cause_code::no_external_server_known, "no server on the Internet is configured"},
    {cause_code::server_has_answered, "not needed: an external server answered"},
    {cause_code::not_needed, "not needed for the result"},

    {cause_code::port_in_use, "{}; to find it: ss -ln{}p 'sport = :{}', or listen on another port"},
    {cause_code::low_port_denied,
     "{0}; ports below 1024 require root; listen on a higher one: --map {1}:{2}"},
    {cause_code::mapping_required, "there is no mapping, but --require-map requires one"},
};

constexpr operation_row operations[] = {
    {operation_code::reading_protocols, "protocols"},
    {operation_code::reading_option, "{} {}"},
    {operation_code::listening, "listening on {} ({})"},
    {operation_code::opening_port, "opening port {}"},
    {operation_code::asking_for_router_address, "asking the router for its IPv4 address"},
};

}  // namespace

topic commands() { return {causes, operations}; }

}  // namespace natcheck::wording
