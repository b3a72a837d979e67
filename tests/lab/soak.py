#!/usr/bin/env python3
"""An evening in a home where everything that can happen happens: what scripts/soak runs.

Three `natcheck serve`, one by each protocol, with leases of some seconds. Faults come at random;
after each of them all three must be reached from outside again. At the end, descriptors, memory
and mappings must be what they were.
"""

import argparse
import concurrent.futures
import dataclasses
import operator
import os
import pathlib
import random
import re
import signal
import sys
import time

import builder
import faults
import natcheck
import networks
import peers
import sandbox

BACK_S = 15  # from the end of a fault until the greeting works again
_VIAS = ("pcp", "nat-pmp", "upnp")
_FIRST_PORT = 1234
_WARM_UP = 10  # faults: each kind has been there
_GROWTH_KIB = 1024  # of resident memory after that
_LONGEST_LEASE_S = 8
_REST_S = 3  # within which nothing is asked for a moment
_SHOWN_EVENTS = 40
_ROUTERS = {"router": ("192.168.1.1", ("5.5.5.5/24", "5.5.5.6/24")),
            "spare": ("192.168.1.2", ("6.6.6.6/24", "6.6.6.7/24"))}
_OWN_ADDRESSES = ("192.168.1.10/24", "192.168.1.11/24")
_VISITORS = 60
_PATIENCE_S = 5


@dataclasses.dataclass(frozen=True)
class Sample:
    """What the three processes have in use, one number each, and what the router has for them."""

    descriptors: tuple[int, ...]
    memory_kib: tuple[int, ...]
    mappings: int

    def no_more_than(self, other):
        return all(map(operator.le, self.descriptors, other.descriptors))

    def __str__(self):
        descriptors = " ".join(map(str, self.descriptors))
        memory = " ".join(f"{kib / 1024:.1f}" for kib in self.memory_kib)
        return f"fds {descriptors}  MiB {memory}  mappings {self.mappings}"


class Home:
    """The lab, and who is the router at present. Each fault returns what is to be said of it."""

    def __init__(self, lab, random_numbers):
        self.lab = lab
        self.router = "router"
        self._random = random_numbers
        self._http_port = 5000

    def faults(self):
        return (self.restart_empty, self.restart_with_leases, self.restart_elsewhere,
                self.new_wan_address, self.new_own_address, self.cable_out, self.other_router,
                self.port_taken)

    def restart_empty(self):
        return self._restart("the router restarts and has forgotten all")

    def restart_with_leases(self):
        return self._restart("the router restarts with its leases", keep_leases=True)

    def restart_elsewhere(self):
        self._http_port += 1
        return self._restart(f"the router restarts, UPnP is at port {self._http_port}",
                             http_port=self._http_port)

    def new_wan_address(self):
        address = self._other(_ROUTERS[self.router][1], self.router, "wan")
        faults.change_wan_address(self.lab, address, self.router)
        return f"the provider gives {address}"

    def new_own_address(self):
        address = self._other(_OWN_ADDRESSES, "home", "eth0")
        faults.readdress(self.lab, "home", "eth0", address)
        return f"the router gives this host {address}"

    def cable_out(self):
        seconds = self._random.uniform(0.5, _LONGEST_LEASE_S + 2)
        with faults.unplugged(self.lab, self.router, "lan"):
            time.sleep(seconds)
        return f"the router's cable is out for {seconds:.1f} s"

    def other_router(self):
        old, self.router = self.router, "spare" if self.router == "router" else "router"
        self.lab.run("switch", "ip", "link", "set", "dev", old, "down")
        self.lab.run("switch", "ip", "link", "set", "dev", self.router, "up")
        faults.use_router(self.lab, "home", _ROUTERS[self.router][0])
        return f"another router takes over, at {_ROUTERS[self.router][0]}"

    def port_taken(self):
        """While this host's cable is out, since it would be quicker than any neighbour."""
        with faults.unplugged(self.lab, "switch", "home"):
            faults.restart_router(self.lab, host=self.router)
            peers.take_port(self.lab, "neighbour", _ROUTERS[self.router][0], "tcp", 80,
                            _FIRST_PORT, 2 * _LONGEST_LEASE_S)
        return "the router restarts, a neighbour takes a port"

    def outside(self):
        """Where the Internet finds this home."""
        return faults.addresses(self.lab, self.router, "wan")[0].split("/")[0]

    def mappings(self):
        """Those that lead to this host as it is now."""
        own, = faults.addresses(self.lab, "home", "eth0")
        return len(re.findall(rf"dnat ip to {re.escape(own.split('/')[0])}:",
                              self.lab.rules(self.router)))

    def _restart(self, what, **how):
        dark_s = self._random.uniform(0, 5)
        faults.restart_router(self.lab, dark_s=dark_s, host=self.router, **how)
        return f"{what} (dark for {dark_s:.1f} s)"

    def _other(self, choices, host, interface):
        now, = faults.addresses(self.lab, host, interface)
        return choices[1 - choices.index(now)]


class Soak:
    def __init__(self, home, program, random_numbers, seconds):
        self._home = home
        self._random = random_numbers
        self._began = time.monotonic()
        self._ends = self._began + seconds
        self._kinds = (*home.faults(), self.crowd)
        self._worst = {}  # seconds, by kind
        self._samples = []
        self.servers = [self._serve(program, via, port)
                        for port, via in enumerate(_VIAS, _FIRST_PORT)]

    def run(self):
        for serving in self.servers:
            serving.wait_for("mapped")
        self._wait_until_reached("the start")
        first = self._sample_at_rest()
        _show("", "start", first)
        self._spoil(first)
        self._expect_flat(first)
        for serving in self.servers:
            code, _ = serving.end(signal.SIGTERM)
            natcheck.expect_equal(code, 0, "exit code", "")

    def crowd(self):
        """Visitors are no fault, but what they take has to be given back too."""
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            visits = self.servers * (_VISITORS // len(self.servers))
            for _ in pool.map(self._visit, visits):
                pass
        return f"{len(visits)} visitors at once"

    def _visit(self, serving):
        """As a person does: again, if it fails. A router that takes an entry anew, as after a restart
        with its leases, has none for a moment."""
        builder.wait_until("a visitor of the crowd is greeted", lambda: self._greets(serving),
                           _PATIENCE_S)

    def summary(self):
        lines = [f"  {seconds:5.1f} s  {name.replace('_', ' ')}"
                 for name, seconds in sorted(self._worst.items())]
        minutes = (time.monotonic() - self._began) / 60
        return "\n".join([f"{len(self._samples)} faults in {minutes:.1f} minutes. The longest "
                          "time until the greeting worked again:", *lines])

    def history(self):
        return "\n".join(serving.history(_SHOWN_EVENTS) for serving in self.servers)

    def _serve(self, program, via, port):
        return program.serve("--map", port, "--via", via, "--any-port", "--lifetime",
                             self._random.randint(4, _LONGEST_LEASE_S))

    def _spoil(self, first):
        """Faults until the time is over; each kind once before one comes again."""
        waiting = []
        while time.monotonic() < self._ends:
            waiting = waiting or self._random.sample(self._kinds, len(self._kinds))
            fault = waiting.pop()
            said = fault()
            seconds = self._wait_until_reached(said)
            self._worst[fault.__name__] = max(seconds, self._worst.get(fault.__name__, 0))
            self._samples.append(self._sample_at_rest(first))
            _show(f"{len(self._samples)}", f"{said}: back after {seconds:.1f} s",
                  self._samples[-1])
            time.sleep(self._random.uniform(0, 2))

    def _wait_until_reached(self, said):
        """How long it takes until somebody outside is greeted by each of them."""
        began = time.monotonic()
        for via, serving in zip(_VIAS, self.servers):
            builder.wait_until(f"the mapping by {via} works again ({said})",
                               lambda: self._greets(serving),
                               max(0.1, began + BACK_S - time.monotonic()))
        return time.monotonic() - began

    def _greets(self, serving):
        address, port = serving.mapping["external"].rsplit(":", 1)
        if address != self._home.outside():
            return False
        try:
            answer = peers.ask(self._home.lab, "outside", (address, int(port)), seconds=1)
        except OSError:
            return False
        return answer == peers.ANSWER

    def _sample_at_rest(self, first=None):
        """The fewest descriptors of some seconds: now and then a question holds one more."""
        deadline = time.monotonic() + _REST_S
        sample = self._sample()
        while time.monotonic() < deadline and not (first and sample.no_more_than(first)):
            time.sleep(0.05)
            now = self._sample()
            fewest = tuple(map(min, sample.descriptors, now.descriptors))
            sample = dataclasses.replace(now, descriptors=fewest)
        return sample

    def _sample(self):
        pids = [serving.pid for serving in self.servers]
        return Sample(tuple(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids),
                      tuple(map(_resident_kib, pids)), self._home.mappings())

    def _expect_flat(self, first):
        """Whatever an old address or router still keeps runs out meanwhile."""
        builder.wait_until("each has one mapping", lambda: self._home.mappings() == len(_VIAS),
                           _LONGEST_LEASE_S + BACK_S)
        for number, sample in enumerate(self._samples, 1):
            natcheck.expect(sample.no_more_than(first),
                            f"{sample.descriptors} descriptors after fault {number}", "")
        warm = self._samples[min(_WARM_UP, len(self._samples)) - 1]
        for before, after in zip(warm.memory_kib, self._samples[-1].memory_kib):
            natcheck.expect(after - before <= _GROWTH_KIB,
                            f"memory grew from {before} to {after} KiB", "")


def _show(number, what, sample):
    print(f"{number:>4}  {time.strftime('%H:%M:%S')}  {what:76}  {sample}", flush=True)


def _resident_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def _parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--natcheck", required=True)
    parser.add_argument("--for", dest="seconds", type=_seconds, default="1h", metavar="DURATION",
                        help="90s, 2m, 1h (1h)")
    parser.add_argument("--seed", type=int, help="the same faults in the same order")
    return parser.parse_args()


def _seconds(text):
    match = re.fullmatch(r"(\d+)([smh]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is no duration like 90s, 2m or 1h")
    return int(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[match[2]]


def _wait_until_as_before(lab, before):
    builder.wait_until("the routers are as they were before",
                       lambda: lab.router_state() == before, 3 * _LONGEST_LEASE_S)


def _attempt(soak, lab, before):
    """What went wrong, in words; None: nothing."""
    try:
        soak.run()
        _wait_until_as_before(lab, before)
    except (natcheck.Failure, TimeoutError, RuntimeError) as failure:
        return str(failure)
    return None


def main():
    arguments = _parse_arguments()
    if arguments.seed is None:
        # Also where this program starts itself anew inside the namespaces.
        sys.argv += ["--seed", str(random.randrange(1_000_000))]
        arguments = _parse_arguments()
    sandbox.enter()
    if os.readlink("/proc/self") != str(os.getpid()):
        print("SKIPPED: /proc may not be mounted here, so nothing can be measured.")
        return sandbox.SKIPPED
    print(f"seed {arguments.seed}, {arguments.seconds} s", flush=True)
    lab = builder.Lab(networks.NETWORKS["stay"], wire=None)
    before = lab.router_state()
    random_numbers = random.Random(arguments.seed)
    soak = Soak(Home(lab, random_numbers), natcheck.Natcheck(lab, arguments.natcheck),
                random_numbers, arguments.seconds)
    problem = _attempt(soak, lab, before)
    if problem:
        print(f"FAILED: {problem}\n{soak.history()}\n{lab.describe()}")
    print(soak.summary())
    print(f"{'FAILED' if problem else 'All was well'}; "
          f"the same faults again: scripts/soak --for {arguments.seconds}s --seed {arguments.seed}")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
