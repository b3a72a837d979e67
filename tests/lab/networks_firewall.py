"""A home whose own firewall stands in the way, by a port for each way of standing there."""

import dataclasses

from model import Nat
from networks_base import HOME, SINGLE_NAT, behind_router, router

DROPPED, RESET, PROHIBITED, OPEN, ANSWERED_IN_VAIN = 1234, 2001, 2002, 2003, 2004
LED_AWAY = 2005  # to a container that is gone
DROPPED_TOO = 2006
IN_A_SET, IN_A_MAP, IN_A_VERDICT_MAP = 2007, 2008, 2009

_FIREWALL = f"""
table inet filter {{
  chain input {{
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    iifname lo accept
    meta l4proto {{ icmp, ipv6-icmp }} accept
    tcp dport {RESET} reject with tcp reset
    tcp dport {PROHIBITED} reject with icmpx admin-prohibited
    tcp dport {{ {OPEN}, {ANSWERED_IN_VAIN} }} accept
  }}
}}
table ip nat {{
  chain prerouting {{
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local tcp dport {LED_AWAY} dnat to 172.17.0.2:80
    tcp dport {{ 80, {IN_A_SET}, 3000-3010 }} dnat to 172.17.0.3
    dnat to tcp dport map {{ {IN_A_MAP} : 172.17.0.4, 81 : 172.17.0.5 }}
    fib daddr type local meta l4proto . th dport vmap {{ tcp . {IN_A_VERDICT_MAP} : goto service }}
  }}
  chain service {{ numgen random mod 1 vmap {{ 0 : goto endpoint }}; }}
  chain endpoint {{ meta l4proto tcp dnat to 172.17.0.6:8000; }}
}}
"""

NETWORKS = {
    "host-firewall": behind_router(
        "one NAT; this host's own firewall lets nobody in but where it is told to", SINGLE_NAT,
        router(nat=Nat(hairpin=True,
                       blocks=(f"iifname lan tcp sport {ANSWERED_IN_VAIN} drop",))),
        dataclasses.replace(HOME, rules=_FIREWALL), checks=("discover", "firewall")),
}
