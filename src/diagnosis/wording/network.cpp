// Sockets, names, and the routes of this host.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::nothing_listens, "nothing listens on that port"},
    {cause_code::no_route_to_network, "no route to that network"},
    {cause_code::host_unreachable,
     "host unreachable: a router reports it, or the host does not respond"},
    {cause_code::forbidden_by_firewall, "forbidden by a firewall on this machine"},
    {cause_code::no_permission, "this user lacks permission"},
    {cause_code::address_in_use, "the port is already in use"},
    {cause_code::no_such_local_address,
     "this machine does not have that address, or its IP version is turned off"},
    {cause_code::too_many_connections,
     "this program has too many connections open (see ulimit -n)"},
    {cause_code::too_many_files, "this machine has too many files open"},
    {cause_code::ip_version_off, "that IP version is turned off on this machine"},
    {cause_code::closed_by_other_side, "the other side closed the connection"},
    {cause_code::no_free_port, "this machine has no free port left"},
    {cause_code::route_unreachable, "a route on this machine marks the destination as unreachable"},
    {cause_code::route_prohibits, "a route or rule on this machine prohibits it"},
    {cause_code::route_prohibits_or_no_permission,
     "a route on this machine prohibits the destination, or this user lacks permission"},
    {cause_code::route_discards,
     "a route on this machine discards packets to the destination (blackhole)"},
    {cause_code::lookup_timed_out, "the name lookup timed out"},
    {cause_code::no_such_interface, "there is no such interface; this machine has {}"},
    {cause_code::only_loopback, "there is no such interface; this machine has only loopback"},
    {cause_code::changed_during_read, "they changed during the read"},
};

constexpr operation_row operations[] = {
    {operation_code::asking_for_interfaces, "asking the kernel for its interfaces"},
    {operation_code::asking_for_addresses, "asking the kernel for its addresses"},
    {operation_code::asking_for_routes, "asking the kernel for its routes"},
    {operation_code::asking_for_nexthops, "asking the kernel for its nexthop objects"},
    {operation_code::asking_for_route_to, "asking the kernel for its route to {}"},
    {operation_code::asking_for_neighbor, "asking the kernel for its neighbor {}"},
    {operation_code::opening_netlink, "opening a netlink socket"},
    {operation_code::looking_for_interface, "looking for the interface {}"},
    {operation_code::resolving, "resolving {}"},
};

}  // namespace

topic network() { return {causes, operations}; }

}  // namespace natcheck::wording
