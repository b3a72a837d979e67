"""What a network is made of, as plain data. builder.py turns it into namespaces."""

import dataclasses
from typing import Optional

ADDRESS_OF_HOME = "192.168.1.10"
ADDRESS_OUTSIDE = "9.9.0.7"


class Interface:
    """An interface and its addresses, each as "192.168.1.10/24".

    `kind` is what `ip link add NAME type` wants, for one that no cable makes: "bridge", "vxlan …".
    `master` is the bridge that it is a port of.
    """

    def __init__(self, *addresses, up=True, arp=True, kind=None, master=None):
        self.addresses = addresses
        self.up = up
        self.arp = arp
        self.kind = kind
        self.master = master


@dataclasses.dataclass(frozen=True)
class Link:
    """A cable between two interfaces, each written "host:interface"."""

    a: str
    b: str
    delay_ms: float = 0  # one way, both ways alike


@dataclasses.dataclass(frozen=True)
class Nat:
    """A translating router whose forward chain drops what was not asked for.

    `mapping` and `filtering` are for UDP, and say what nat.py knows how to make. The kernel's own
    way is "preserving" (the external port is the internal one) and "address-and-port".
    `wan` may be a set of interfaces, as nft writes it.
    `gate` holds nft statements for its input chain: what the router itself refuses or ignores;
    `blocks` those for its forward chain, `diverts` those for packets that come in, before any.
    `forwards` maps "tcp 80" or "udp 4789" at the WAN address to "address:port" inside, as if made
    by hand.
    """

    wan: str = "wan"
    mapping: str = "preserving"  # "hashed", "by-address", "random"
    filtering: str = "address-and-port"  # "address", "none"
    hairpin: bool = False
    public: str = "5.5.5.5"
    inside: str = ADDRESS_OF_HOME
    gate: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    diverts: tuple[str, ...] = ()
    forwards: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Igd:
    """A real miniupnpd on that host, from `lan` to `wan`. With NAT-PMP it speaks PCP, always."""

    nat_pmp: bool = True
    upnp: bool = True
    ipv6: bool = False
    lan: str = "lan"
    wan: str = "wan"
    rules: tuple[str, ...] = ("allow 1-65535 0.0.0.0/0 1-65535",)


@dataclasses.dataclass(frozen=True)
class Pmp:
    """A scripted gateway for what miniupnpd does not do.

    It speaks one version, NAT-PMP (0) or PCP (2, or the 1 of before the standard), and refuses
    others as RFC 6886 section 3.5 and RFC 6887 section 9 say; by NAT-PMP it names the address,
    whatever it is.
    """

    version: int = 0
    external: str = "0.0.0.0"


@dataclasses.dataclass(frozen=True)
class Upnp:
    """A scripted UPnP gateway that opens ports for real; scripted_upnp.py names its quirks."""

    address: str  # on the LAN
    external: str


@dataclasses.dataclass(frozen=True)
class Stun:
    """A real coturn: RFC 5780 where it has two addresses of a family."""

    addresses: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Web:
    """A page over HTTP: 204, or a redirect to `location`."""

    port: int = 80
    location: Optional[str] = None


@dataclasses.dataclass(frozen=True)
class Dns:
    """A name server that answers each name so many seconds late, and other names never."""

    address: str
    names: tuple[tuple[str, str, float], ...]  # name, address, seconds


@dataclasses.dataclass(frozen=True)
class Host:
    """`rules` is a whole nft ruleset, for hosts that spoil packets; `sysctls` are under net."""

    interfaces: dict[str, Interface]
    routes: tuple[str, ...] = ()
    forwarding: bool = False
    nat: Optional[Nat] = None
    rules: str = ""
    sysctls: tuple[tuple[str, int], ...] = ()
    igd: Optional[Igd] = None
    services: tuple[object, ...] = ()  # Pmp, Upnp, Stun, Web, Dns


@dataclasses.dataclass(frozen=True)
class Behavior:
    """What `discover --behavior` must find of UDP."""

    mapping: str
    filtering: str
    hairpin: str = "no"
    port_preservation: str = "yes"


@dataclasses.dataclass(frozen=True)
class Truth:
    """What `natcheck discover` on home must find. None means: JSON null.

    A tuple of words stands where the evidence honestly allows each of them.
    """

    verdicts: tuple[str, ...]
    exit_codes: tuple[int, ...]
    confidences: tuple[str, ...] = ("confirmed",)
    private: Optional[str] = ADDRESS_OF_HOME
    public: Optional[str] = None
    sources: frozenset[str] = frozenset()
    gateway: Optional[str] = "192.168.1.1"
    pcp: tuple[str, ...] = ("answered",)
    nat_pmp: tuple[str, ...] = ("answered",)
    upnp: tuple[str, ...] = ("answered",)
    seen_as: frozenset[str] = frozenset()  # what STUN servers say, all of them together
    ipv6: Optional[str] = None
    path: Optional[tuple[str, ...]] = None  # the first hops; None: not looked at
    owns: Optional[bool] = None  # the gateway, the address seen outside; None: not looked at
    findings: frozenset[str] = frozenset()  # these and no others, but see checks_discover.py
    behavior: Optional[Behavior] = None
    seconds: float = 4.0  # that discover may take at most


@dataclasses.dataclass(frozen=True)
class Network:
    """`names` is what the hosts file has, `name_server` who is asked for other names."""

    summary: str
    hosts: dict[str, Host]
    links: tuple[Link, ...]
    truth: Truth
    checks: tuple[str, ...] = ("discover",)  # the modules checks_NAME that apply
    stun: tuple[str, ...] = (ADDRESS_OUTSIDE, "8.8.0.7")
    names: tuple[tuple[str, str], ...] = ()
    name_server: str = "127.0.0.1"
