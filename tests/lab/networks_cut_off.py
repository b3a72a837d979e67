"""Networks where something is broken or forbidden on the way."""

import dataclasses

from model import Host, Interface, Nat, Truth, Web
from networks_base import (CUT_OFF, GATEWAY, ISP, NO_SERVICE, REFUSED, SILENT, SILENT_ROUTER,
                           SINGLE_NAT, behind_router, router)

_DEAD = """
table inet dead { chain prerouting { type filter hook prerouting priority -300; policy drop; }
}"""

_PORTAL = router(
    igd=None, services=(Web(8080, "http://portal.lab/sign-in?from=home"),),
    nat=Nat(blocks=("iifname lan drop",),
            diverts=("iifname lan tcp dport 80 redirect to :8080",)))

NETWORKS = {
    "offline": behind_router(
        "the network cable is out",
        Truth(("offline",), (1,), private=None, gateway=None),
        home=Host({"eth0": Interface(up=False)})),
    "dead-gateway": behind_router(
        "the router has hung up: it does not even answer ARP",
        dataclasses.replace(CUT_OFF, verdicts=("offline", "no-internet", "inconclusive"),
                            confidences=("confirmed", "likely", "unconfirmed"), exit_codes=(1, 2),
                            public=None, pcp=SILENT, nat_pmp=SILENT, upnp=SILENT, path=()),
        router(lan=Interface("192.168.1.1/24", arp=False), igd=None)),
    "wan-down": behind_router(
        "the router's cable to the provider is out",
        dataclasses.replace(CUT_OFF, verdicts=("gateway-wan-down",), public=None,
                            nat_pmp=REFUSED),
        router(up=False, wan=None)),
    "no-internet": behind_router(
        "the router is well, and the provider's line is dead",
        dataclasses.replace(CUT_OFF, verdicts=("no-internet",)),
        isp=dataclasses.replace(ISP, rules=_DEAD)),
    "nothing-answers": behind_router(
        "the router ignores every question, and the provider's line is dead",
        dataclasses.replace(CUT_OFF, verdicts=("no-internet",), public=None, sources=frozenset(),
                            pcp=SILENT, nat_pmp=SILENT, upnp=SILENT, seconds=3.0),
        router(igd=None, nat=Nat(gate=SILENT_ROUTER)),
        isp=dataclasses.replace(ISP, rules=_DEAD)),
    "captive-portal": behind_router(
        "whoever has not signed in gets a page in place of every other",
        dataclasses.replace(NO_SERVICE, verdicts=("captive-portal",), exit_codes=(1,),
                            confidences=("confirmed", "likely"), public=None,
                            seen_as=frozenset(), path=(GATEWAY,)),
        _PORTAL, checks=("discover", "portal")),
    "udp-blocked": behind_router(
        "one NAT; the router lets TCP out, and no UDP",
        dataclasses.replace(SINGLE_NAT, findings=frozenset({"udp-blocked"})),
        router(nat=Nat(blocks=("iifname lan meta l4proto udp drop",)))),
}
