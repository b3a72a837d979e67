"""Which device is the router, and hosts and names that keep natcheck from asking it."""

import dataclasses

from model import Behavior, Host, Igd, Interface, Link, Nat
from networks_base import (GATEWAY, HOME, ISP, NO_SERVICE, SILENT, SILENT_ROUTER, SINGLE_NAT, behind_router,
                           behind_two, extended, router, with_interfaces)

_REAL = "192.168.1.254"
_BY_STUN = dataclasses.replace(SINGLE_NAT, sources=frozenset({"stun"}))
_CARRIER = dataclasses.replace(_BY_STUN, verdicts=("cgnat",), exit_codes=(2,),
                               confidences=("likely",), pcp=SILENT, nat_pmp=SILENT, upnp=SILENT)


def _passed_on():
    """The default route leads to a device that only passes packets on, to the router."""
    real = router(lan=Interface(f"{_REAL}/24"))
    # Not in the router: its packet filter would see what only passes by.
    switch = Host({"bridge": Interface(kind="bridge"), "port1": Interface(master="bridge"),
                   "port2": Interface(master="bridge"), "port3": Interface(master="bridge")})
    passer = Host({"lan": Interface(f"{GATEWAY}/24")}, forwarding=True,
                  routes=(f"default via {_REAL}",),
                  # With redirects the host would learn the better way by itself.
                  sysctls=(("ipv4/conf/all/send_redirects", 0),
                           ("ipv4/conf/lan/send_redirects", 0)))
    base = behind_router("the default route leads to a device that passes packets on to the router",
                         dataclasses.replace(SINGLE_NAT, gateway=_REAL), real,
                         checks=("discover", "gateway"))
    links = [link for link in base.links if "home:eth0" not in link.a]
    return dataclasses.replace(
        base, hosts={**base.hosts, "passer": passer, "switch": switch},
        links=(Link("home:eth0", "switch:port1"), Link("router:lan", "switch:port2"),
               Link("passer:lan", "switch:port3"), *links))


def _second_address():
    """The default route names a second address of the router, at which no service answers."""
    real = router(lan=Interface(f"{_REAL}/24", f"{GATEWAY}/24"),
                  nat=Nat(gate=(f"iifname lan ip daddr {GATEWAY} udp dport {{ 1900, 5351 }} drop",)))
    return behind_router("the default route names a second address of the router",
                         dataclasses.replace(SINGLE_NAT, gateway=_REAL), real,
                         checks=("discover", "gateway"))


def _another_line():
    """The router offers nothing; another one of the LAN does, and has a line of its own."""
    switch = Host({"bridge": Interface(kind="bridge"), "port1": Interface(master="bridge"),
                   "port2": Interface(master="bridge"), "port3": Interface(master="bridge")})
    other = router("6.6.6.6/24", "6.6.6.1", nat=Nat(public="6.6.6.6"),
                   lan=Interface(f"{_REAL}/24"))
    base = behind_router(
        "the router offers nothing; another router of the LAN has a line of its own, and UPnP",
        dataclasses.replace(NO_SERVICE, pcp=SILENT, nat_pmp=SILENT,
                            findings=frozenset({"upnp-wrong-device"})),
        router(igd=None, nat=Nat(gate=SILENT_ROUTER)),
        isp=with_interfaces(ISP, second=Interface("6.6.6.1/24")),
        checks=("discover", "another_line"))
    links = [link for link in base.links if "home:eth0" not in link.a]
    return dataclasses.replace(
        base, hosts={**base.hosts, "other": other, "switch": switch},
        links=(Link("home:eth0", "switch:port1"), Link("router:lan", "switch:port2"),
               Link("other:lan", "switch:port3"), Link("other:wan", "isp:second"), *links))


def _sinkhole():
    """A blocker leads the name of the server outside to nowhere; the provider's NAT is silent."""
    base = behind_two(
        "a DNS filter leads the servers' names to 0.0.0.0, behind the provider's NAT",
        dataclasses.replace(_CARRIER, public=None, sources=frozenset(), seen_as=frozenset(),
                            path=(GATEWAY, "100.64.5.1"),
                            findings=frozenset({"dns-filter"})),
        "100.64.5.2/24", "100.64.5.1/24", igd=None, nat=Nat(gate=SILENT_ROUTER))
    return extended(base, {}, stun=("stun.lab", "other.lab"),
                    names=(("stun.lab", "0.0.0.0"), ("stun.lab", "::"), ("other.lab", "127.0.0.1")))


_NO_UDP_IN = """
table inet firewall { chain input { type filter hook input priority 0;
  meta l4proto udp drop
}
}"""


def _no_udp():
    """This host drops all UDP that comes in, the answers to its own questions too."""
    return behind_router(
        "one NAT; this host's own firewall lets no UDP in, answers neither",
        dataclasses.replace(_BY_STUN, verdicts=("inconclusive",), exit_codes=(2,),
                            confidences=("unconfirmed",), pcp=SILENT, nat_pmp=SILENT, upnp=SILENT,
                            findings=frozenset({"udp-blocked"})),
        home=dataclasses.replace(HOME, rules=_NO_UDP_IN))


def _dead_ipv6():
    """IPv4 behind a carrier's NAT; the router gives IPv6 addresses out, and none gets further."""
    base = behind_two(
        "IPv4 behind the provider's NAT; IPv6 addresses, and no way for them beyond the router",
        dataclasses.replace(_CARRIER, public="5.5.5.5", ipv6="2a00:7::10",
                            path=(GATEWAY, "100.64.5.1")),
        "100.64.5.2/24", "100.64.5.1/24", igd=None, nat=Nat(gate=SILENT_ROUTER))
    home = Host({"eth0": Interface("192.168.1.10/24", "2a00:7::10/64")},
                routes=(f"default via {GATEWAY}", "default via fe80::1 dev eth0"))
    gate = with_interfaces(base.hosts["router"],
                           lan=Interface(f"{GATEWAY}/24", "2a00:7::1/64", "fe80::1/64"))
    gate = dataclasses.replace(gate, rules="""
table ip6 dead { chain forward { type filter hook forward priority 0; policy drop;
}
}""")
    return dataclasses.replace(
        extended(base, {"home": home, "router": gate}, stun=("9.9.0.7", "[2a00:9::7]", "8.8.0.7")),
        checks=("discover", "advice"))


def _few_packets():
    """A router that lets some ten packets of UDP a second out."""
    slow = dataclasses.replace(router(), rules="""
table ip slow { chain forward { type filter hook forward priority -10;
  oifname wan meta l4proto udp limit rate over 10/second burst 5 packets drop
}
}""")
    return behind_router(
        "one NAT; the router lets ten packets of UDP a second out",
        dataclasses.replace(SINGLE_NAT, findings=frozenset({"no-hairpin"}), seconds=10,
                            behavior=Behavior("endpoint-independent",
                                              "address-and-port-dependent")),
        slow, checks=("slow_behavior",))


def _two_homes():
    """Two homes, each with a router of its own; the default route leads to the second."""
    home = Host({"eth0": Interface("192.168.1.10/24"), "eth1": Interface("192.168.2.10/24")},
                routes=("default via 192.168.2.1 metric 100", f"default via {GATEWAY} metric 600"))
    second = Host({"lan": Interface("192.168.2.1/24"), "wan": Interface("6.6.6.6/24")},
                  forwarding=True, nat=Nat(public="6.6.6.6", inside="192.168.2.10"), igd=Igd(),
                  routes=("default via 6.6.6.1",))
    base = behind_router(
        "two homes with a router each; asked is that of the interface that is not preferred",
        dataclasses.replace(SINGLE_NAT, private="192.168.2.10", gateway="192.168.2.1",
                            public="6.6.6.6", seen_as=frozenset({"6.6.6.6"}),
                            findings=frozenset({"several-default-routes"})),
        home=home, isp=with_interfaces(ISP, second=Interface("6.6.6.1/24")),
        checks=("discover", "options"))
    return extended(base, {"second": second},
                    (Link("home:eth1", "second:lan"), Link("second:wan", "isp:second")))


NETWORKS = {
    "passed-on": _passed_on(),
    "second-address": _second_address(),
    "another-line": _another_line(),
    "sinkhole": _sinkhole(),
    "no-udp-in": _no_udp(),
    "dead-ipv6": _dead_ipv6(),
    "few-packets": _few_packets(),
    "two-homes": _two_homes(),
}
