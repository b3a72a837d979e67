// What a router writes in the place of its external address.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::external_address_impossible,
     "The router gives \"{}\" as its external address, which is {}."},
    {cause_code::ipv6_not_ipv4, "an IPv6 address, not an IPv4 address"},
    {cause_code::its_own_address, "its own address on this network"},
    {cause_code::broadcast_address, "the broadcast address"},
    {cause_code::loopback_address, "a loopback address"},
    {cause_code::multicast_address, "a multicast address"},
    {cause_code::host_name, "a host name, not an IP address"},
    {cause_code::no_ip_address, "not an IP address"},
};

}  // namespace

topic external_address() { return {causes, {}}; }

}  // namespace natcheck::wording
