#!/usr/bin/env python3
"""The program as a whole, on this host alone: streams, exit codes and signals.

Usage: program_test.py NATCHECK
"""

import contextlib
import fcntl
import json
import os
import pty
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

NATCHECK = sys.argv.pop(1)
SECONDS = 20  # for what takes milliseconds


def run(*arguments, stdout=subprocess.PIPE, env=None):
    return subprocess.run(
        [NATCHECK, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=SECONDS,
        env=env
    )


def bound_socket():
    """A port that refuses connections: bound, and not listened on."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


def on_terminal(columns, *arguments):
    """What is left to read on a terminal of that width after two seconds of the program."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(NATCHECK, [NATCHECK, *arguments],
                  os.environ | {"TERM": "xterm", "LC_ALL": "C.UTF-8"})
    written = b""
    with contextlib.suppress(OSError):  # EIO: the program has ended
        while some := os.read(terminal, 65536):
            written += some
    os.close(terminal)
    os.waitpid(pid, 0)
    return screen(written.decode(), columns)


def screen(written, columns):
    """The lines of a terminal after that was written to it, also those that scrolled away."""
    lines, row, column = [""], 0, 0
    for token in re.findall(r"\x1b\[[\d;]*[A-Za-z]|[^\x1b]", written):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
        elif token[0] != "\x1b":
            if column == columns:
                row, column = row + 1, 0
            lines += [""] * (row + 1 - len(lines))
            lines[row] = lines[row][:column].ljust(column) + token + lines[row][column + 1:]
            column += 1
        elif token.endswith("A"):
            row -= int(token[2:-1])
        elif token.endswith("J"):
            lines[row:] = [lines[row][:column]]
        lines += [""] * (row + 1 - len(lines))
    return lines


class Program(unittest.TestCase):
    def serve(self, *arguments):
        """A server on a free port: its process, and the port."""
        process = subprocess.Popen(
            [NATCHECK, "serve", "--port", "0", "--json", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        first = json.loads(process.stdout.readline())
        self.assertEqual(first["event"], "listening")
        return process, int(first["address"].rsplit(":", 1)[1])

    def greet(self, port):
        with socket.create_connection(("127.0.0.1", port), SECONDS) as client:
            client.sendall(b"Hello, server!")
            return client.recv(1024)

    def assert_complaint(self, done, code, *words):
        """One line on stderr, and nothing on stdout."""
        self.assertEqual(done.returncode, code, done)
        self.assertFalse(done.stdout, done)
        self.assertEqual(len(done.stderr.splitlines()), 1, done)
        for word in ("natcheck: ", *words):
            self.assertIn(word, done.stderr)

    def test_without_command_the_help_is_an_error(self):
        done = run()
        self.assertEqual((done.returncode, done.stdout), (64, ""))
        self.assertIn("Usage: natcheck COMMAND", done.stderr)

    def test_help_and_version_are_results(self):
        for arguments in (["--help"], ["help", "serve"], ["probe", "-h"], ["--version"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""), arguments)
            self.assertIn("natcheck", done.stdout)

    def test_wrong_usage(self):
        self.assert_complaint(run("discover", "--jsn"), 64, "--jsn", "--json")
        self.assert_complaint(run("dicsover"), 64, "discover")
        self.assert_complaint(run("discover", "--interface", "nosuch0"), 64, "nosuch0", "lo")
        self.assert_complaint(run("probe", "::1", "--interface", "nosuch0"), 64, "nosuch0")

    def test_a_result_that_cannot_be_written(self):
        with open("/dev/full", "w") as full:
            self.assert_complaint(run("--help", stdout=full), 70, "No space left")

    def test_probe_reaches_serve(self):
        server, port = self.serve("--once")
        done = run("probe", f"127.0.0.1:{port}", "--json")
        self.assertEqual(json.loads(done.stdout)["result"], "reached", done)
        events = [json.loads(line)["event"] for line in server.communicate(timeout=SECONDS)[0].splitlines()]
        self.assertIn("greeted", events)
        self.assertEqual(events[-1], "stopped")
        self.assertEqual(server.returncode, 0)

    def test_quiet_probe_speaks_by_its_exit_code(self):
        with bound_socket() as refusing:
            done = run("probe", "-q", f"127.0.0.1:{refusing.getsockname()[1]}")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", ""))

    def test_every_signal_ends_serve_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            server, _ = self.serve()
            server.send_signal(number)
            output, errors = server.communicate(timeout=SECONDS)
            self.assertEqual((server.returncode, errors), (0, ""), number)
            self.assertEqual(json.loads(output.splitlines()[-1])["event"], "stopped", number)

    def test_a_signal_that_is_repeated_at_once_disturbs_nothing(self):
        server, _ = self.serve()
        server.send_signal(signal.SIGSTOP)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            server.send_signal(number)
        server.send_signal(signal.SIGCONT)
        output, errors = server.communicate(timeout=SECONDS)
        self.assertEqual((server.returncode, errors), (0, ""))
        self.assertEqual(json.loads(output.splitlines()[-1])["event"], "stopped")

    def long_probe(self, port, *arguments):
        process = subprocess.Popen(
            [NATCHECK, "probe", f"127.0.0.1:{port}", "--count", "1000", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_an_interrupted_probe_shows_its_statistics(self):
        _, port = self.serve()
        process = self.long_probe(port)
        self.assertTrue(process.stdout.readline().startswith("1: reached"))
        self.assertTrue(process.stdout.readline().startswith("2: reached"))
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=SECONDS)
        self.assertEqual((process.returncode, errors), (130, ""))
        self.assertIn(f"--- 127.0.0.1:{port} ---", output)
        self.assertIn("0 % lost", output)

    def test_an_interrupted_probe_prints_json(self):
        server, port = self.serve()
        process = self.long_probe(port, "--json")
        for _ in range(2):
            while json.loads(server.stdout.readline())["event"] != "greeted":
                pass
        process.send_signal(signal.SIGTERM)
        report = json.loads(process.communicate(timeout=SECONDS)[0])
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertGreaterEqual(report["rtt_ms"]["received"], 1)
        self.assertEqual(report["verdict"]["code"], "inconclusive")

    def test_without_descriptors_it_says_so(self):
        for limit in (4, 5, 6):
            done = subprocess.run(
                [NATCHECK, "discover", "--no-stun"],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                timeout=SECONDS,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)),
            )
            self.assert_complaint(done, 70, "ulimit -n")
            self.assertNotIn("internal error", done.stderr)

    def test_serve_ends_quietly_when_its_reader_leaves(self):
        server, port = self.serve()
        self.assertEqual(self.greet(port), b"Hello, client!")
        # Everything that was on its way has been read when these lines have come.
        expected = {"greeted", "self-tested"}
        while expected:
            expected.discard(json.loads(server.stdout.readline())["event"])
        server.stdout.close()
        self.assertEqual(self.greet(port), b"Hello, client!")
        self.assertEqual(server.wait(SECONDS), 0)
        self.assertEqual(server.stderr.read(), "")
        server.stdout = None  # communicate() would read it

    def test_the_block_on_a_terminal_leaves_nothing_behind(self):
        for columns in (30, 60, 80):
            left = on_terminal(columns, "serve", "--port", "0", "--for", "2500ms")
            self.assertFalse([line for line in left if "─" in line or "Visitors" in line], left)
            self.assertTrue(left[0].startswith("Listening"), left)
            self.assertEqual(sum(line.startswith("Stopped") for line in left), 1, left)

    def test_mappings_where_nothing_answers(self):
        """By the options as they are typed; on the loopback interface, so that nothing leaves."""
        rows = (
            (("add", "1234"), 1, "neither PCP nor NAT-PMP nor UPnP"),
            (("remove", "1234"), 1, "There is no natcheck mapping on port 1234"),
            (("clean",), 0, "There are no natcheck mappings to remove"),
        )
        for command, code, words in rows:
            with self.subTest(command), tempfile.TemporaryDirectory() as state:
                ended = run("mappings", *command, "--interface", "lo", "--gateway", "127.0.0.1",
                            env=os.environ | {"XDG_STATE_HOME": state})
                self.assertEqual(ended.returncode, code, ended.stderr)
                self.assertIn(words, " ".join(ended.stdout.split()))

    def test_serve_on_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = str(taken.getsockname()[1])
            self.assert_complaint(run("serve", "--port", port), 70, port)


if __name__ == "__main__":
    unittest.main()
