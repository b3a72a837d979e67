"""A home where something happens: routers restart, addresses change, neighbours want the port too.

    home, neighbour ── switch ─┬─ router ═╪═ isp ── outside
    192.168.1.10, .20          │  192.168.1.1   5.5.5.5
                               └╌ spare ══╪═ isp
                                  192.168.1.2   6.6.6.6

The cable of the spare router is out until somebody plugs it in (faults.py).
"""

import dataclasses

from model import Host, Igd, Interface, Link, Nat, Upnp
from networks_base import (GATEWAY, ISP, PROVIDER, PUBLIC, REFUSED, SILENT, SINGLE_NAT,
                           behind_router, router, with_interfaces)

# The first byte after the header of UDP is the version: 0 is NAT-PMP, 2 is PCP.
_NO_NAT_PMP = "iifname lan udp dport 5351 @th,64,8 0 reject"
# Without its UPnP miniupnpd would not look after its WAN address, so it has that, and is gagged.
_NO_UPNP = ("iifname lan udp dport 1900 reject", "iifname lan tcp dport 5000 reject")
_GAG = """
table inet gag { chain output { type filter hook output priority 0;
  oifname lan udp dport 1900 drop
}
}"""
_NO_PCP = ("iifname lan udp dport 5351 @th,64,8 2 reject",)

_SWITCH = Host({"lan": Interface(kind="bridge"),
                **{port: Interface(master="lan") for port in ("home", "neighbour", "router")},
                "spare": Interface(master="lan", up=False)})
_NEIGHBOUR = Host({"eth0": Interface("192.168.1.20/24")}, routes=(f"default via {GATEWAY}",))


def _stay(summary, truth, igd=Igd(), gate=(), checks=(), rules=""):
    nat = Nat(gate=gate)
    base = behind_router(summary, truth, router(igd=igd, nat=nat, rules=rules),
                         isp=with_interfaces(ISP, other=Interface("6.6.6.1/24")))
    spare = router("6.6.6.6/24", "6.6.6.1", igd, dataclasses.replace(nat, public="6.6.6.6"),
                   Interface("192.168.1.2/24"), rules=rules)
    links = [link for link in base.links if link.a != "home:eth0"]
    return dataclasses.replace(
        base, checks=("discover", *checks),
        hosts={**base.hosts, "switch": _SWITCH, "neighbour": _NEIGHBOUR, "spare": spare},
        links=(*links, Link("home:eth0", "switch:home"), Link("neighbour:eth0", "switch:neighbour"),
               Link("router:lan", "switch:router"), Link("spare:lan", "switch:spare"),
               Link("spare:wan", "isp:other")))


_BY_PCP = dataclasses.replace(SINGLE_NAT, confidences=("likely",), sources=frozenset({"stun"}),
                              nat_pmp=REFUSED, upnp=SILENT, path=(GATEWAY, PROVIDER))
_BY_NAT_PMP = dataclasses.replace(SINGLE_NAT, sources=frozenset({"nat-pmp", "stun"}), pcp=REFUSED,
                                  upnp=SILENT)
_BY_UPNP = dataclasses.replace(SINGLE_NAT, sources=frozenset({"upnp", "stun"}), pcp=REFUSED,
                               nat_pmp=REFUSED)
_CHECKS = ("stay", "share", "left_over")

NETWORKS = {
    "stay": _stay("two routers, one of them unplugged, and a neighbour; all protocols", SINGLE_NAT),
    "stay-pcp": _stay("the same; the routers speak PCP only", _BY_PCP, Igd(),
                      (_NO_NAT_PMP, *_NO_UPNP), (*_CHECKS, "young", "reload"), _GAG),
    "stay-nat-pmp": _stay("the same; the routers speak NAT-PMP only", _BY_NAT_PMP,
                          Igd(upnp=False), _NO_PCP, (*_CHECKS, "reload")),
    "stay-upnp": _stay("the same; the routers speak UPnP only", _BY_UPNP, Igd(nat_pmp=False),
                       (), (*_CHECKS, "reload")),
    "quirky-upnp": behind_router(
        "one NAT; a scripted UPnP router with the quirks of those that are sold", _BY_UPNP,
        router(igd=None, services=(Upnp(GATEWAY, PUBLIC),)), checks=("discover", "quirks")),
}
