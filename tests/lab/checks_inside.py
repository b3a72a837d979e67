"""`probe` tells from where it asked: a "reachable" is one for the Internet."""

import contextlib
import http.client
import signal
import socket

import peers
from natcheck import expect, expect_equal
from networks_inside import FORWARDED, NAME, SECOND_ADDRESS, SMALL_ONLY, TRANSLATED_INWARD

_PUBLIC = "5.5.5.5"
_ROUTER = "192.168.1.1"
_PORTS = "net.ipv4.ip_local_port_range"


@contextlib.contextmanager
def _serving(scene, port):
    with scene.natcheck.serve("--port", port, "--protocol", "both") as server:
        for _ in ("tcp", "udp"):
            server.wait_for("listening")
        yield
        expect_equal(server.end(signal.SIGTERM)[0], 0, "exit code", server)


def _probe(scene, port, verdict, host, *arguments, code=0):
    outcome = scene.natcheck.probe(f"{_PUBLIC}:{port}", *arguments, host=host)
    expect_equal(outcome.json["verdict"]["code"], verdict, "verdict", outcome)
    expect_equal(outcome.exit_code, code, "exit code", outcome)
    return outcome


def check_from_the_same_lan(scene):
    with _serving(scene, FORWARDED):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, FORWARDED, "tested-from-inside", "second", "--protocol",
                             protocol)
            seen = outcome.json["seen_as"]
            expect(seen.startswith(_ROUTER + ":"), "the router stands for it", outcome)


def check_from_a_virtual_machine_in_the_same_lan(scene):
    with _serving(scene, FORWARDED):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, FORWARDED, "tested-from-inside", "machine", "--protocol",
                             protocol)
            expect_equal(outcome.json["verdict"]["confidence"], "likely", "confidence", outcome)


def check_from_outside(scene):
    with _serving(scene, FORWARDED):
        for host in ("outside", "guest"):
            for protocol in ("tcp", "udp"):
                _probe(scene, FORWARDED, "reachable-mapped", host, "--protocol", protocol)


def check_a_router_that_translates_what_comes_in(scene):
    with _serving(scene, TRANSLATED_INWARD):
        for host in ("outside", "guest"):
            for protocol in ("tcp", "udp"):
                outcome = _probe(scene, TRANSLATED_INWARD, "reachable-mapped", host, "--protocol",
                                 protocol)
                seen = outcome.json["seen_as"]
                expect(seen.startswith(_ROUTER + ":"), "the router stands for it", outcome)


@contextlib.contextmanager
def _silent(scene, *routers):
    """These routers send no ICMP errors."""
    rules = "table ip mute { chain output { type filter hook output priority 0; icmp type " \
            "{ time-exceeded, destination-unreachable } drop; }; }"
    for router in routers:
        scene.lab.run(router, "nft", rules)
    try:
        yield
    finally:
        for router in routers:
            scene.lab.run(router, "nft", "delete table ip mute")


def _led_back(scene):
    for host in ("second", "machine"):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, SECOND_ADDRESS, "tested-from-inside", host, "--protocol",
                             protocol)
            expect(outcome.json["seen_as"].startswith("5.5.5.6:"), "the second address", outcome)


def check_the_second_address_of_the_router(scene):
    with _serving(scene, SECOND_ADDRESS):
        _led_back(scene)
        with _silent(scene, "router"):
            _led_back(scene)
        with _silent(scene, "router", "second"):
            _led_back(scene)


def check_neighbours(scene):
    with _serving(scene, SECOND_ADDRESS):
        for mute in ((), ("isp",), ("isp", "router")):
            with _silent(scene, *mute):
                for host in ("outside", "guest"):
                    for protocol in ("tcp", "udp"):
                        _probe(scene, SECOND_ADDRESS, "reachable-mapped", host, "--protocol",
                               protocol)


_LEAD_IN = f"""
table ip tunnel {{
  chain prerouting {{
    type nat hook prerouting priority -102; iifname home0 ip daddr {_PUBLIC} meta l4proto \\
      {{ tcp, udp }} th dport {{ {FORWARDED}, {SECOND_ADDRESS} }} dnat to 192.168.1.10
  }}
  chain postrouting {{
    type nat hook postrouting priority 98;
    ip saddr 10.6.0.2 meta l4proto {{ tcp, udp }} th dport {SECOND_ADDRESS} snat to 5.5.5.6
    ip saddr 10.6.0.2 oifname lan masquerade
  }}
}}
"""


@contextlib.contextmanager
def _tunnel_home(scene):
    ends = (("outside", "9.9.0.7", "5.5.5.6", "10.6.0.2/24"),
            ("router", "5.5.5.6", "9.9.0.7", "10.6.0.1/24"))
    for host, local, remote, inner in ends:
        # The router's NAT changes the sender of its own packets: the far end stays where it is.
        link = f"link add home0 type vxlan id 1 local {local} remote {remote} dstport 4789"
        for command in (link + " nolearning", f"address add {inner} dev home0", "link set home0 up"):
            scene.lab.run(host, "ip", *command.split())
    scene.lab.run("router", "nft", _LEAD_IN)
    scene.lab.run("outside", "ip", "route", "add", _PUBLIC, "via", "10.6.0.1")
    try:
        yield
    finally:
        scene.lab.run("router", "nft", "delete table ip tunnel")
        for host, *_ in ends:
            scene.lab.run(host, "ip", "link", "delete", "home0")


def check_a_tunnel_that_ends_at_the_router(scene):
    with _tunnel_home(scene):
        for port, seen in ((FORWARDED, _ROUTER), (SECOND_ADDRESS, "5.5.5.6")):
            with _serving(scene, port):
                for mute in ((), ("router",)):
                    with _silent(scene, *mute):
                        outcome = _probe(scene, port, "tested-from-inside", "outside")
                        expect(outcome.json["seen_as"].startswith(seen + ":"), "seen", outcome)


_VPN_LEADS_IN = f"""
table ip vpn {{
  chain prerouting {{
    type nat hook prerouting priority -102; iifname {{ vpn, home0 }} ip daddr {_PUBLIC} \
      tcp dport {FORWARDED} dnat to 192.168.1.10
  }}
  chain postrouting {{
    type nat hook postrouting priority 98; ip saddr {{ 10.6.0.2, 10.8.0.2 }} oifname lan masquerade
  }}
}}
"""


@contextlib.contextmanager
def _own_way_for_the_port(scene, host, via):
    """Connections to that port go by the VPN, and nothing else does."""
    rule = f"ipproto tcp dport {FORWARDED} lookup 9"
    scene.lab.run("router", "nft", _VPN_LEADS_IN)
    scene.lab.run(host, "ip", *f"route add default via {via} table 9".split())
    scene.lab.run(host, "ip", "rule", "add", *rule.split())
    try:
        yield
    finally:
        scene.lab.run(host, "ip", "rule", "delete", *rule.split())
        scene.lab.run(host, "ip", *"route flush table 9".split())
        scene.lab.run("router", "nft", "delete table ip vpn")


def _led_home(scene, host):
    outcome = _probe(scene, FORWARDED, "tested-from-inside", host)
    expect_equal(outcome.json["verdict"]["confidence"], "likely", "confidence", outcome)
    expect(outcome.json["seen_as"].startswith(_ROUTER + ":"), "the router stands for it", outcome)
    _probe(scene, FORWARDED, "reachable-mapped", host, "--protocol", "udp")


def check_a_vpn_for_one_port(scene):
    with _serving(scene, FORWARDED), _own_way_for_the_port(scene, "guest", "10.8.0.1"):
        _led_home(scene, "guest")


def check_a_vpn_for_one_port_of_a_public_host(scene):
    with _tunnel_home(scene), _serving(scene, FORWARDED):
        scene.lab.run("outside", "ip", "route", "delete", _PUBLIC)
        with _own_way_for_the_port(scene, "outside", "10.6.0.1"):
            _led_home(scene, "outside")


def _page(scene, host, port):
    with scene.lab.at(host):
        connection = http.client.HTTPConnection(_PUBLIC, port, timeout=5)
        connection.connect()
    with contextlib.closing(connection):
        connection.request("GET", "/", headers={"Connection": "close"})
        return connection.getresponse().read().decode()


def check_the_page_from_inside(scene):
    with scene.natcheck.serve("--map", SECOND_ADDRESS, "--protocol", "both") as server:
        for _ in ("tcp", "udp"):
            server.wait_for("mapped")
        for host, where in (("second", "nearby"), ("machine", "nearby"), ("guest", "outside")):
            page = _page(scene, host, SECOND_ADDRESS)
            expect_equal(server.wait_for("greeted")["from"], where, "from", server)
            expect_equal("can be reached from outside" in page, where == "outside", host, page)
            scene.natcheck.probe(f"{_PUBLIC}:{SECOND_ADDRESS}", "--protocol", "udp", host=host)
            expect_equal(server.wait_for("greeted")["from"], where, "from, by datagram", server)
        expect_equal(server.end(signal.SIGTERM)[0], 0, "exit code", server)


_REDIRECT = f"""
table ip proxy {{
  chain output {{
    type nat hook output priority -100; ip daddr {_PUBLIC} tcp dport {FORWARDED} redirect to :9999;
  }}
}}
"""


def check_a_proxy_that_ends_in_the_network(scene):
    lead = peers.leading_to(scene.lab, "second", (_PUBLIC, FORWARDED))
    with _serving(scene, FORWARDED), peers.server(scene.lab, "guest", 9999, lead):
        scene.lab.run("guest", "nft", _REDIRECT)
        try:
            _probe(scene, FORWARDED, "tested-from-inside", "guest")
            _probe(scene, FORWARDED, "reachable-mapped", "guest", "--protocol", "udp")
        finally:
            scene.lab.run("guest", "nft", "delete table ip proxy")


def check_large_packets_that_vanish(scene):
    with _serving(scene, SMALL_ONLY):
        for protocol in ("tcp", "udp"):
            outcome = _probe(scene, SMALL_ONLY, "timed-out", "outside", "--protocol", protocol,
                             code=2)
            expect_equal(outcome.json["result"], "timed-out", "result", outcome)
            expect("MTU" in outcome.stdout and "altered" not in outcome.stdout, "why", outcome)


def check_each_address_of_a_name(scene):
    with _serving(scene, FORWARDED):
        outcome = scene.natcheck.probe(f"{NAME}:{FORWARDED}")
        expect_equal(outcome.exit_code, 0, "exit code", outcome)
        expect_equal({one["family"]: one["result"] for one in outcome.json["addresses"]},
                     {6: "refused", 4: "reached"}, "addresses", outcome)
        codes = [finding["code"] for finding in outcome.json["findings"]]
        expect_equal(codes, ["other-address-fails"], "findings", outcome)


def check_a_host_that_rejects(scene):
    reject = f"table inet firm {{ chain input {{ type filter hook input priority 0; tcp dport " \
             f"{FORWARDED} reject with icmpx admin-prohibited; }}; }}"
    scene.lab.run("home", "nft", reject)
    try:
        outcome = _probe(scene, FORWARDED, "unreachable", "outside", code=1)
    finally:
        scene.lab.run("home", "nft", "delete table inet firm")
    summary = outcome.json["verdict"]["summary"]
    expect(f"{_PUBLIC} rejects port {FORWARDED}" in summary, "who rejects", outcome)


@contextlib.contextmanager
def _eight_ports(scene):
    """All ports that `outside` has for connections are in use by one of its programs."""
    before = scene.lab.run("outside", "sysctl", "-n", _PORTS).stdout.split()
    scene.lab.run("outside", "sysctl", "-w", f"{_PORTS}=40000 40007")
    try:
        yield
    finally:
        scene.lab.run("outside", "sysctl", "-w", f"{_PORTS}={' '.join(before)}")


def _connections(stack, scene, to):
    """One of the ports may be kept for a connection that was closed a moment ago (TIME_WAIT)."""
    with scene.lab.at("outside"), contextlib.suppress(OSError):
        for _ in range(8):
            stack.enter_context(socket.create_connection(to, timeout=5))


def check_ports_that_others_use(scene):
    with _serving(scene, FORWARDED), _eight_ports(scene), contextlib.ExitStack() as stack:
        _connections(stack, scene, ("8.8.0.7", 3478))
        _probe(scene, FORWARDED, "reachable-mapped", "outside")


def check_no_port_is_left(scene):
    with _serving(scene, FORWARDED), _eight_ports(scene), contextlib.ExitStack() as stack:
        _connections(stack, scene, (_PUBLIC, FORWARDED))
        outcome = _probe(scene, FORWARDED, "inconclusive", "outside", code=70)
        expect_equal(outcome.json["result"], None, "result", outcome)
        expect("has no free port left" in outcome.stdout, "why", outcome)
