"""`serve` tells a firewall of its own host from a block on the way."""

import contextlib
import signal

from natcheck import expect, expect_equal
from networks_firewall import (ANSWERED_IN_VAIN, DROPPED, DROPPED_TOO, IN_A_MAP, IN_A_SET,
                               IN_A_VERDICT_MAP, LED_AWAY, OPEN, PROHIBITED, RESET)

_PUBLIC = "5.5.5.5"


@contextlib.contextmanager
def _watching(scene, *arguments):
    with scene.natcheck.serve(*arguments) as serving:
        expect(serving.wait_for("watching")["able"], "it does not watch", serving)
        if "--map" in arguments:
            serving.wait_for("mapped")
        yield serving


def _end(serving):
    """Ends it, and gives the events that nobody has waited for."""
    code, rest = serving.end(signal.SIGTERM)
    expect_equal(code, 0, "exit code", serving)
    return rest


def _knock(scene, port, *arguments):
    """Somebody outside tries for longer than `serve` waits with its judgement."""
    return scene.natcheck.probe(f"{_PUBLIC}:{port}", "--timeout", "4", *arguments)


def _blocked(scene, serving, port):
    outcome = _knock(scene, port)
    expect_equal(outcome.exit_code, 1, "the probe's exit code", outcome)
    told = serving.wait_for("blocked")
    expect_equal(told["peer"].split(":")[0], "9.9.0.7", "peer", serving)
    return told


def _command(told, port, serving, protocol="tcp"):
    """The one that lets visitors in, as it was advised."""
    expect_equal(told["verdict"], "host-firewall", "verdict", serving)
    command = told["advice"][0].split(";")[0]
    expected = f"sudo nft insert rule inet filter input {protocol} dport {port} accept"
    expect_equal(command, expected, "command", serving)
    return command.removeprefix("sudo ").split()


def check_dropped_until_the_command(scene):
    with _watching(scene, "--map", DROPPED) as serving:
        told = _blocked(scene, serving, DROPPED)
        expect(told["requests"] >= 2, "requests", serving)
        expect_equal((told["answers"], told["refusals"]), (0, 0), "answers, refusals", serving)
        scene.lab.run("home", *_command(told, DROPPED, serving))
        expect_equal(_knock(scene, DROPPED).exit_code, 0, "the probe's exit code", serving)
        _end(serving)


def check_datagrams_dropped_until_the_command(scene):
    with _watching(scene, "--map", DROPPED, "--protocol", "udp") as serving:
        expect(_knock(scene, DROPPED, "--protocol", "udp").exit_code != 0, "reached", serving)
        told = serving.wait_for("blocked")
        expect_equal(told["protocol"], "udp", "protocol", serving)
        scene.lab.run("home", *_command(told, DROPPED, serving, "udp"))
        outcome = _knock(scene, DROPPED, "--protocol", "udp")
        expect_equal(outcome.exit_code, 0, "the probe's exit code", outcome)
        rest = _end(serving)
        expect("blocked" not in {line["event"] for line in rest}, "it blames itself", serving)


def _check_refused(scene, port):
    with _watching(scene, "--map", port) as serving:
        told = _blocked(scene, serving, port)
        expect(told["refusals"] >= 1, "refusals", serving)
        _command(told, port, serving)
        _end(serving)


def check_reset(scene):
    _check_refused(scene, RESET)


def check_prohibited(scene):
    _check_refused(scene, PROHIBITED)


def check_answered_in_vain(scene):
    with _watching(scene, "--map", ANSWERED_IN_VAIN) as serving:
        told = _blocked(scene, serving, ANSWERED_IN_VAIN)
        expect_equal(told["verdict"], "return-path-broken", "verdict", serving)
        expect(told["answers"] >= 2, "answers", serving)
        _end(serving)


def check_no_route_back(scene):
    """The kernel counts what it cannot answer as if the server had had no room for it."""
    for kind in ("unreachable", "prohibit", "blackhole"):
        scene.lab.run("home", "ip", "route", "add", kind, "9.9.0.7")
        with _watching(scene, "--map", OPEN) as serving:
            told = _blocked(scene, serving, OPEN)
            expect_equal(told["verdict"], "return-path-broken", "verdict", serving)
            command = f"sudo ip route del {kind} 9.9.0.7"
            expect(any(command in line for line in told["advice"]), "the command", serving)
            scene.lab.run("home", *command.removeprefix("sudo ").split())
            expect_equal(_knock(scene, OPEN).exit_code, 0, "the probe's exit code", serving)
            _end(serving)


def check_its_own_question_is_nobody(scene):
    """The router leads the self-test back in, and the firewall drops it."""
    with _watching(scene, "--map", DROPPED_TOO, "--protocol", "udp") as serving:
        serving.wait_for("self-tested")
        _knock(scene, DROPPED_TOO, "--protocol", "udp")
        told = serving.wait_for("blocked")
        expect_equal(told["peer"].split(":")[0], "9.9.0.7", "peer", serving)
        expect("blocked" not in {line["event"] for line in _end(serving)}, "another", serving)


def check_led_away(scene):
    with scene.natcheck.serve("--map", LED_AWAY) as serving:
        rule = serving.wait_for("redirected")
        expect_equal((rule["rule"]["to"], rule["rule"]["to_port"]), ("172.17.0.2", 80), "rule",
                     serving)
        serving.wait_for("mapped")
        told = _blocked(scene, serving, LED_AWAY)
        expect_equal(told["verdict"], "host-firewall", "verdict", serving)
        expect("172.17.0.2:80" in told["summary"], "it names where the rule leads", serving)
        _end(serving)


def check_led_away_by_sets_and_maps(scene):
    """The last one is how kube-proxy does it."""
    for port, to in ((IN_A_SET, ("172.17.0.3", None)), (IN_A_MAP, ("172.17.0.4", None)),
                     (IN_A_VERDICT_MAP, ("172.17.0.6", 8000))):
        with scene.natcheck.serve("--port", port) as serving:
            rule = serving.wait_for("redirected")["rule"]
            expect_equal((rule["to"], rule["to_port"]), to, f"rule for port {port}", serving)
            _end(serving)


def check_blocked_on_the_way(scene):
    """Without a mapping nothing arrives, and nothing is said of this host's firewall."""
    with _watching(scene, "--port", DROPPED) as serving:
        _knock(scene, DROPPED)
        rest = _end(serving)
        expect("blocked" not in {line["event"] for line in rest}, "it blames itself", serving)
        expect_equal(rest[-1]["arrived"], 0, "clients whose packets arrived", serving)


def check_open(scene):
    with _watching(scene, "--map", OPEN) as serving:
        outcome = _knock(scene, OPEN, "--count", "10")
        expect_equal(outcome.exit_code, 0, "the probe's exit code", outcome)
        rest = _end(serving)
        expect("blocked" not in {line["event"] for line in rest}, "it blames itself", serving)
        expect_equal(rest[-1]["arrived"], 10, "clients whose packets arrived", serving)
