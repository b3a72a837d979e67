"""Runs commands, and says how long each took and when its first packet left.

  stopwatch.py INTERFACE

Reads commands, each a line with a JSON list of words; answers each with one JSON object:
{"seconds", "first_packet_ms", "exit_code"}. The kernel's timestamps on outgoing frames are
compared with the moment before the process is started. It stays alive between commands, so that
its own start does not disturb what it measures.
"""

import json
import socket
import struct
import subprocess
import sys
import time

_ETH_P_ALL = 3
_SO_TIMESTAMPNS = 35
_PACKET_OUTGOING = 4


def main():
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    sniffer.bind((sys.argv[1], 0))
    sniffer.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sniffer.setblocking(False)
    for line in sys.stdin:
        print(json.dumps(measure(json.loads(line), sniffer)), flush=True)


def measure(command, sniffer):
    list(departures(sniffer))  # of whatever came before
    started_at, started = time.clock_gettime(time.CLOCK_REALTIME), time.monotonic()
    code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - started
    first = min(departures(sniffer), default=None)
    return {"seconds": seconds, "exit_code": code,
            "first_packet_ms": first and (first - started_at) * 1000}


def departures(sniffer):
    """When the frames left that were seen since the last call."""
    while True:
        try:
            _, ancillary, _, sender = sniffer.recvmsg(64, 64)
        except BlockingIOError:
            return
        if sender[2] == _PACKET_OUTGOING:
            for _, kind, data in ancillary:
                if kind == _SO_TIMESTAMPNS:
                    whole, fraction = struct.unpack("qq", data[:16])
                    yield whole + fraction / 1e9


if __name__ == "__main__":
    main()
