"""A real coturn as the STUN server of a lab: RFC 5780 over UDP, and Binding over TCP."""

import os
import socket
import subprocess

import builder
import sandbox

PORT = 3478
_MAGIC_COOKIE = bytes.fromhex("2112a442")
_BINDING_REQUEST = b"\x00\x01\x00\x00" + _MAGIC_COOKIE


class Daemon:
    def __init__(self, lab, host, stun):
        self._lab = lab
        self._host = host
        self._addresses = stun.addresses
        self._directory = sandbox.WORK / f"{host}-coturn"
        self._directory.mkdir()
        listening = [word for address in stun.addresses for word in ("-L", address)]
        # RFC 5780 is on by default with two addresses up to 4.6; -n keeps /etc out of it.
        self._process = lab.start(
            host, "turnserver", "-n", "--stun-only", *listening, "--listening-port", PORT,
            "--alt-listening-port", PORT + 1, "--relay-threads", 1, "--no-tls", "--no-dtls",
            "--no-cli", "--simple-log", "--no-stdout-log", "--log-file", self._directory / "log",
            "--pidfile", self._directory / "pid", "--userdb", self._directory / "users",
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_until_ready(self):
        for address in self._addresses:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                builder.wait_until(f"coturn on {self._host} answers at {address}",
                                   lambda: self._answers(address, kind))

    def _answers(self, address, kind):
        if self._process.poll() is not None:
            raise RuntimeError(f"coturn on {self._host} ended:\n"
                               f"{(self._directory / 'log').read_text(errors='replace')}")
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self._lab.at(self._host), socket.socket(family, kind) as asker:
            asker.settimeout(0.2)
            try:
                asker.connect((address, PORT))
                asker.send(_BINDING_REQUEST + os.urandom(12))
                return asker.recv(2048)
            except (ConnectionError, socket.timeout):
                return None
