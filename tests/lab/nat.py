"""nftables rules of a translating router, out of model.Nat.

Tables and chains are as miniupnpd's own nft_init.sh lays them. The WAN side may open nothing: the
forward chain drops what neither a mapping nor an answer allows.
"""

# How the source of UDP is translated (RFC 4787 section 4.1). The kernel keeps the port where it
# can, so its mapping is endpoint-independent; a hash of the port, or of port and destination, makes
# those that keep nothing.
_MAPPINGS = {
    "preserving": "masquerade",
    "hashed": "snat ip to {public}:jhash udp sport mod 20000 offset 30000",
    "by-address": "snat ip to {public}:jhash ip daddr . udp sport mod 20000 offset 30000",
    "random": "masquerade random,fully-random",
}

# Which UDP from outside is handed on to the only host inside, although nobody answers it yet
# (section 5).
_FILTERINGS = {
    "address-and-port": "",
    "address": "iifname {wan} udp dport . ip saddr @asked dnat ip to {inside}",
    "none": "iifname {wan} meta l4proto udp dnat ip to {inside}",
}

_ASKED = "iifname != {wan} add @asked {{ udp sport . ip daddr }}"

# What home sends to its own outer address comes back to it, from that address (section 6).
_HAIRPIN = "iifname != {wan} ip daddr {public} meta l4proto udp dnat ip to {inside}"
_HAIRPIN_SOURCE = "ip saddr {inside} ip daddr {inside} snat ip to {public}"


def rules(nat):
    return f"""
table inet filter {{
  set asked {{ type inet_service . ipv4_addr; flags dynamic; }}
  {gates(nat)}
  {translations(nat)}
}}
"""


def gates(nat):
    open_inside = nat.forwards or nat.hairpin or nat.filtering != "address-and-port"
    return f"""
  chain input {{
    type filter hook input priority 0; policy accept;
    {lines(nat.gate)}
  }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    {lines(nat.blocks)}
    {filled(_ASKED, nat) if nat.filtering == "address" else ""}
    ct state established,related accept
    iifname != {nat.wan} accept
    {"ct status dnat accept" if open_inside else ""}
    jump miniupnpd
  }}
  chain miniupnpd {{ }}"""


def translations(nat):
    forwards = lines(f"iifname {nat.wan} {at.replace(' ', ' dport ')} dnat ip to {target}"
                     for at, target in nat.forwards)
    return f"""
  chain prerouting {{
    type nat hook prerouting priority -100; policy accept;
    {lines(nat.diverts)}
    {forwards}
    {filled(_FILTERINGS[nat.filtering], nat)}
    {filled(_HAIRPIN, nat) if nat.hairpin else ""}
    jump prerouting_miniupnpd
  }}
  chain postrouting {{
    type nat hook postrouting priority 100; policy accept;
    jump postrouting_miniupnpd
    {filled(_HAIRPIN_SOURCE, nat) if nat.hairpin else ""}
    oifname {nat.wan} ip protocol udp {filled(_MAPPINGS[nat.mapping], nat)}
    oifname {nat.wan} meta nfproto ipv4 masquerade
  }}
  chain prerouting_miniupnpd {{ }}
  chain postrouting_miniupnpd {{ }}"""


def filled(statement, nat):
    return statement.format(**vars(nat))


lines = "\n    ".join
