"""Where a server finds itself otherwise than its addresses make believe."""

import dataclasses

from model import Host, Igd, Interface, Link, Nat, Upnp
from networks_base import (ISP, PUBLIC, REFUSED, SINGLE_NAT, behind_router, extended, router,
                           with_interfaces)

SECOND_LINE = "6.6.6.6"


def _public_lan():
    """As old networks are, and those of people who thought that any number will do."""
    home = Host({"eth0": Interface("169.168.77.10/24")}, routes=("default via 169.168.77.1",))
    truth = dataclasses.replace(SINGLE_NAT, private="169.168.77.10", gateway="169.168.77.1",
                                sources=frozenset({"upnp", "stun"}), pcp=REFUSED, nat_pmp=REFUSED,
                                owns=True)
    # miniupnpd refuses to work in such a network.
    lan = router(lan=Interface("169.168.77.1/24"), nat=Nat(inside="169.168.77.10"), igd=None,
                 services=(Upnp("169.168.77.1", PUBLIC),))
    return behind_router("one NAT; the LAN has public numbers, which are somebody else's", truth, lan,
                         home, ("discover", "public_lan"))


def _second_line():
    """Two routers, each with a line of its own; traffic leaves by the second unless told not to."""
    home = Host({"eth0": Interface("192.168.1.10/24"), "eth1": Interface("10.0.0.10/24")},
                routes=("default via 192.168.1.1 metric 600", "default via 10.0.0.1 metric 100"))
    spare = Host({"lan": Interface("10.0.0.1/24"), "wan": Interface(f"{SECOND_LINE}/24")},
                 forwarding=True, nat=Nat(public=SECOND_LINE, inside="10.0.0.10"), igd=Igd(),
                 routes=("default via 6.6.6.1",))
    truth = dataclasses.replace(SINGLE_NAT, private="10.0.0.10", gateway="10.0.0.1",
                                public=SECOND_LINE, seen_as=frozenset({SECOND_LINE}),
                                findings=frozenset({"several-default-routes"}))
    base = behind_router("two lines, each behind a NAT; the default route takes the second", truth,
                         home=home, checks=("discover", "second_line"),
                         isp=with_interfaces(ISP, spare=Interface("6.6.6.1/24")))
    return extended(base, {"spare": spare}, (Link("home:eth1", "spare:lan"),
                                             Link("spare:wan", "isp:spare")))


NETWORKS = {
    "public-lan": _public_lan(),
    "second-line": _second_line(),
}
