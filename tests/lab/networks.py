"""The networks of the lab, and the truth that must be found in each.

    home ── router ═╪═ isp ── outside          ═╪═: address translation
    192.168.1.10    5.5.5.5    9.9.0.7

Addresses look public where a public one is meant: miniupnpd refuses to work on a reserved one.
No packet ever leaves the namespaces.
"""

import dataclasses

from model import ADDRESS_OUTSIDE, Host, Igd, Interface, Link, Nat, Network, Truth

PUBLIC = "5.5.5.5"
_HOME = Host({"eth0": Interface("192.168.1.10/24")}, routes=("default via 192.168.1.1",))
_ISP = Host({"customer": Interface("5.5.5.1/24"), "core": Interface("9.9.0.1/24")}, forwarding=True)
_OUTSIDE = Host({"eth0": Interface(ADDRESS_OUTSIDE + "/24")}, routes=("default via 9.9.0.1",))
_TO_OUTSIDE = Link("isp:core", "outside:eth0")


def _router(wan="5.5.5.5/24", via="5.5.5.1", igd=Igd(), nat=Nat(), lan=Interface("192.168.1.1/24"),
            up=True):
    return Host({"lan": lan, "wan": Interface(wan, up=up)}, forwarding=True, nat=nat, igd=igd,
                routes=(f"default via {via}",) if via and up else ())


def _behind_router(summary, truth, router=_router(), home=_HOME, checks=("discover",), delay_ms=0):
    """One home network behind one router."""
    return Network(summary, {"home": home, "router": router, "isp": _ISP, "outside": _OUTSIDE},
                   (Link("home:eth0", "router:lan"),
                    Link("router:wan", "isp:customer", delay_ms), _TO_OUTSIDE),
                   truth, checks)


def _behind_two(summary, truth, inner_wan, outer_lan, outer_wan="5.5.5.5/24"):
    """The router's WAN side is itself behind a translating box that nobody at home controls."""
    outer = Host({"lan": Interface(outer_lan), "wan": Interface(outer_wan)}, forwarding=True,
                 nat=Nat(), routes=("default via 5.5.5.1",))
    return Network(summary,
                   {"home": _HOME, "router": _router(inner_wan, outer_lan.split("/")[0]),
                    "carrier": outer, "isp": _ISP, "outside": _OUTSIDE},
                   (Link("home:eth0", "router:lan"), Link("router:wan", "carrier:lan"),
                    Link("carrier:wan", "isp:customer"), _TO_OUTSIDE), truth)


_SINGLE_NAT = Truth(("single-nat",), (0,), public=PUBLIC, sources=frozenset({"nat-pmp", "upnp"}))
_NO_SERVICE = Truth(("nat-no-mapping-service",), (2,), nat_pmp="refused", upnp="silent")
_SILENT_ROUTER = ("udp dport {1900, 5351} drop",)


def _probe_router():
    """Every way in which a port of a router can behave, on a port of its own."""
    ports = (8001, 8002, 8003, 8004, 8005, 8006)
    return _router(nat=Nat(
        gate=("iifname wan tcp dport 9001 reject with tcp reset",
              "iifname wan tcp dport 9002 drop",
              "iifname wan tcp dport 9003 reject with icmp host-unreachable",
              "iifname wan tcp dport 9004 reject with icmp admin-prohibited"),
        forwards=tuple((port, f"192.168.1.10:{port}") for port in ports)))


def _two_default_routes():
    home = Host({"eth0": Interface("192.168.1.10/24"), "eth1": Interface("10.0.0.10/24")},
                routes=("default via 10.0.0.1 metric 600", "default via 192.168.1.1 metric 100"))
    spare = Host({"lan": Interface("10.0.0.1/24")}, forwarding=True)
    base = _behind_router("two ways out; the one with the better metric is behind one NAT",
                          dataclasses.replace(_SINGLE_NAT,
                                              findings=frozenset({"several-default-routes"})),
                          home=home)
    return dataclasses.replace(base, hosts={**base.hosts, "spare": spare},
                               links=(*base.links, Link("home:eth1", "spare:lan")))


NETWORKS = {
    "single-nat": _behind_router(
        "one NAT; the router opens ports by NAT-PMP and by UPnP", _SINGLE_NAT,
        checks=("discover", "mapping", "greeting")),
    "upnp-only": _behind_router(
        "one NAT; the router speaks UPnP and refuses NAT-PMP",
        dataclasses.replace(_SINGLE_NAT, sources=frozenset({"upnp"}), nat_pmp="refused"),
        _router(igd=Igd(nat_pmp=False)), checks=("discover", "mapping")),
    "nat-pmp-only": _behind_router(
        "one NAT; the router speaks NAT-PMP and knows no UPnP",
        dataclasses.replace(_SINGLE_NAT, sources=frozenset({"nat-pmp"}), upnp="silent"),
        _router(igd=Igd(upnp=False)), checks=("discover", "mapping")),
    "no-service": _behind_router(
        "one NAT; the router opens no ports, and says so by ICMP", _NO_SERVICE,
        _router(igd=None), checks=("discover", "no_mapping")),
    "silent-router": _behind_router(
        "one NAT; the router ignores every question",
        dataclasses.replace(_NO_SERVICE, nat_pmp="silent"),
        _router(igd=None, nat=Nat(gate=_SILENT_ROUTER)), checks=("discover", "no_mapping")),
    "mapping-denied": _behind_router(
        "one NAT; the router answers, and its rules deny every mapping", _SINGLE_NAT,
        _router(igd=Igd(rules=("deny 0-65535 0.0.0.0/0 0-65535",))),
        checks=("discover", "no_mapping")),
    "offline": _behind_router(
        "the network cable is out",
        Truth(("offline",), (1,), private=None, gateway=None),
        home=Host({"eth0": Interface(up=False)})),
    "public-address": Network(
        "the host itself has the public address",
        {"home": Host({"eth0": Interface("5.5.5.5/24")}, routes=("default via 5.5.5.1",)),
         "isp": _ISP, "outside": _OUTSIDE},
        (Link("home:eth0", "isp:customer"), _TO_OUTSIDE),
        Truth(("direct",), (0,), private=PUBLIC, public=PUBLIC, sources=frozenset({"interface"}),
              gateway="5.5.5.1", nat_pmp="refused", upnp="silent"),
        ("discover", "direct")),
    "double-nat": _behind_two(
        "the router is behind another router", Truth(("double-nat",), (1,), nat_pmp="refused"),
        "192.168.100.2/24", "192.168.100.1/24"),
    "cgnat": _behind_two(
        "the router is behind the provider's NAT", Truth(("double-nat",), (1,), nat_pmp="refused"),
        "100.64.5.2/24", "100.64.5.1/24"),
    "wan-down": _behind_router(
        "the router's cable to the provider is out",
        Truth(("gateway-wan-down",), (1,), nat_pmp="refused"), _router(up=False, wan=None)),
    "dead-gateway": _behind_router(
        "the router has hung up: it does not even answer ARP",
        Truth(("offline", "inconclusive"), (1, 2), nat_pmp="silent", upnp="silent"),
        _router(lan=Interface("192.168.1.1/24", arp=False), igd=None)),
    "two-default-routes": _two_default_routes(),
    "probe-outcomes": _behind_router(
        "every way in which a port can answer", _SINGLE_NAT, _probe_router(), checks=("probe",)),
    "delayed": _behind_router(
        "one NAT, 30 ms from there to the provider and back", _SINGLE_NAT,
        checks=("discover", "delay"), delay_ms=15),
    "delayed-refusing": _behind_router(
        "the same; the router opens no ports and says so", _NO_SERVICE,
        _router(igd=None), delay_ms=15),
    "delayed-silent": _behind_router(
        "the same; the router ignores every question",
        dataclasses.replace(_NO_SERVICE, nat_pmp="silent"),
        _router(igd=None, nat=Nat(gate=_SILENT_ROUTER)), delay_ms=15),
}
