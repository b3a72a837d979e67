"""What the networks of the lab are put together from."""

import dataclasses

from model import ADDRESS_OUTSIDE, Host, Igd, Interface, Link, Nat, Network, Stun, Truth, Web

PUBLIC = "5.5.5.5"
GATEWAY = "192.168.1.1"
PROVIDER = "5.5.5.1"  # the first router beyond the home's own

HOME = Host({"eth0": Interface("192.168.1.10/24")}, routes=(f"default via {GATEWAY}",))
ISP = Host({"customer": Interface(f"{PROVIDER}/24"), "core": Interface("9.9.0.1/24"),
            "peering": Interface("8.8.0.1/24")}, forwarding=True)
OUTSIDE = Host({"eth0": Interface(ADDRESS_OUTSIDE + "/24", "9.9.0.8/24")},
               routes=("default via 9.9.0.1",),
               services=(Stun((ADDRESS_OUTSIDE, "9.9.0.8")), Web()))
ELSEWHERE = Host({"eth0": Interface("8.8.0.7/24")}, routes=("default via 8.8.0.1",),
                 services=(Stun(("8.8.0.7",)),))
EVERYTHING = {"isp": ISP, "outside": OUTSIDE, "elsewhere": ELSEWHERE}  # that is not at home
_BACKBONE = (Link("isp:core", "outside:eth0"), Link("isp:peering", "elsewhere:eth0"))

REFUSED, SILENT, ANY = ("refused",), ("silent",), ("answered", "refused", "silent", "malformed",
                                                  "not-tried")
SINGLE_NAT = Truth(("single-nat",), (0,), public=PUBLIC,
                   sources=frozenset({"nat-pmp", "upnp", "stun"}), seen_as=frozenset({PUBLIC}))
NO_SERVICE = dataclasses.replace(SINGLE_NAT, verdicts=("nat-no-mapping-service",),
                                 sources=frozenset({"stun"}), pcp=REFUSED, nat_pmp=REFUSED,
                                 upnp=SILENT, path=(GATEWAY, PROVIDER))
CUT_OFF = dataclasses.replace(SINGLE_NAT, exit_codes=(1,), sources=frozenset({"nat-pmp", "upnp"}),
                              seen_as=frozenset(), path=(GATEWAY,))
SILENT_ROUTER = ("udp dport {1900, 5351} drop",)


def router(wan="5.5.5.5/24", via=PROVIDER, igd=Igd(), nat=Nat(), lan=Interface(f"{GATEWAY}/24"),
           up=True, **more):
    return Host({"lan": lan, "wan": Interface(*([wan] if wan else []), up=up)}, forwarding=True,
                nat=nat, igd=igd, routes=(f"default via {via}",) if via and up else (), **more)


def behind_router(summary, truth, router=router(), home=HOME, checks=("discover",), delay_ms=0,
                  isp=ISP):
    """One home network behind one router."""
    return Network(summary, {"home": home, "router": router, **EVERYTHING, "isp": isp},
                   (Link("home:eth0", "router:lan"),
                    Link("router:wan", "isp:customer", delay_ms), *_BACKBONE), truth, checks)


def behind_two(summary, truth, inner_wan, outer_lan, outer_wan="5.5.5.5/24", via=PROVIDER,
               checks=("discover",), **inner):
    """The router's WAN side is itself behind a translating box that nobody at home controls."""
    outer = Host({"lan": Interface(outer_lan), "wan": Interface(outer_wan)}, forwarding=True,
                 nat=Nat(), routes=(f"default via {via}",))
    isp = with_interfaces(ISP, customer=Interface(f"{via}/24"))
    return Network(summary,
                   {"home": HOME, "router": router(inner_wan, outer_lan.split("/")[0], **inner),
                    "carrier": outer, **EVERYTHING, "isp": isp},
                   (Link("home:eth0", "router:lan"), Link("router:wan", "carrier:lan"),
                    Link("carrier:wan", "isp:customer"), *_BACKBONE), truth, checks)


def host_directly(summary, truth, isp=ISP, checks=("discover",)):
    """The host has the public address itself."""
    home = Host({"eth0": Interface(f"{PUBLIC}/24")}, routes=(f"default via {PROVIDER}",))
    return Network(summary, {"home": home, **EVERYTHING, "isp": isp},
                   (Link("home:eth0", "isp:customer"), *_BACKBONE), truth, checks)


def with_interfaces(host, **interfaces):
    return dataclasses.replace(host, interfaces={**host.interfaces, **interfaces})


def extended(network, hosts, links=(), **changes):
    """The network with more hosts, or others in their place, and more cables."""
    return dataclasses.replace(network, hosts={**network.hosts, **hosts},
                               links=(*network.links, *links), **changes)
