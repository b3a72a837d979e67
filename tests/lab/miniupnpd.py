"""A real miniupnpd on a router of the lab: its configuration, start, and what it left behind."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import builder
import sandbox

NAT_PMP_PORT = 5351
SSDP_PORT = 1900
_SEARCH = (b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n"
           b"MX: 1\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n")
# A clock that goes back by less than this may be the network's doing (RFC 6886 section 3.6), so of
# a router that was up for two seconds nobody can tell that it started again.
_TELLING_AGE_S = 5
_NOISE = ("table_cb(", "setting timeout", "rule with label", "timestamp entry")


class Daemon:
    def __init__(self, lab, host, settings):
        self._lab = lab
        self._host = host
        self._igd = settings.igd
        self._directory = sandbox.WORK / host
        self._directory.mkdir()
        self.http_port = 5000
        self._start()

    def _start(self):
        configuration = self._directory / "miniupnpd.conf"
        configuration.write_text(self._configuration())
        with open(self._directory / "log", "a") as log:
            # With -d it logs each of the 65,000 ports that it tries before it refuses a mapping,
            # which takes longer than clients wait; so that is only for looking at it closely.
            self.process = self._lab.start(
                self._host, "miniupnpd", "-f", configuration, "-P", self._pid_file(),
                *(["-d"] if self._lab.debug else []), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)
        self.begin_clock()

    def wait_until_old(self):
        """Until it has run for so long that clients will notice when its clock starts anew."""
        builder.wait_until(f"miniupnpd on {self._host} has run for a while",
                           lambda: time.monotonic() >= self._clock_began + _TELLING_AGE_S)

    def begin_clock(self):
        """It does so when it starts, and when its WAN address changes."""
        self._clock_began = time.monotonic()

    def kill(self):
        """As a power cut does it: nobody is told, and nothing is removed."""
        pid = int(self._pid_file().read_text())
        self._pid_file().unlink()
        os.kill(pid, signal.SIGKILL)
        builder.wait_until(f"miniupnpd on {self._host} is dead", lambda: _is_dead(pid))

    def start_again(self, keep_leases, http_port=None):
        """After kill(). The HTTP port is that of before unless another one is named."""
        self.http_port = http_port or self.http_port
        if not keep_leases:
            self._lease_file().unlink(missing_ok=True)
        self._start()
        self.wait_until_ready()

    def leases(self):
        path = self._lease_file()
        return path.read_text() if path.exists() else ""

    def log(self):
        """The last lines that say something, each of them once where they repeat."""
        told = []
        for line in (self._directory / "log").read_text(errors="replace").splitlines():
            if not any(noise in line for noise in _NOISE) and line not in told[-1:]:
                told.append(line)
        return "\n".join(told[-60:]) + "\n"

    def wait_until_ready(self):
        """Asks it from its own host, as its clients will, until it answers."""
        address = self._lab.network.hosts[self._host].interfaces[self._igd.lan].addresses[0]
        address = address.split("/")[0]
        questions = []
        if self._igd.nat_pmp:
            questions.append((NAT_PMP_PORT, b"\0\0"))
        if self._igd.upnp:
            questions.append((SSDP_PORT, _SEARCH))
        for port, question in questions:
            builder.wait_until(f"miniupnpd on {self._host} answers on port {port}",
                               lambda: self._answers((address, port), question))

    def _answers(self, target, question):
        if self.process.poll() not in (None, 0):
            raise RuntimeError(f"miniupnpd on {self._host} ended:\n{self.log()}")
        with self._lab.at(self._host), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(0.2)
            asker.connect(target)
            try:
                asker.send(question)
                return asker.recv(2048)
            except (ConnectionRefusedError, socket.timeout):
                return None

    def _pid_file(self):
        return self._directory / "pid"

    def _lease_file(self):
        return self._directory / "leases"

    def _configuration(self):
        # The lease file is told even to be empty; a minimum lifetime of 1 s lets a test see a
        # renewal, and the long notify interval keeps the LAN quiet.
        settings = {
            "ext_ifname": self._igd.wan,
            "listening_ip": self._igd.lan,
            "http_port": self.http_port,
            "enable_natpmp": "yes" if self._igd.nat_pmp else "no",
            "enable_upnp": "yes" if self._igd.upnp else "no",
            "min_lifetime": 1,
            "max_lifetime": 86400,
            "lease_file": self._lease_file(),
            "secure_mode": "yes",
            "system_uptime": "no",
            "notify_interval": 900,
            "ipv6_disable": "no" if self._igd.ipv6 else "yes",
            "upnp_table_name": "filter",
            "upnp_nat_table_name": "filter",
            "friendly_name": "Lab router",
            "uuid": "6e617463-6865-636b-206c-616220726f75",
        }
        lines = [f"{key}={value}" for key, value in settings.items()]
        return "\n".join([*lines, *self._igd.rules]) + "\n"


def _is_dead(pid):
    """The dead stay as zombies until somebody waits for them."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
