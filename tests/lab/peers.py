"""Servers and clients as small as they can be, in Python: what natcheck must get on with."""

import contextlib
import socket
import struct
import threading

QUESTION = b"Hello, server!"
ANSWER = b"Hello, client!"


@contextlib.contextmanager
def server(lab, host, port, behave):
    """Runs behave(connection) for each client of a TCP port, until the context ends."""
    with lab.at(host):
        listener = socket.create_server(("0.0.0.0", port))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                behave(connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # close() alone does not wake accept()
        listener.close()
        thread.join()


def leading_to(lab, host, address):
    """What a proxy does that connects to `address` from that host."""
    def lead(connection):
        with lab.at(host):
            upstream = socket.create_connection(address, timeout=5)
        with upstream:
            there = threading.Thread(target=_copy, args=(connection, upstream), daemon=True)
            there.start()
            _copy(upstream, connection)
            there.join()
    return lead


def _copy(source, sink):
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


def greet(connection):
    if connection.recv(1024).startswith(QUESTION):
        connection.sendall(ANSWER)


def greet_byte_by_byte(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if connection.recv(1024).startswith(QUESTION):
        for byte in ANSWER:
            connection.sendall(bytes([byte]))


def say_nothing(connection):
    while connection.recv(1024):
        pass


def be_ssh(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    connection.recv(1024)


def be_http(connection):
    connection.recv(1024)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def reset(connection):
    connection.recv(1024)
    # Lingering for no time at all makes close() send RST instead of FIN.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextlib.contextmanager
def udp_mapping(lab, host, gateway, internal_port, external_port):
    """A mapping of somebody else: another program's."""
    take_port(lab, host, gateway, "udp", internal_port, external_port, 600)
    try:
        yield
    finally:
        take_port(lab, host, gateway, "udp", internal_port, 0, 0)


def take_port(lab, host, gateway, protocol, internal_port, external_port, lifetime_s):
    """Asks for a mapping by NAT-PMP (RFC 6886 section 3.3), and gets just that one."""
    opcode = {"udp": 1, "tcp": 2}[protocol]
    with lab.at(host), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        asker.connect((gateway, 5351))
        asker.send(struct.pack("!BBxxHHI", 0, opcode, internal_port, external_port, lifetime_s))
        result, granted = struct.unpack("!2xH6xH4x", asker.recv(64))
    if (result, granted) != (0, external_port):
        raise RuntimeError(f"the gateway answers {result} and grants {granted}")


def ask(lab, host, target, chunks=(QUESTION,), seconds=5):
    """Connects, sends the chunks one by one, and returns all that the server says."""
    with lab.at(host), socket.create_connection(target, timeout=seconds) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for chunk in chunks:
            connection.sendall(chunk)
        return connection.recv(1024)
