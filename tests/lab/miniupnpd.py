"""A real miniupnpd on a router of the lab: its configuration, start, and what it left behind."""

import socket
import subprocess

import builder
import sandbox

NAT_PMP_PORT = 5351
SSDP_PORT = 1900
_SEARCH = (b"M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: \"ssdp:discover\"\r\n"
           b"MX: 1\r\nST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n\r\n")
_NOISE = ("table_cb(", "setting timeout", "rule with label", "timestamp entry")


class Daemon:
    def __init__(self, lab, host, settings):
        self._lab = lab
        self._host = host
        self._igd = settings.igd
        self._directory = sandbox.WORK / host
        self._directory.mkdir()
        configuration = self._directory / "miniupnpd.conf"
        configuration.write_text(self._configuration())
        with open(self._directory / "log", "w") as log:
            # With -d it logs each of the 65,000 ports that it tries before it refuses a mapping,
            # which takes longer than clients wait; so that is only for looking at it closely.
            self.process = lab.start(host, "miniupnpd", "-f", configuration,
                                     "-P", self._directory / "pid", *(["-d"] if lab.debug else []),
                                     stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def leases(self):
        path = self._directory / "leases"
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

    def _configuration(self):
        # The lease file is told even to be empty; a minimum lifetime of 1 s lets a test see a
        # renewal, and the long notify interval keeps the LAN quiet.
        settings = {
            "ext_ifname": self._igd.wan,
            "listening_ip": self._igd.lan,
            "http_port": 0,
            "enable_natpmp": "yes" if self._igd.nat_pmp else "no",
            "enable_upnp": "yes" if self._igd.upnp else "no",
            "min_lifetime": 1,
            "max_lifetime": 86400,
            "lease_file": self._directory / "leases",
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
