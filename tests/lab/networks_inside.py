"""A server that is asked from its own network by its public address, and what looks like it."""

import dataclasses

from model import Host, Interface, Link, Nat
from networks_base import (GATEWAY, HOME, ISP, OUTSIDE, SINGLE_NAT, behind_router,
                           extended, router, with_interfaces)

FORWARDED = 4567  # and the router translates LAN to LAN, with its own LAN address
TRANSLATED_INWARD = 4568  # the same with what comes from outside
SMALL_ONLY = 4569  # packets of more than 1280 (UDP: 512) bytes vanish, and nobody is told
SECOND_ADDRESS = 4570  # as FORWARDED, in the name of the router's second public address
NAME = "server.lab"  # has an IPv6 address where nothing listens, and the router's
_IPV6 = "2a00:55::5"

_HAIRPIN = f"""
table ip hairpin {{
  chain prerouting {{
    type nat hook prerouting priority -101;
    iifname lan ip daddr 5.5.5.5 meta l4proto {{ tcp, udp }} \\
      th dport {{ {FORWARDED}, {SECOND_ADDRESS} }} dnat to 192.168.1.10
  }}
  chain postrouting {{
    type nat hook postrouting priority 99;
    ip saddr 192.168.1.0/24 ip daddr 192.168.1.10 meta l4proto {{ tcp, udp }} \\
      th dport {SECOND_ADDRESS} snat to 5.5.5.6
    ip saddr 192.168.1.0/24 ip daddr 192.168.1.10 masquerade
    ip daddr 192.168.1.10 meta l4proto {{ tcp, udp }} th dport {TRANSLATED_INWARD} masquerade
  }}
}}
"""


def _router():
    ports = (FORWARDED, TRANSLATED_INWARD, SMALL_ONLY, SECOND_ADDRESS)
    base = router(nat=Nat(
        blocks=(f"tcp dport {SMALL_ONLY} meta length > 1280 drop",
                f"udp dport {SMALL_ONLY} meta length > 512 drop"),
        forwards=tuple((f"{protocol} {port}", f"192.168.1.10:{port}")
                       for protocol in ("tcp", "udp") for port in ports)), rules=_HAIRPIN)
    return with_interfaces(base, wan=Interface("5.5.5.5/24", "5.5.5.6/24"), lan=Interface(f"{GATEWAY}/24", kind="bridge"),
                           port1=Interface(master="lan"), port2=Interface(master="lan"))


def _inside():
    second = Host({"eth0": Interface("192.168.1.20/24"), "vms": Interface("192.168.122.1/24")},
                  routes=(f"default via {GATEWAY}",), forwarding=True,
                  nat=Nat(wan="eth0", public="192.168.1.20"))
    machine = Host({"eth0": Interface("192.168.122.10/24")}, routes=("default via 192.168.122.1",))
    isp = with_interfaces(ISP, core=Interface("9.9.0.1/24", "2a00:9::1/64", f"{_IPV6}/64"))
    outside = dataclasses.replace(
        OUTSIDE, interfaces={"eth0": Interface("9.9.0.7/24", "9.9.0.8/24", "2a00:9::7/64")},
        routes=(*OUTSIDE.routes, "default via 2a00:9::1"))
    # The cable `vpn` stands for a tunnel. It is used where a check leads something into it.
    guest = Host({"eth0": Interface("192.168.50.10/24"), "vpn": Interface("10.8.0.2/24")},
                 routes=("default via 192.168.50.1",))
    guest_router = Host({"lan": Interface("192.168.50.1/24"), "wan": Interface("8.8.4.7/24")},
                        routes=("default via 8.8.4.1",), forwarding=True, nat=Nat(public="8.8.4.7"))
    isp = with_interfaces(isp, guests=Interface("8.8.4.1/24"))
    base = behind_router("the router leads its public address back inside, in its own LAN name",
                         SINGLE_NAT, _router(), isp=isp, checks=("inside",))
    house = with_interfaces(base.hosts["router"], vpn=Interface("10.8.0.1/24"))
    links = [link for link in base.links if "home:eth0" not in link.a]
    return dataclasses.replace(
        extended(base, {"home": HOME, "second": second, "machine": machine, "outside": outside, "guest": guest,
                        "router": house, "guest-router": guest_router}),
        links=(Link("home:eth0", "router:port1"), Link("second:eth0", "router:port2"),
               Link("machine:eth0", "second:vms"),
               Link("guest:vpn", "router:vpn"), Link("guest:eth0", "guest-router:lan"), Link("guest-router:wan", "isp:guests"),
               *links),
        names=((NAME, _IPV6), (NAME, "5.5.5.5")))


NETWORKS = {"inside": _inside()}
