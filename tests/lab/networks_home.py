"""One router or none: what it offers, what is beside it, and how far away everything is."""

import dataclasses

from model import Behavior, Dns, Host, Igd, Interface, Link, Nat, Pmp, Truth
from networks_base import (ANY, GATEWAY, HOME, ISP, NO_SERVICE, OUTSIDE, PROVIDER, PUBLIC,
                           REFUSED, SILENT, SILENT_ROUTER, SINGLE_NAT, behind_router, extended,
                           host_directly, router, with_interfaces)

# The first byte after the header of UDP is the version: 0 is NAT-PMP, 2 is PCP.
_NO_NAT_PMP = "iifname lan udp dport 5351 @th,64,8 0"
_NO_PCP = "iifname lan udp dport 5351 @th,64,8 2"
_BY_UPNP = dataclasses.replace(SINGLE_NAT, sources=frozenset({"upnp", "stun"}))
_BY_NAT_PMP = dataclasses.replace(SINGLE_NAT, sources=frozenset({"nat-pmp", "stun"}))

# PCP names no address unless a port is opened: that there is no second NAT, only the path shows.
_BY_NOBODY = dataclasses.replace(SINGLE_NAT, confidences=("likely",), sources=frozenset({"stun"}),
                                 upnp=SILENT, path=(GATEWAY, PROVIDER))


def _gated(*statements, **igd):
    return router(igd=Igd(**igd), nat=Nat(gate=statements))


def _scripted(*services):
    return router(igd=None, services=services)


def _probe_router():
    """Every way in which a port of a router can behave, on a port of its own."""
    ports = (8001, 8002, 8003, 8004, 8005, 8006)
    return router(nat=Nat(
        gate=("iifname wan tcp dport 9001 reject with tcp reset",
              "iifname wan tcp dport 9002 drop",
              "iifname wan tcp dport 9003 reject with icmp host-unreachable",
              "iifname wan tcp dport 9004 reject with icmp admin-prohibited"),
        forwards=tuple((f"tcp {port}", f"192.168.1.10:{port}") for port in ports)))


def _two_default_routes():
    home = Host({"eth0": Interface("192.168.1.10/24"), "eth1": Interface("10.0.0.10/24")},
                routes=("default via 10.0.0.1 metric 600", "default via 192.168.1.1 metric 100"))
    spare = Host({"lan": Interface("10.0.0.1/24")}, forwarding=True)
    base = behind_router("two ways out; the one with the better metric is behind one NAT",
                         dataclasses.replace(SINGLE_NAT,
                                             findings=frozenset({"several-default-routes"})),
                         home=home)
    return extended(base, {"spare": spare}, (Link("home:eth1", "spare:lan"),))


def _foreign_igd():
    """A router that opens no ports, and another one on the LAN that would open its own."""
    bridge = with_interfaces(
        router(igd=None), lan=Interface("192.168.1.1/24", kind="bridge"),
        port1=Interface(master="lan"), port2=Interface(master="lan"))
    other = Host({"lan": Interface("192.168.1.2/24"), "wan": Interface("6.6.6.6/24")},
                 forwarding=True, nat=Nat(public="6.6.6.6"), igd=Igd(),
                 routes=("default via 6.6.6.1",))
    isp = with_interfaces(ISP, other=Interface("6.6.6.1/24"))
    base = behind_router(
        "the router opens no ports; another router on the LAN, not the way out, would",
        dataclasses.replace(NO_SERVICE, findings=frozenset({"upnp-wrong-device"})), bridge, isp=isp)
    links = [link for link in base.links if "home:eth0" not in link.a]
    return dataclasses.replace(
        base, hosts={**base.hosts, "other": other},
        links=(Link("home:eth0", "router:port1"), Link("other:lan", "router:port2"),
               Link("other:wan", "isp:other"), *links))


def _vpn():
    """All goes out by a tunnel, and the router at home still opens its ports.

    vxlan, because unprivileged users may make one, and it needs no key.
    """
    home = Host({"eth0": Interface("192.168.1.10/24"),
                 "vpn0": Interface("10.8.0.2/24", kind="vxlan id 7 remote 7.7.7.7 dstport 4789")},
                routes=("7.7.7.7 via 192.168.1.1", "default via 10.8.0.1 metric 50",
                        "default via 192.168.1.1 metric 100"))
    server = Host({"eth0": Interface("7.7.7.7/24"),
                   "vpn0": Interface("10.8.0.1/24",
                                     kind=f"vxlan id 7 remote {PUBLIC} dstport 4789")},
                  forwarding=True, nat=Nat(wan="eth0", public="7.7.7.7", inside="10.8.0.2"),
                  routes=("default via 7.7.7.1",))
    truth = Truth(("vpn-egress",), (2,), private="10.8.0.2", gateway="10.8.0.1", public="7.7.7.7",
                  sources=frozenset({"stun"}), seen_as=frozenset({"7.7.7.7"}), pcp=REFUSED,
                  nat_pmp=REFUSED, upnp=SILENT, path=("10.8.0.1", "7.7.7.1"),
                  findings=frozenset({"several-default-routes"}))
    base = behind_router("the way out is a VPN; the router at home is not on it", truth,
                         router(nat=Nat(forwards=(("udp 4789", "192.168.1.10:4789"),))), home,
                         ("discover", "vpn"),
                         isp=with_interfaces(ISP, vpn=Interface("7.7.7.1/24")))
    return extended(base, {"vpn": server}, (Link("vpn:eth0", "isp:vpn"),))


def _by_name():
    """Of three names, one is in the hosts file, one is told late, and one never."""
    servers = Dns("9.9.0.8", (("late.lab", "8.8.0.7", 0.6),))
    outside = dataclasses.replace(OUTSIDE, services=(*OUTSIDE.services, servers))
    base = behind_router("the servers outside are named; one name is known late, one never",
                         dataclasses.replace(SINGLE_NAT, seconds=0.9), checks=("discover", "names"))
    return extended(base, {"outside": outside}, stun=("stun.lab", "late.lab", "never.lab"),
                    names=(("stun.lab", "9.9.0.7"),), name_server="9.9.0.8")


def _no_names():
    """The name service is out of order, and all servers are known by name only."""
    base = behind_router(
        "the servers outside are named, and the name service says nothing",
        dataclasses.replace(SINGLE_NAT, confidences=("unconfirmed", "likely"), seen_as=frozenset(),
                            sources=frozenset({"nat-pmp", "upnp"}),
                            findings=frozenset({"names-unresolved"})))
    return extended(base, {}, stun=("stun.lab", "never.lab"), name_server="9.9.0.8")


def _address_pool():
    """The provider gives the router two addresses, and it uses one for each direction."""
    base = behind_router(
        "the router goes out by two addresses, now this and now that",
        dataclasses.replace(SINGLE_NAT, verdicts=("single-nat", "inconclusive"), exit_codes=(0, 2),
                            confidences=("likely", "unconfirmed"),
                            seen_as=frozenset({PUBLIC, "5.5.5.6"}), sources=None,
                            findings=frozenset({"sources-disagree"})),
        dataclasses.replace(router(), rules="""
table ip pool { chain postrouting { type nat hook postrouting priority 99;
  oifname wan ip daddr 8.8.0.0/24 snat to 5.5.5.6
}
}"""))
    both = with_interfaces(base.hosts["router"], wan=Interface("5.5.5.5/24", "5.5.5.6/24"))
    return extended(base, {"router": both})


_DIRECT = Truth(("direct",), (0,), private=PUBLIC, public=PUBLIC, gateway=PROVIDER,
                sources=frozenset({"interface", "stun"}), seen_as=frozenset({PUBLIC}),
                pcp=REFUSED, nat_pmp=REFUSED, upnp=SILENT)
_MULTICAST_BLOCKED = """
table ip firewall { chain output { type filter hook output priority 0;
  ip daddr 239.255.255.250 drop
}
}"""
# The address in MAPPED-ADDRESS, where coturn's answers have it: 8 bytes of UDP, 20 of STUN, 12 of
# XOR-MAPPED-ADDRESS, and 8 to the address.
_MEDDLING = """
table ip meddling { chain prerouting { type filter hook prerouting priority -300;
  iifname wan udp sport 3478 @th,384,32 set 0xc0a8010a
}
}"""
# One of ten packets of the LAN, in each direction.
_LOSS = """
table inet loss {
  chain prerouting { type filter hook prerouting priority -300;
    iifname lan meta l4proto { tcp, udp } numgen random mod 10 == 0 drop
  }
  chain postrouting { type filter hook postrouting priority 300;
    oifname lan meta l4proto { tcp, udp } numgen random mod 10 == 0 drop
  }
}"""

NETWORKS = {
    "single-nat": dataclasses.replace(behind_router(
        "one NAT; the router opens ports by PCP, NAT-PMP and UPnP", SINGLE_NAT,
        checks=("discover", "redact", "mapping", "mappings", "greeting")),
        names=(("stun.example.org", "9.9.0.7"),)),
    "upnp-only": behind_router(
        "one NAT; the router speaks UPnP and refuses the rest",
        dataclasses.replace(_BY_UPNP, pcp=REFUSED, nat_pmp=REFUSED),
        router(igd=Igd(nat_pmp=False)), checks=("discover", "mapping")),
    "nat-pmp-only": behind_router(
        "one NAT; the router speaks NAT-PMP, and says that it knows no PCP; no UPnP",
        dataclasses.replace(_BY_NAT_PMP, pcp=REFUSED, upnp=SILENT),
        _scripted(Pmp(0, PUBLIC))),
    "nat-pmp-only-silent": behind_router(
        "one NAT; the router speaks NAT-PMP and ignores PCP and UPnP",
        dataclasses.replace(_BY_NAT_PMP, pcp=SILENT, upnp=SILENT),
        _gated(f"{_NO_PCP} drop", upnp=False), checks=("discover", "mapping")),
    "pcp-only": behind_router(
        "one NAT; the router speaks PCP, and says that it knows no NAT-PMP; no UPnP",
        dataclasses.replace(_BY_NOBODY, nat_pmp=REFUSED),
        _scripted(Pmp(2))),
    "pcp-only-silent": behind_router(
        "one NAT; the router speaks PCP and ignores NAT-PMP and UPnP",
        dataclasses.replace(_BY_NOBODY, nat_pmp=SILENT),
        _gated(f"{_NO_NAT_PMP} drop", upnp=False)),
    "no-service": behind_router(
        "one NAT; the router opens no ports, and says so by ICMP", NO_SERVICE,
        router(igd=None), checks=("discover", "no_mapping")),
    "silent-router": behind_router(
        "one NAT; the router ignores every question",
        dataclasses.replace(NO_SERVICE, pcp=SILENT, nat_pmp=SILENT),
        router(igd=None, nat=Nat(gate=SILENT_ROUTER)), checks=("discover", "no_mapping")),
    "mapping-denied": behind_router(
        "one NAT; the router answers, and its rules deny every mapping", SINGLE_NAT,
        router(igd=Igd(rules=("deny 0-65535 0.0.0.0/0 0-65535",))),
        checks=("discover", "no_mapping")),
    "public-address": host_directly(
        "the host itself has the public address", _DIRECT, checks=("discover", "direct")),
    "two-default-routes": _two_default_routes(),
    "foreign-igd": _foreign_igd(),
    "vpn": _vpn(),
    "multicast-blocked": behind_router(
        "one NAT; this host's own firewall lets no multicast out",
        dataclasses.replace(SINGLE_NAT, findings=frozenset({"multicast-blocked"})),
        home=dataclasses.replace(HOME, rules=_MULTICAST_BLOCKED)),
    "by-name": _by_name(),
    "no-names": _no_names(),
    "address-pool": _address_pool(),
    "address-rewritten": behind_router(
        "the router means well and mends addresses inside of packets",
        dataclasses.replace(SINGLE_NAT, findings=frozenset({"address-rewritten"})),
        dataclasses.replace(router(), rules=_MEDDLING)),
    "old-version": behind_router(
        "the router speaks the PCP that was before the standard, and nothing else",
        dataclasses.replace(NO_SERVICE, nat_pmp=("refused", "malformed"),
                            findings=frozenset({"old-protocol-version"})),
        _scripted(Pmp(1))),
    "loss": behind_router(
        "one NAT; one packet of ten is lost on the LAN, in each direction",
        dataclasses.replace(SINGLE_NAT, confidences=("confirmed", "likely"), pcp=ANY, nat_pmp=ANY,
                            upnp=ANY,
                            behavior=Behavior("endpoint-independent",
                                              "address-and-port-dependent")),
        dataclasses.replace(router(), rules=_LOSS), checks=("loss",)),
    "probe-outcomes": behind_router(
        "every way in which a port can answer", SINGLE_NAT, _probe_router(), checks=("probe",)),
    "delayed": behind_router(
        "one NAT, 30 ms from there to the provider and back", SINGLE_NAT,
        checks=("discover", "delay"), delay_ms=15),
    "delayed-nat-pmp": behind_router(
        "one NAT, 30 ms from there to the provider and back; the router speaks NAT-PMP alone",
        dataclasses.replace(_BY_NAT_PMP, pcp=REFUSED, upnp=SILENT),
        _scripted(Pmp(0, PUBLIC)), checks=("discover", "quiet"), delay_ms=15),
    "delayed-refusing": behind_router(
        "the same; the router opens no ports and says so", NO_SERVICE,
        router(igd=None), delay_ms=15),
    "delayed-silent": behind_router(
        "the same; the router ignores every question",
        dataclasses.replace(NO_SERVICE, pcp=SILENT, nat_pmp=SILENT),
        router(igd=None, nat=Nat(gate=SILENT_ROUTER)), delay_ms=15),
    "far-away": behind_router(
        "one NAT, 300 ms from there to the provider and back", SINGLE_NAT, delay_ms=150),
}
