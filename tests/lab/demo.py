#!/usr/bin/env python3
"""natcheck across a home router, shown step by step: what scripts/demo runs."""

import argparse
import contextlib
import signal
import subprocess
import sys
import threading

import builder
import networks
import sandbox

_MAP = """\
A home network on this machine, in namespaces of its own: nothing outside them changes.

   home             router                      provider      outside
   192.168.1.10 ─── 192.168.1.1 ╫ 5.5.5.5 ───── 5.5.5.1 ───── 9.9.0.7
   will serve       NAT and a real miniupnpd                  somebody on the Internet
"""
_TABLE = ("nft", "--stateless", "list", "chain", "inet", "filter", "prerouting_miniupnpd")


class Stage:
    def __init__(self, lab, natcheck):
        self._lab = lab
        self._natcheck = natcheck
        self._terminal = sys.stdout.isatty()
        self.failed = False

    def say(self, text):
        print(text, flush=True)

    def prompt(self, host, command):
        line = f"{host}$ {command}"
        self.say(f"\n\033[1m{line}\033[0m" if self._terminal else f"\n{line}")

    def run(self, host, *arguments):
        """Shows a command and its output; natcheck itself is written as people would."""
        self.prompt(host, " ".join(arguments))
        if arguments[0] == "natcheck":
            arguments = (self._natcheck, *arguments[1:])
        code = subprocess.call(self._lab.command(host, *arguments))
        self._check(code)

    @contextlib.contextmanager
    def serving(self, host, *arguments):
        """A natcheck that goes on meanwhile; Ctrl-C ends it."""
        self.prompt(host, " ".join(("natcheck", *arguments)))
        color = ("--color", "always") if self._terminal else ()
        process = self._lab.start(host, self._natcheck, *arguments, *color, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        output = Output(process.stdout)
        yield output
        self.say(f"\n({host}: Ctrl-C)")
        process.send_signal(signal.SIGINT)
        self._check(process.wait(15))
        output.finish()

    def _check(self, code):
        if code != 0:
            self.failed = True
            self.say(f"(exit code {code})")


class Output:
    """Shows what a program prints as it comes, and waits for what it must say."""

    def __init__(self, stream):
        self._said = []
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._copy, args=(stream,), daemon=True)
        self._thread.start()

    def wait_for(self, words, seconds=20):
        with self._changed:
            heard = self._changed.wait_for(
                lambda: self._ended or any(words in line for line in self._said), seconds)
        if not heard or self._ended:
            sys.exit(f"demo: natcheck serve did not print '{words}'")

    def finish(self):
        self._thread.join()

    def _copy(self, stream):
        for line in stream:
            print(line, end="", flush=True)
            with self._changed:
                self._said.append(line)
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def show(stage):
    stage.say(_MAP + "\nWhat is between home and the Internet?")
    stage.run("home", "natcheck", "discover", "--stun", "stun.example.org")
    stage.say("\nOpen a port on the router and greet every visitor.")
    with stage.serving("home", "serve", "--map", "1234", "--stun", "stun.example.org") as output:
        output.wait_for("natcheck probe")
        output.wait_for("Internet sees.")
        stage.say("\nThe router's table of mappings now:")
        stage.run("router", *_TABLE)
        stage.say("\nCan anyone outside reach it?")
        stage.run("outside", "natcheck", "probe", "5.5.5.5:1234")
        output.wait_for("9.9.0.7")
    stage.say("\nThe server removed its mapping; the router's table is empty again:")
    stage.run("router", *_TABLE)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--natcheck", required=True)
    arguments = parser.parse_args()
    sandbox.enter()
    lab = builder.Lab(networks.NETWORKS["single-nat"], wire=None)
    before = lab.router_state()
    stage = Stage(lab, arguments.natcheck)
    show(stage)
    if stage.failed or lab.router_state() != before:
        sys.exit("demo: something failed")
    stage.say("\nNothing remains: the whole network ends with this script.")


if __name__ == "__main__":
    main()
