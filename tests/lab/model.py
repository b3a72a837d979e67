"""What a network is made of, as plain data. builder.py turns it into namespaces."""

import dataclasses
from typing import Optional

ADDRESS_OF_HOME = "192.168.1.10"
ADDRESS_OUTSIDE = "9.9.0.7"


@dataclasses.dataclass(frozen=True)
class Interface:
    address: Optional[str] = None  # "192.168.1.10/24"
    up: bool = True
    arp: bool = True


@dataclasses.dataclass(frozen=True)
class Link:
    """A cable between two interfaces, each written "host:interface"."""

    a: str
    b: str
    delay_ms: float = 0  # one way, both ways alike


@dataclasses.dataclass(frozen=True)
class Nat:
    """A masquerading router whose forward chain drops what was not asked for.

    `gate` holds nft statements for its input chain: what the router itself refuses or ignores.
    `forwards` maps a port of the WAN address to "address:port" inside, as if made by hand.
    """

    wan: str = "wan"
    gate: tuple[str, ...] = ()
    forwards: tuple[tuple[int, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Igd:
    """A real miniupnpd on that host, from `lan` to `wan`."""

    nat_pmp: bool = True
    upnp: bool = True
    lan: str = "lan"
    wan: str = "wan"
    rules: tuple[str, ...] = ("allow 1-65535 0.0.0.0/0 1-65535",)


@dataclasses.dataclass(frozen=True)
class Host:
    interfaces: dict[str, Interface]
    routes: tuple[str, ...] = ()
    forwarding: bool = False
    nat: Optional[Nat] = None
    igd: Optional[Igd] = None


@dataclasses.dataclass(frozen=True)
class Truth:
    """What `natcheck discover` on home must find. None means: JSON null."""

    verdicts: tuple[str, ...]  # usually one; several where the evidence honestly allows both
    exit_codes: tuple[int, ...]
    private: Optional[str] = ADDRESS_OF_HOME
    public: Optional[str] = None
    sources: frozenset[str] = frozenset()
    gateway: Optional[str] = "192.168.1.1"
    nat_pmp: str = "answered"
    upnp: str = "answered"
    findings: frozenset[str] = frozenset()  # at least these


@dataclasses.dataclass(frozen=True)
class Network:
    summary: str
    hosts: dict[str, Host]
    links: tuple[Link, ...]
    truth: Truth
    checks: tuple[str, ...] = ("discover",)  # the modules checks_NAME that apply
