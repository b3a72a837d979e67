"""IPv6 beside IPv4, and alone."""

import dataclasses

from model import Host, Igd, Interface, Nat, Stun, Truth
from networks_base import (GATEWAY, ISP, OUTSIDE, PUBLIC, SINGLE_NAT, behind_router, extended,
                           router, with_interfaces)

_ADDRESS = "2a00:5::10"
_SERVER = "2a00:9::7"
_SERVERS = ("9.9.0.7", f"[{_SERVER}]", "8.8.0.7")
_ROUTE = "default via fe80::1 dev eth0"


def _hosts(base, ipv4=True, prefix="2a00:5"):
    """The same hosts with IPv6, and, unless `ipv4`, nothing else at home."""
    def four(*addresses):
        return addresses if ipv4 else ()

    home = Host({"eth0": Interface(*four("192.168.1.10/24"), f"{prefix}::10/64")},
                routes=four(f"default via {GATEWAY}") + (_ROUTE,))
    gate = with_interfaces(
        base["router"], lan=Interface(*four(f"{GATEWAY}/24"), f"{prefix}::1/64", "fe80::1/64"),
        wan=Interface(*four(f"{PUBLIC}/24"), "2a00:55::5/64"))
    gate = dataclasses.replace(
        gate, routes=four("default via 5.5.5.1") + ("default via 2a00:55::1",))
    isp = with_interfaces(ISP, customer=Interface("5.5.5.1/24", "2a00:55::1/64"),
                          core=Interface("9.9.0.1/24", "2a00:9::1/64"))
    isp = dataclasses.replace(isp, routes=("2a00:5::/64 via 2a00:55::5",))
    outside = with_interfaces(
        OUTSIDE, eth0=Interface("9.9.0.7/24", "9.9.0.8/24", f"{_SERVER}/64"))
    outside = dataclasses.replace(
        outside, routes=(*OUTSIDE.routes, "default via 2a00:9::1"),
        services=(Stun(("9.9.0.7", "9.9.0.8", _SERVER)), *OUTSIDE.services[1:]))
    return {"home": home, "router": gate, "isp": isp, "outside": outside}


def _dual_stack():
    base = behind_router(
        "IPv4 behind one NAT, IPv6 behind a firewall that opens when asked",
        dataclasses.replace(SINGLE_NAT, ipv6=_ADDRESS, findings=frozenset({"ipv6-firewalled"}),
                            seen_as=frozenset({PUBLIC, _ADDRESS})),
        router(igd=Igd(ipv6=True)), checks=("discover", "pinhole"))
    return extended(base, _hosts(base.hosts), stun=_SERVERS)


def _local_addresses(summary, finding, seen_as, rules=""):
    """Only unique local addresses at home (RFC 4193), which the provider does not know."""
    truth = dataclasses.replace(SINGLE_NAT, ipv6="fd00:5::10", findings=frozenset({finding}),
                                seen_as=frozenset({PUBLIC, *seen_as}))
    base = behind_router(summary, truth, dataclasses.replace(router(), rules=rules))
    return extended(base, _hosts(base.hosts, prefix="fd00:5"), stun=_SERVERS)


def _ipv6_only():
    base = behind_router(
        "IPv6 only; IPv4 through NAT64",
        Truth(("ipv6-only",), (0,), confidences=("confirmed", "likely"), private=None, gateway=None,
              ipv6=_ADDRESS, seen_as=frozenset({_ADDRESS}), findings=frozenset({"nat64"})),
        router(igd=None, nat=Nat()))
    # RFC 7050: where a resolver mixes IPv4 into IPv6, this name has an IPv6 address.
    return extended(base, _hosts(base.hosts, ipv4=False), stun=(f"[{_SERVER}]", "9.9.0.7"),
                    names=(("ipv4only.arpa", "64:ff9b::192.0.0.170"),))


_NAT66 = """
table ip6 nat66 { chain postrouting { type nat hook postrouting priority 100;
  oifname wan masquerade
}
}"""

NETWORKS = {
    "dual-stack": _dual_stack(),
    "ipv6-local": _local_addresses(
        "one NAT for IPv4; IPv6 among the hosts at home only", "ipv6-not-global", ()),
    "ipv6-translated": _local_addresses(
        "one NAT for IPv4, and another for IPv6", "ipv6-translated", ("2a00:55::5",), _NAT66),
    "ipv6-only": _ipv6_only(),
}
