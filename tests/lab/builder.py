"""Lays out a network of namespaces from its description, and asks until its services answer."""

import contextlib
import pathlib
import subprocess
import sys
import time

import miniupnpd
import sandbox


class Lab:
    """A network that is up. Hosts are known by their names."""

    def __init__(self, network, wire, debug=False):
        self.network = network
        self.debug = debug
        self._wire = wire
        self._daemons = []
        self.igds = {}
        for name in network.hosts:
            run("ip", "netns", "add", name)
        for number, link in enumerate(network.links):
            self._plug(link, number)
        for name, host in network.hosts.items():
            self._configure(name, host)
        for name, host in network.hosts.items():
            if host.igd:
                self.igds[name] = miniupnpd.Daemon(self, name, host)
        for name, igd in self.igds.items():
            igd.wait_until_ready()

    def command(self, host, *arguments):
        return ["ip", "netns", "exec", host, *map(str, arguments)]

    def run(self, host, *arguments, check=True, timeout=60):
        return subprocess.run(self.command(host, *arguments), capture_output=True, text=True,
                              check=check, timeout=timeout)

    def start(self, host, *arguments, **options):
        process = subprocess.Popen(self.command(host, *arguments), **options)
        self._daemons.append(process)
        return process

    def at(self, host):
        """A context in which sockets are opened on that host."""
        return sandbox.in_network(host)

    def rules(self, host):
        """The packet filter of a host, without its counters."""
        return self.run(host, "nft", "--stateless", "list", "ruleset").stdout

    def router_state(self):
        """All that a mapping could change: the rules of every router, and every lease file."""
        return {name: (self.rules(name), self.igds[name].leases() if name in self.igds else "")
                for name, host in self.network.hosts.items() if host.nat}

    def describe(self):
        """For failure messages: every router's rules, leases and log."""
        parts = []
        for name, (rules, leases) in self.router_state().items():
            parts.append(f"--- rules of {name}\n{rules}--- leases of {name}\n{leases}")
            if name in self.igds:
                parts.append(f"--- log of miniupnpd on {name} (more with --debug)\n"
                             f"{self.igds[name].log()}")
        return "".join(parts)

    def _plug(self, link, number):
        (a, a_name), (b, b_name) = link.a.split(":"), link.b.split(":")
        if not link.delay_ms:
            run("ip", "link", "add", a_name, "netns", a, "type", "veth", "peer", "name", b_name,
                "netns", b)
            return
        wire = f"wire{number}"
        run("ip", "netns", "add", wire)
        for host, name, end in ((a, a_name, "a"), (b, b_name, "b")):
            run("ip", "link", "add", name, "netns", host, "type", "veth", "peer", "name", end,
                "netns", wire)
        with self.at(wire):
            disable_ipv6()
        for end in "ab":
            run("ip", "-n", wire, "link", "set", "dev", end, "up")
        process = self.start(wire, self._wire, f"{link.delay_ms:g}", "a", "b",
                             stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the wire of {link} did not start")

    def _configure(self, name, host):
        with self.at(name):
            disable_ipv6()
            set_ipv4("ip_forward", int(host.forwarding))
            # Else a refusal by ICMP is lost now and then, and what refuses looks silent.
            set_ipv4("icmp_ratelimit", 0)
        batch = ["link set dev lo up"]
        for interface, settings in host.interfaces.items():
            if settings.address:
                batch.append(f"address add {settings.address} dev {interface}")
            if not settings.arp:
                batch.append(f"link set dev {interface} arp off")
            if settings.up:
                batch.append(f"link set dev {interface} up")
        batch += [f"route add {route}" for route in host.routes]
        run("ip", "-n", name, "-batch", "-", input="\n".join(batch))
        if host.nat:
            run(*self.command(name, "nft", "-f", "-"), input=nat_rules(host.nat))


def nat_rules(nat):
    """Tables and chains as miniupnpd's own nft_init.sh lays them, plus masquerading.

    The WAN side may open nothing: the forward chain drops what neither a mapping nor an answer
    allows.
    """
    forwards = "\n".join(f"iifname {nat.wan} tcp dport {port} dnat ip to {target}"
                         for port, target in nat.forwards)
    gate = "\n".join(nat.gate)
    return f"""
table inet filter {{
  chain input {{
    type filter hook input priority 0; policy accept;
    {gate}
  }}
  chain forward {{
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    iifname != {nat.wan} accept
    {"ct status dnat accept" if nat.forwards else ""}
    jump miniupnpd
  }}
  chain miniupnpd {{ }}
  chain prerouting {{
    type nat hook prerouting priority -100; policy accept;
    {forwards}
    jump prerouting_miniupnpd
  }}
  chain postrouting {{
    type nat hook postrouting priority 100; policy accept;
    jump postrouting_miniupnpd
    oifname {nat.wan} masquerade
  }}
  chain prerouting_miniupnpd {{ }}
  chain postrouting_miniupnpd {{ }}
}}
"""


def set_ipv4(setting, value):
    pathlib.Path("/proc/sys/net/ipv4", setting).write_text(f"{value}\n")


def disable_ipv6():
    for which in ("all", "default"):
        path = pathlib.Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6")
        with contextlib.suppress(FileNotFoundError):  # a kernel without IPv6
            path.write_text("1\n")


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode != 0:
        sys.exit(f"lab: {' '.join(command)} failed:\n{result.stderr}{options.get('input', '')}")
    return result


def wait_until(what, ready, seconds=15):
    """Asks again and again until `ready()` is true; fails loudly, never silently."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ready()
        if answer:
            return answer
        time.sleep(0.01)
    raise TimeoutError(f"waited {seconds} s in vain until {what}")
