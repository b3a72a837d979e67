"""Services of the lab as small as they can be, for what no daemon does. Each runs in a thread."""

import http.server
import ipaddress
import socket
import struct
import threading

_PMP_PORT = 5351
_DNS_PORT = 53
_EPOCH_S = 864_000  # ten days: nothing was lost lately


class _Datagrams:
    """Answers each datagram with what `answer_to` makes of it, if anything."""

    def __init__(self, lab, host, address, port):
        with lab.at(host):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def wait_until_ready(self):
        """What is bound is ready: the kernel keeps what comes until the thread runs."""

    def _serve(self):
        while True:
            question, client = self._socket.recvfrom(2048)
            self._answer(question, client)

    def _answer(self, question, client):
        raise NotImplementedError


class Pmp(_Datagrams):
    """A gateway that speaks NAT-PMP or PCP, and says so to whoever speaks the other."""

    def __init__(self, lab, host, settings):
        self._version = settings.version
        self._external = ipaddress.IPv4Address(settings.external).packed
        super().__init__(lab, host, "0.0.0.0", _PMP_PORT)

    def _answer(self, question, client):
        if len(question) < 2:
            return
        version, opcode = question[:2]
        if version != self._version:
            answer = self._unsupported_version(opcode)
        elif version == 0:
            result = 0 if opcode == 0 else 2  # not authorised: it only looks
            answer = struct.pack("!BBHI", 0, 0x80 | opcode, result, _EPOCH_S) + self._external
        else:
            result = 0 if opcode == 0 else 2
            answer = struct.pack("!BBxBII12x", version, 0x80 | opcode, result, 0, _EPOCH_S)
        self._socket.sendto(answer, client)

    def _unsupported_version(self, opcode):
        if self._version == 0:
            return struct.pack("!BBHI", 0, 0x80 | opcode, 1, _EPOCH_S)
        return struct.pack("!BBxBII12x", self._version, 0x80 | opcode, 1, 0, _EPOCH_S)


class Dns(_Datagrams):
    """Knows some names, each after a while; of others it never says anything."""

    def __init__(self, lab, host, settings):
        self._names = {name: (ipaddress.IPv4Address(address).packed, seconds)
                       for name, address, seconds in settings.names}
        super().__init__(lab, host, settings.address, _DNS_PORT)

    def _answer(self, question, client):
        name, end = _name_in(question)
        if name not in self._names:
            return
        address, seconds = self._names[name]
        kind = struct.unpack("!H", question[end:end + 2])[0]
        record = struct.pack("!HHHIH", 0xC00C, 1, 1, 60, 4) + address if kind == 1 else b""
        header = question[:2] + struct.pack("!HHHHH", 0x8180, 1, bool(record), 0, 0)
        answer = header + question[12:end + 4] + record
        threading.Timer(seconds, self._socket.sendto, (answer, client)).start()


def _name_in(question):
    """The name asked for, and where it ends (RFC 1035 section 4.1.2)."""
    labels, at = [], 12
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode("ascii", "replace"))
        at += 1 + question[at]
    return ".".join(labels).lower(), at + 1


class Web:
    """A page over HTTP: "no content", or the way to a sign-in page."""

    def __init__(self, lab, host, settings):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(302 if settings.location else 204)
                if settings.location:
                    self.send_header("Location", settings.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        with lab.at(host):
            server = http.server.ThreadingHTTPServer(("0.0.0.0", settings.port), Page)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def wait_until_ready(self):
        """What listens is ready: the kernel keeps connections until the thread runs."""
