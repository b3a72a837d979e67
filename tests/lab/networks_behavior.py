"""How NATs translate and filter UDP: a network for each kind that the kernel can be made to be.

As everywhere a device is called after RFC 4787: its mapping, then its filtering.
"""

import dataclasses

from model import Behavior, Nat
from networks_base import (ISP, PROVIDER, PUBLIC, REFUSED, SILENT, SINGLE_NAT, behind_router,
                           host_directly, router)

_INDEPENDENT = "endpoint-independent"
_ADDRESS = "address-dependent"
_PORT = "address-and-port-dependent"
_FIREWALL = """
table ip firewall { chain forward { type filter hook forward priority 0; policy drop;
  ct state established,related accept
  iifname customer accept
}
}"""


def _nat(summary, behavior, nat, *findings, delay_ms=0):
    truth = dataclasses.replace(SINGLE_NAT, behavior=behavior, findings=frozenset(findings))
    return behind_router(summary, truth, router(nat=nat), checks=("behavior",), delay_ms=delay_ms)


def _no_nat(summary, filtering, isp):
    truth = dataclasses.replace(
        SINGLE_NAT, verdicts=("direct",), private=PUBLIC, gateway=PROVIDER, pcp=REFUSED,
        nat_pmp=REFUSED, upnp=SILENT, sources=frozenset({"interface", "stun"}),
        behavior=Behavior("none", filtering, "not-tested", "not-tested"))
    return host_directly(summary, truth, isp, checks=("behavior",))


NETWORKS = {
    "behavior-full-cone": _nat(
        "maps and filters endpoint-independently, as games like it; no hairpin",
        Behavior(_INDEPENDENT, _INDEPENDENT), Nat(filtering="none"), "no-hairpin"),
    "behavior-address-filter": _nat(
        "maps endpoint-independently, lets in whom was written to",
        Behavior(_INDEPENDENT, _ADDRESS), Nat(filtering="address"), "no-hairpin"),
    "behavior-port-filter": _nat(
        "maps endpoint-independently, lets in answers only: what Linux does",
        Behavior(_INDEPENDENT, _PORT), Nat(), "no-hairpin"),
    "behavior-hairpin": _nat(
        "the same, and lets home talk to itself by its outer address",
        Behavior(_INDEPENDENT, _PORT, hairpin="yes"), Nat(hairpin=True)),
    "behavior-other-ports": _nat(
        "maps endpoint-independently, but never to the same port",
        Behavior(_INDEPENDENT, _PORT, port_preservation="no"), Nat(mapping="hashed"),
        "no-hairpin"),
    "behavior-by-address": _nat(
        "another port for each address that is talked to",
        Behavior(_ADDRESS, _PORT, "not-tested", "no"), Nat(mapping="by-address"),
        "endpoint-dependent-mapping"),
    "behavior-symmetric": _nat(
        "another port for each endpoint that is talked to",
        Behavior(_PORT, _PORT, "not-tested", "no"), Nat(mapping="random"),
        "endpoint-dependent-mapping"),
    "behavior-delayed": _nat(
        "endpoint-independent mapping, 30 ms from there to the provider and back",
        Behavior(_INDEPENDENT, _PORT), Nat(), "no-hairpin", delay_ms=15),
    "behavior-open": _no_nat("a public address and nothing in front of it", "none", ISP),
    "behavior-firewall": _no_nat(
        "a public address behind a firewall that lets in answers only", _PORT,
        dataclasses.replace(ISP, rules=_FIREWALL)),
    "short-binding": dataclasses.replace(
        behind_router("the router forgets UDP that is silent for seven seconds",
                      dataclasses.replace(SINGLE_NAT, findings=frozenset({"short-udp-binding"})),
                      router(sysctls=(("netfilter/nf_conntrack_udp_timeout", 7),
                                      ("netfilter/nf_conntrack_udp_timeout_stream", 7)),
                             nat=Nat())),
        checks=("lifetime",)),
}
