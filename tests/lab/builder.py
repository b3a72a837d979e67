"""Lays out a network of namespaces from its description, and asks until its services answer."""

import json
import pathlib
import subprocess
import sys
import time

import coturn
import miniupnpd
import model
import nat
import sandbox
import scripted
import scripted_upnp

_SERVICES = {model.Stun: coturn.Daemon, model.Pmp: scripted.Pmp, model.Web: scripted.Web,
             model.Dns: scripted.Dns, model.Upnp: scripted_upnp.Upnp}


class Lab:
    """A network that is up. Hosts are known by their names."""

    def __init__(self, network, wire, debug=False):
        self.network = network
        self.debug = debug
        self._wire = wire
        self._daemons = []
        self.igds = {}
        self.services = {}  # those of each host
        sandbox.name_hosts(network.names, network.name_server)
        for name in network.hosts:
            run("ip", "netns", "add", name)
        for number, link in enumerate(network.links):
            self._plug(link, number)
        for name, host in network.hosts.items():
            self._configure(name, host)
        for name, host in network.hosts.items():
            if speaks_ipv6(host) or has_bridge(host):
                wait_until(f"all cables of {name} are plugged in", lambda: self._has_carriers(name))
        self._start_services()

    def command(self, host, *arguments):
        """Hosts are separate machines to natcheck too: each has a state directory of its own."""
        state = f"XDG_STATE_HOME={sandbox.WORK / 'state' / host}"
        return ["ip", "netns", "exec", host, "env", state, *map(str, arguments)]

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
        """The packet filter of a host, without its counters and without what its sets hold."""
        return self.run(host, "nft", "--stateless", "--terse", "list", "ruleset").stdout

    def router_state(self):
        """All that a mapping could change: the rules of every router, and every lease file."""
        return {name: (self.rules(name), self.igds[name].leases() if name in self.igds else "")
                for name, host in self.network.hosts.items() if host.nat}

    def load_rules(self, host):
        """The packet filter as it is after a boot, before miniupnpd comes."""
        settings = self.network.hosts[host]
        rules = [settings.rules, nat.rules(settings.nat) if settings.nat else ""]
        run(*self.command(host, "nft", "-f", "-"), input="\n".join(["flush ruleset", *rules]))

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
            set_ipv6("disable_ipv6", 1)
        for end in "ab":
            run("ip", "-n", wire, "link", "set", "dev", end, "up")
        process = self.start(wire, self._wire, f"{link.delay_ms:g}", "a", "b",
                             stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the wire of {link} did not start")

    def _configure(self, name, host):
        for interface, settings in host.interfaces.items():
            if settings.kind:
                self._make(name, interface, settings.kind)
        with self.at(name):
            set_ipv6("disable_ipv6", int(not speaks_ipv6(host)))
            set_ipv6("accept_dad", 0)  # else an address is not to be used for its first second
            set_ipv6("forwarding", int(host.forwarding))
            sysctl("ipv4/ip_forward", int(host.forwarding))
            # Else a refusal by ICMP is lost now and then, and what refuses looks silent.
            sysctl("ipv4/icmp_ratelimit", 0)
            # As systemd has it: else an address takes those that came after it with it.
            sysctl("ipv4/conf/all/promote_secondaries", 1)
            for setting, value in host.sysctls:
                sysctl(setting, value)
        batch = ["link set dev lo up"]
        for interface, settings in host.interfaces.items():
            batch += configure_interface(interface, settings)
        batch += [f"route add {route}" for route in host.routes]
        run("ip", "-n", name, "-batch", "-", input="\n".join(batch))
        if host.rules or host.nat:
            self.load_rules(name)

    def _has_carriers(self, host):
        """The kernel tells IPv6 and bridges up to a second late that a cable is there."""
        interfaces = self.network.hosts[host].interfaces
        links = json.loads(run("ip", "-j", "-n", host, "link").stdout)
        return all(link["operstate"] in ("UP", "UNKNOWN") for link in links
                   if link["ifname"] in interfaces and interfaces[link["ifname"]].up)

    def _make(self, host, interface, kind):
        command = ["ip", "-n", host, "link", "add", interface, "type", *kind.split()]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"SKIPPED: this kernel makes no interface of the type {kind.split()[0]}: "
                  f"{done.stderr.strip()}", file=sys.stderr)
            sys.exit(sandbox.SKIPPED)

    def _start_services(self):
        waiting = []
        for name, host in self.network.hosts.items():
            if host.igd:
                self.igds[name] = miniupnpd.Daemon(self, name, host)
                waiting.append(self.igds[name])
            self.services[name] = [_SERVICES[type(service)](self, name, service)
                                   for service in host.services]
            waiting += self.services[name]
        for service in waiting:
            service.wait_until_ready()


def configure_interface(name, settings):
    """Lines for `ip -batch`."""
    for address in settings.addresses:
        yield f"address add {address} dev {name}" + (" nodad" if ":" in address else "")
    if settings.master:
        yield f"link set dev {name} master {settings.master}"
    if not settings.arp:
        yield f"link set dev {name} arp off"
    if settings.up:
        yield f"link set dev {name} up"


def speaks_ipv6(host):
    return any(":" in address for interface in host.interfaces.values()
               for address in interface.addresses)


def has_bridge(host):
    return any(interface.master for interface in host.interfaces.values())


def sysctl(setting, value):
    pathlib.Path("/proc/sys/net", setting).write_text(f"{value}\n")


def set_ipv6(setting, value):
    """For every interface; does nothing with a kernel without IPv6."""
    for path in pathlib.Path("/proc/sys/net/ipv6/conf").glob(f"*/{setting}"):
        path.write_text(f"{value}\n")


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
