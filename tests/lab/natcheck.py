"""Runs natcheck on hosts of a lab and reads its JSON."""

import contextlib
import dataclasses
import json
import queue
import shlex
import signal
import subprocess
import threading
import time

WEB_CHECK = "http://9.9.0.7/"


class Failure(Exception):
    """What was expected, what came instead, and what the program said."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    command: str
    exit_code: int
    stdout: str
    stderr: str
    seconds: float

    @property
    def json(self):
        try:
            return json.loads(self.stdout)
        except json.JSONDecodeError as error:
            raise Failure(f"not one JSON object ({error})\n{self}") from None

    def __str__(self):
        return (f"$ {self.command}   (exit {self.exit_code}, {self.seconds:.2f} s)\n"
                f"{self.stdout}{self.stderr}")


class Natcheck:
    def __init__(self, lab, binary):
        self._lab = lab
        self._binary = binary

    def run(self, host, *arguments, timeout=30):
        started = time.monotonic()
        done = self._lab.run(host, self._binary, *arguments, check=False, timeout=timeout)
        command = shlex.join(["natcheck", *map(str, arguments)]) + f"   # on {host}"
        return Outcome(command, done.returncode, done.stdout, done.stderr,
                       time.monotonic() - started)

    def discover(self, *arguments, json=True):
        """With the servers of the network, as JSON or as the text that a person reads."""
        form = ["--json"] if json else ["--color", "never"]
        return self.run("home", "discover", *form, *self.outside(), *arguments)

    def outside(self):
        """Options that name those whom natcheck may ask outside."""
        return [*self._servers(), "--web-check", WEB_CHECK]

    def _servers(self):
        return [word for server in self._lab.network.stun for word in ("--stun", server)]

    def probe(self, target, *arguments, host="outside"):
        return self.run(host, "probe", "--json", target, *arguments)

    def serve(self, *arguments, host="home", servers=True):
        """With the servers of the network, unless nobody is to be asked."""
        asked = self._servers() if "--map" in arguments else []
        servers = asked if servers else ["--no-stun"]
        return Serving(self._lab, host,
                       [self._binary, "serve", "--json", *servers, *map(str, arguments)])


class Serving:
    """A `natcheck serve` that runs; leaves with the context at the latest."""

    def __init__(self, lab, host, command):
        self._command = shlex.join(["natcheck", *command[1:]])
        self._process = lab.start(host, *command, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.pid = self._process.pid
        self._lines = queue.Queue()
        self._seen = []
        self._errors = []
        self.mapping = None  # the last one that it told of
        self._readers = [threading.Thread(target=self._read_events, daemon=True),
                         threading.Thread(target=self._read_errors, daemon=True)]
        for reader in self._readers:
            reader.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._process.poll() is None:
            self.kill()

    def __str__(self):
        lines = [f"$ {self._command}   (exit {self._process.poll()})", *map(json.dumps, self._seen)]
        return "\n".join(lines + self._errors)

    def kill(self):
        """As a power cut does it."""
        self._process.kill()
        self._process.wait()

    def history(self, most):
        """The last events but visits, whether somebody waited for them or not."""
        with contextlib.suppress(queue.Empty):
            while (line := self._lines.get_nowait()) is not None:
                self._seen.append(line)
        told = [json.dumps(line) for line in self._seen if line["event"] != "greeted"]
        return "\n".join([f"$ {self._command}   (exit {self._process.poll()})", *told[-most:],
                          *self._errors[-most:]])

    def wait_for(self, event, seconds=15):
        """The next event of that name, or of one of these names, skipping others."""
        names = (event,) if isinstance(event, str) else event
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failure(f"no event '{event}' within {seconds} s\n{self}") from None
            if line is None:
                raise Failure(f"ended before an event '{event}'\n{self}")
            self._seen.append(line)
            if line.get("event") in names:
                return line

    def end(self, number=None, seconds=10):
        """Sends a signal, if one is given, and returns the exit code and the events until then."""
        if number is not None:
            self._process.send_signal(number)
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            name = signal.Signals(number).name if number else "what should end it"
            raise Failure(f"still running {seconds} s after {name}\n{self}") from None
        rest = []
        while (line := self._lines.get(timeout=seconds)) is not None:
            rest.append(line)
        self._seen += rest
        return code, rest

    def _read_events(self):
        for line in self._process.stdout:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                event = {"event": "(not JSON)", "line": line}
            if event.get("event") in ("mapped", "remapped"):
                self.mapping = event
            self._lines.put(event)
        self._lines.put(None)

    def _read_errors(self):
        for line in self._process.stderr:
            self._errors.append(line.rstrip("\n"))


def expect(condition, what, context):
    if not condition:
        raise Failure(f"{what}\n{context}")


def expect_equal(actual, expected, what, context):
    expect(actual == expected, f"{what}: expected {expected!r}, got {actual!r}", context)
