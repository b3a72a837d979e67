"""A UPnP gateway that speaks a dialect: what dialects.py lists, over HTTP by hand."""

import dataclasses
import http
import re
import socket
import struct
import threading
import time

import scripted_upnp

_HTTP_PORT = scripted_upnp.HTTP_PORT


@dataclasses.dataclass
class Answer:
    """An HTTP answer before it is written. A dialect changes what it likes."""

    target: str  # of the request
    action: str  # of SOAP; empty for the description
    status: int
    body: str
    version: str = "HTTP/1.1"
    reason: str = ""
    headers: list[str] = dataclasses.field(default_factory=list)
    newline: str = "\r\n"
    before: str = ""  # the status line
    end: str = "close"  # or "keep", "reset"

    def head(self):
        start = f"{self.version} {self.status} {self.reason}".rstrip()
        lines = [start, *self.headers, "", ""]
        return self.before + self.newline.join(lines)

    def bytes(self):
        return (self.head() + self.body).encode()


class Gateway(scripted_upnp.Upnp):
    """Keeps a table and opens nothing. `dialect` may be changed between two clients."""

    def __init__(self, lab, host, settings):
        self.dialect = None
        self.memory = {}  # of the dialect's own
        self._open_connections = 0
        super().__init__(lab, host, settings)

    def begin(self, dialect):
        """With an empty table."""
        self.rows.clear()
        self.memory = {}
        self.quirk = dialect.quirk
        self.dialect = dialect

    def usual(self, action, arguments):
        """What a gateway without a dialect answers."""
        return super().act(action, arguments)

    def act(self, action, arguments):
        special = self.dialect.acts.get(action)
        return special(self, arguments) if special else self.usual(action, arguments)

    def turn(self):
        """How often this was called since the dialect began."""
        self.memory["turn"] = self.memory.get("turn", 0) + 1
        return self.memory["turn"]

    def says_address(self):
        return self.dialect.says

    def answer_search(self, answer):
        return self.dialect.search(answer) if self.dialect else None

    def _open_ports(self):
        pass

    def _serve_pages(self):
        with self._lab.at(self._host):
            self._listener = socket.create_server((self._settings.address, _HTTP_PORT), backlog=32)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            if self.dialect.one_connection and self._open_connections > 0:
                _close(connection, "reset")
                continue
            self._open_connections += 1
            threading.Thread(target=self._converse, args=(connection,), daemon=True).start()

    def _converse(self, connection):
        end = "close"
        try:
            try:
                answer, pieces = self._prepare(connection)
            finally:  # before the client can know that it has the answer
                self._open_connections -= 1
            end = answer.end
            _send(connection, answer, pieces)
        except (OSError, ValueError):
            pass  # the client is gone, or does not speak HTTP
        _close(connection, end)

    def _prepare(self, connection):
        """The answer, and the pieces of it to be sent."""
        head, body = _read_request(connection)
        soap_action = re.search(r"(?im)^SOAPAction: *(.*?)\r?$", head)
        action = soap_action[1].strip('"').rpartition("#")[2] if soap_action else ""
        trial = self.memory
        time.sleep(self.dialect.seconds(action))
        if trial is not self.memory:
            raise ValueError("the client has gone long since")
        answer = self._make_answer(head, action, body)
        pieces = self.dialect.http(answer)
        if not self.dialect.answers(self, action):
            return answer, []
        return answer, [answer.bytes()] if pieces is None else pieces

    def _make_answer(self, head, action, body):
        target = head.split(" ")[1]
        if action:
            status, xml = self.control(action, body)
            xml = self.dialect.xml(xml)
        else:
            known = self.dialect.path in target
            status, xml = (200, self.dialect.page(scripted_upnp.DESCRIPTION)) if known else (404, "")
        answer = Answer(target, action, status, xml, reason=http.HTTPStatus(status).phrase)
        answer.headers = ['Content-Type: text/xml; charset="utf-8"', "Connection: close",
                          f"Content-Length: {len(xml.encode())}"]
        return answer


def _send(connection, answer, pieces):
    for piece in [pieces] if isinstance(pieces, bytes) else pieces:
        if isinstance(piece, bytes):
            connection.sendall(piece)
        else:
            time.sleep(piece)
    if answer.end == "keep":
        connection.settimeout(30)
        connection.recv(1)


def _close(connection, end):
    if end == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read_request(connection):
    connection.settimeout(10)
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^Content-Length: *(\d+)", head)
    while length and len(body) < int(length[1]):
        body += _received(connection)
    return head.decode(), body.decode()


def _received(connection):
    data = connection.recv(4096)
    if not data:
        raise ValueError("the request has no end")
    return data
