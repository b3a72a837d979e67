"""A host whose routes are unusual; checks_routes.py makes them so, one kind after the other."""

import dataclasses

import networks_ipv6
from model import Host, Interface
from networks_base import GATEWAY, extended

_DUAL_STACK = networks_ipv6.NETWORKS["dual-stack"]

NETWORKS = {
    "odd-routes": extended(
        dataclasses.replace(
            _DUAL_STACK, checks=("discover", "routes"),
            summary="as dual-stack, with an IPv6 default route for one prefix only; then rules, "
                    "nexthop objects, equal routes, an IPv6 next hop"),
        {"home": Host({"eth0": Interface("192.168.1.10/24", "2a00:5::10/64")},
                      routes=(f"default via {GATEWAY}",
                              "default from 2a00:5::/64 via fe80::1 dev eth0"))}),
}
