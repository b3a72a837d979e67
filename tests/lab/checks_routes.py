"""The way out is what the kernel does with a packet, however its routes are written."""

import contextlib

import checks_mapping
from natcheck import expect, expect_equal


@contextlib.contextmanager
def _routed(scene, *lines, undo):
    """The host at home as `ip -batch` makes it, and as it was again afterwards."""
    def batch(commands):
        scene.lab.run("home", "sh", "-c", "ip -batch - <<'END'\n" + "\n".join(commands) + "\nEND")

    batch(lines)
    try:
        yield
    finally:
        batch(undo)


@contextlib.contextmanager
def _firewalled(scene, rule, hook="input"):
    """The router with one more rule."""
    scene.lab.run("router", "nft", f"table inet gate {{ chain gate {{ type filter hook {hook} "
                                   f"priority -10; {rule}; }}; }}")
    try:
        yield
    finally:
        scene.lab.run("router", "nft", "delete table inet gate")


_ADDRESS = "192.168.1.10/24"
_DEFAULT = "route replace default via 192.168.1.1"


def _expect_single_nat(scene):
    outcome = scene.natcheck.discover()
    found = outcome.json
    expect_equal(found["verdict"]["code"], "single-nat", "verdict", outcome)
    expect_equal(found["verdict"]["confidence"], "confirmed", "confidence", outcome)
    expect_equal(found["private"]["address"], "192.168.1.10", "private address", outcome)
    expect_equal(found["gateway"]["address"], "192.168.1.1", "gateway", outcome)
    expect_equal(found["public"]["address"], "5.5.5.5", "public address", outcome)
    return outcome


def check_ipv6_alone_by_a_route_for_one_prefix(scene):
    with _routed(scene, f"address delete {_ADDRESS} dev eth0",
                 undo=(f"address add {_ADDRESS} dev eth0", _DEFAULT)):
        outcome = scene.natcheck.discover()
    found = outcome.json
    expect_equal(found["verdict"]["code"], "ipv6-only", "verdict", outcome)
    expect_equal(found["verdict"]["confidence"], "confirmed", "confidence", outcome)
    expect_equal(found["ipv6"]["address"], "2a00:5::10", "IPv6 address", outcome)
    expect_equal(outcome.exit_code, 0, "exit code", outcome)


def check_a_table_that_a_rule_on_the_source_leads_to(scene):
    with _routed(scene, "route delete default", "route add default via 192.168.1.1 table 100",
                 "rule add from 192.168.1.10 lookup 100",
                 undo=("rule delete from 192.168.1.10 lookup 100", "route flush table 100",
                       _DEFAULT)):
        _expect_single_nat(scene)


def check_a_table_that_only_marked_packets_come_to(scene):
    with _routed(scene, "route delete default", "route add default via 192.168.1.1 table 100",
                 "rule add fwmark 7 lookup 100",
                 undo=("rule delete fwmark 7 lookup 100", "route flush table 100", _DEFAULT)):
        outcome = scene.natcheck.discover()
    expect("eth0 may have one" in outcome.json["verdict"]["summary"], "the other table is told",
           outcome)
    expect_equal(outcome.json["private"], None, "private address", outcome)


def check_a_nexthop_object(scene):
    with _routed(scene, "route delete default", "nexthop add id 7 via 192.168.1.1 dev eth0",
                 "route add default nhid 7",
                 undo=("route delete default", "nexthop delete id 7", _DEFAULT)):
        _expect_single_nat(scene)


_BY_IPV6 = "route replace 0.0.0.0/0 via inet6 fe80::1 dev eth0"  # RFC 8950


def check_an_ipv6_next_hop(scene):
    with _routed(scene, _BY_IPV6, "neigh flush dev eth0", undo=(_DEFAULT,)):
        outcome = _expect_single_nat(scene)
        for service in ("pcp", "nat_pmp", "upnp"):
            expect_equal(outcome.json["gateway"]["services"][service]["state"], "answered", service, outcome)
        scene.lab.run("home", "ip", "neigh", "flush", "dev", "eth0")
        checks_mapping.check_reached_from_outside(scene)


def check_an_ipv6_next_hop_without_upnp(scene):
    with _routed(scene, _BY_IPV6, "neigh flush dev eth0", undo=(_DEFAULT,)), \
            _firewalled(scene, "udp dport 1900 drop"):
        outcome = _expect_single_nat(scene)
    expect_equal(outcome.json["gateway"]["services"]["upnp"]["state"], "silent", "upnp", outcome)


def check_an_ipv6_next_hop_that_sends_no_icmp(scene):
    with _routed(scene, _BY_IPV6, "neigh flush dev eth0", undo=(_DEFAULT,)), \
            _firewalled(scene, "icmp type time-exceeded drop", hook="output"):
        _expect_single_nat(scene)


def check_equal_routes_are_told(scene):
    with _routed(scene, "route replace default nexthop via 192.168.1.1 nexthop via 192.168.1.2",
                 undo=(_DEFAULT,)):
        outcome = scene.natcheck.discover()
    told = [finding["summary"] for finding in outcome.json["findings"]
            if finding["code"] == "several-default-routes"]
    expect(told and "192.168.1.2" in told[0], "both routers are told", outcome)


def check_a_default_route_that_refuses(scene):
    with _routed(scene, "route delete default", "route add unreachable default",
                 "address delete 2a00:5::10/64 dev eth0",
                 undo=("route delete unreachable default", _DEFAULT,
                       "address add 2a00:5::10/64 dev eth0 nodad")):
        outcome = scene.natcheck.discover()
    expect_equal(outcome.json["verdict"]["code"], "offline", "verdict", outcome)
    expect("unreachable" in outcome.json["verdict"]["summary"], "the route is told", outcome)


def check_the_public_address_on_an_interface_that_is_down(scene):
    with _routed(scene, "link add kube-ipvs0 type veth peer name unused0",
                 "address add 5.5.5.5/32 dev kube-ipvs0", undo=("link delete kube-ipvs0",)):
        outcome = _expect_single_nat(scene)
    expect("interface" not in outcome.json["public"]["sources"], "no source is an interface",
           outcome)
    told = {finding["code"]: finding["summary"] for finding in outcome.json["findings"]}
    expect("kube-ipvs0" in told.get("public-address-elsewhere", ""), "the interface is named",
           outcome)


_PROHIBITED = "a route or rule on this machine prohibits it"


def _servers_of(outcome, protocol):
    return [entry for entry in outcome.json["stun"]
            if entry["transport"] == protocol and entry["family"] == 4]


def _expect_not_sent(outcome, entry, why):
    expect_equal(entry["state"], "not-tried", "state", outcome)
    expect(why in entry["reason"], "the reason is this machine's", outcome)
    expect_equal(entry["attempts"], 0, "requests sent", outcome)
    told = {finding["code"]: finding for finding in outcome.json["findings"]}
    expect("udp-blocked" not in told, "nothing is said of the network", outcome)
    expect(entry["server"] in told["not-sent"]["summary"], "the server is named", outcome)
    expect(any(entry["server"] in line and why in line
               for line in outcome.json["verdict"]["evidence"]), "the evidence says so", outcome)


def check_a_rule_that_prohibits_a_port(scene):
    rule = "ipproto udp dport 3478 prohibit"
    with _routed(scene, f"rule add {rule}", undo=(f"rule delete {rule}",)):
        outcome = _expect_single_nat(scene)
    for entry in _servers_of(outcome, "udp"):
        _expect_not_sent(outcome, entry, _PROHIBITED)


def check_a_rule_for_one_interface(scene):
    """Asked without the interface, the kernel has a route."""
    rule = "oif eth0 ipproto udp dport 3478 unreachable"
    with _routed(scene, f"rule add {rule}", undo=(f"rule delete {rule}",)):
        outcome = _expect_single_nat(scene)
    for entry in _servers_of(outcome, "udp"):
        _expect_not_sent(outcome, entry, _PROHIBITED)


def check_routes_that_refuse_a_server(scene):
    for kind, why in (("prohibit", _PROHIBITED),
                      ("unreachable", "a route on this machine marks the destination as unreachable"),
                      ("blackhole", "a route on this machine discards packets to the destination")):
        server = _servers_of(scene.natcheck.discover(), "udp")[0]["address"].split(":")[0]
        with _routed(scene, f"route add {kind} {server}", undo=(f"route delete {kind} {server}",)):
            outcome = scene.natcheck.discover()
        expect_equal(outcome.json["public"]["address"], "5.5.5.5", "by the other one", outcome)
        for entry in _servers_of(outcome, "udp"):
            if entry["address"].startswith(server + ":"):
                _expect_not_sent(outcome, entry, why)


def check_a_rule_that_prohibits_the_port_of_nat_pmp(scene):
    rule = "ipproto udp dport 5351 prohibit"
    with _routed(scene, f"rule add {rule}", undo=(f"rule delete {rule}",)):
        outcome = scene.natcheck.discover()
    for name in ("pcp", "nat_pmp"):
        service = outcome.json["gateway"]["services"][name]
        expect_equal(service["state"], "not-tried", name, outcome)
        expect(_PROHIBITED in service["reason"], "the reason is this machine's", outcome)


def check_a_firewall_of_this_machine_that_drops_what_leaves(scene):
    """Told although the other server has answered."""
    server = _servers_of(scene.natcheck.discover(), "udp")[0]["address"].split(":")[0]
    scene.lab.run("home", "nft", "table inet gate { chain gate { type filter hook output "
                                 f"priority 0; ip daddr {server} udp dport 3478 drop; }}; }}")
    try:
        outcome = _expect_single_nat(scene)
    finally:
        scene.lab.run("home", "nft", "delete table inet gate")
    for entry in _servers_of(outcome, "udp"):
        if entry["address"].startswith(server + ":"):
            _expect_not_sent(outcome, entry, "forbidden by a firewall on this machine")
