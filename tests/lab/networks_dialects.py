"""Homes beside the usual one, each with a router that speaks one dialect after the other."""

import dataclasses

from model import Host, Interface, Link, Upnp
from networks_base import GATEWAY, PUBLIC, REFUSED, SINGLE_NAT, behind_router, extended, router

PAIRS = 24  # of a home and a router: so many dialects are tried at the same time
_BY_UPNP = dataclasses.replace(SINGLE_NAT, sources=frozenset({"upnp", "stun"}), pcp=REFUSED,
                               nat_pmp=REFUSED)


def _pairs():
    base = behind_router(
        "a UPnP router that speaks every dialect seen in the field, to upnpc and to natcheck",
        _BY_UPNP, router(igd=None, services=(Upnp(GATEWAY, PUBLIC),)), checks=("dialects",))
    hosts, links = {}, []
    for number in range(PAIRS):
        home, gateway = f"home{number}", f"router{number}"
        hosts[home] = Host({"eth0": Interface("192.168.77.10/24")},
                           routes=("default via 192.168.77.1",))
        hosts[gateway] = Host({"lan": Interface("192.168.77.1/24")})
        links.append(Link(f"{home}:eth0", f"{gateway}:lan"))
    return extended(base, hosts, links)


NETWORKS = {"dialects": _pairs()}
