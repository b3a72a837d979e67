"""Who has the address that is seen outside: what only the owner test and the path can tell."""

import dataclasses

from model import Host, Igd, Interface, Link, Nat, Pmp
from networks_base import (GATEWAY, HOME, ISP, NO_SERVICE, PROVIDER, PUBLIC, REFUSED, SILENT,
                           SINGLE_NAT, behind_router, behind_two, extended, router,
                           with_interfaces)

_LIKELY = dataclasses.replace(SINGLE_NAT, exit_codes=(2,), confidences=("likely",))
_NO_TIME_EXCEEDED = """
table ip quiet { chain output { type filter hook output priority 0;
  icmp type time-exceeded drop
}
}"""
# All that home sends to the outer address is led to another host of home, which is off.
_DMZ = """
table ip dmz { chain prerouting { type nat hook prerouting priority -110;
  iifname lan ip daddr 5.5.5.5 dnat to 192.168.1.77
}
}"""


def _scripted(address):
    return {"igd": None, "services": (Pmp(0, address),)}


def _override_wan():
    truth = dataclasses.replace(_LIKELY, verdicts=("double-nat",), owns=False, pcp=REFUSED,
                                upnp=SILENT, sources=frozenset({"nat-pmp", "stun"}),
                                path=(GATEWAY, "192.168.50.1"))
    return behind_two("the inner of two routers was told to name the outer one's address", truth,
                      "192.168.50.2/24", "192.168.50.1/24", **_scripted(PUBLIC))


def _squatted():
    truth = dataclasses.replace(_LIKELY, verdicts=("public-address-mismatch",), owns=False,
                                confidences=("confirmed",), sources=frozenset({"stun"}),
                                path=(GATEWAY, PROVIDER))
    base = behind_two("the router's WAN address is somebody else's, and the provider's NAT is "
                      "silent on the path", truth, "11.3.3.3/24", "11.3.3.1/24")
    return extended(base, {"carrier": dataclasses.replace(base.hosts["carrier"],
                                                          rules=_NO_TIME_EXCEEDED)})


def _one_line_down():
    two = with_interfaces(router(wan=None, via="6.6.6.1", nat=Nat(wan="{ wan, wan2 }")),
                          wan2=Interface("6.6.6.6/24"))
    truth = dataclasses.replace(SINGLE_NAT, confidences=("likely",), public="6.6.6.6",
                                seen_as=frozenset({"6.6.6.6"}), sources=frozenset({"stun"}),
                                nat_pmp=REFUSED, owns=True, path=(GATEWAY, "6.6.6.1"),
                                findings=frozenset({"sources-disagree"}))
    base = behind_router("the router has two lines; its services speak of the one that is down",
                         truth, dataclasses.replace(two, igd=Igd(wan="wan")),
                         isp=with_interfaces(ISP, customer2=Interface("6.6.6.1/24")))
    return extended(base, {}, (Link("router:wan2", "isp:customer2"),))


def _same_prefix():
    """Each of the two routers has 192.168.1.0/24 on its inner side."""
    truth = dataclasses.replace(_LIKELY, verdicts=("double-nat",), exit_codes=(1,), owns=False,
                                confidences=("confirmed",), gateway="192.168.1.254", pcp=REFUSED,
                                upnp=SILENT, sources=frozenset({"stun"}),
                                path=("192.168.1.254", GATEWAY))
    inner = Host({"lan": Interface("192.168.1.254/24"), "wan": Interface("192.168.1.23/32")},
                 forwarding=True, nat=Nat(), services=(Pmp(0, "192.168.1.23"),),
                 routes=(f"{GATEWAY} dev wan src 192.168.1.23",
                         f"default via {GATEWAY} dev wan src 192.168.1.23"))
    base = behind_two("both of two routers use 192.168.1.0/24", truth, None, f"{GATEWAY}/24")
    home = dataclasses.replace(HOME, routes=("default via 192.168.1.254",))
    return extended(base, {"router": inner, "home": home})


def _three_nats():
    truth = dataclasses.replace(_LIKELY, verdicts=("cgnat",), owns=False, pcp=REFUSED,
                                nat_pmp=REFUSED, upnp=SILENT, sources=frozenset({"stun"}),
                                path=(GATEWAY, "172.31.4.1", "100.64.5.1"))
    base = behind_two("two routers at home, and the provider's NAT", truth, "172.31.4.2/24",
                      "100.64.5.1/24", igd=None)
    middle = Host({"lan": Interface("172.31.4.1/24"), "wan": Interface("100.64.5.2/24")},
                  forwarding=True, nat=Nat(), routes=("default via 100.64.5.1",))
    first = router("172.31.4.2/24", "172.31.4.1", igd=None)
    links = [link for link in base.links if link.a != "router:wan"]
    return dataclasses.replace(
        base, hosts={**base.hosts, "router": first, "middle": middle},
        links=(*links, Link("router:wan", "middle:lan"), Link("middle:wan", "carrier:lan")),
        checks=("discover", "owner"))


NETWORKS = {
    "override-wan": _override_wan(),
    "squatted-wan": _squatted(),
    "one-line-down": _one_line_down(),
    "same-prefix": _same_prefix(),
    "three-nats": _three_nats(),
    "dmz": behind_router(
        "one NAT; the router leads its outer address back in, to a host that is off",
        dataclasses.replace(NO_SERVICE, owns=True), router(igd=None, rules=_DMZ)),
}
