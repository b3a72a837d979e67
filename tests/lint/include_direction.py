#!/usr/bin/env python3
"""Checks that every room of the program includes only what it may see.

Usage: include_direction.py [ROOT]
"""

import pathlib
import sys

from source_tree import cpp_files, includes, resolve

# Whom each room may include, besides itself. "values" are the public headers of plain values,
# "api" those of the commands; "tests" may include everything. A folder in a room is a room of its
# own where it has a row here. The rooms of commands (discover, probe, server, mapping/commands) do
# not see each other; but mapping asks a discovery which device is the router.
BELOW = {"values", "api", "core", "protocols", "net", "diagnosis"}
ROOMS = {
    "values": set(),
    "api": {"values"},
    "core": {"values"},
    "protocols": {"values", "core"},
    "net": {"values", "core", "protocols"},
    "portmap": {"values", "api", "core", "protocols", "net"},
    "outside": {"values", "core", "protocols", "net"},
    "diagnosis": {"values", "api", "core"},
    "diagnosis/wording": {"values", "core"},
    "report": {"values", "api", "core"},
    "arrivals": BELOW,
    "client": BELOW,
    "calls": BELOW | {"outside"},
    "discover": BELOW | {"portmap", "outside", "calls"},
    "mapping/journal": {"values", "core"},
    "mapping": BELOW | {"portmap", "outside", "discover", "mapping/journal"},
    "mapping/commands": BELOW | {"portmap", "outside", "calls", "discover", "mapping",
                                 "mapping/journal"},
    "probe": BELOW | {"outside", "calls", "client"},
    "server": BELOW | {"calls", "client", "arrivals", "mapping"},
    "cli": {"values", "api", "calls", "report", "core"},
}

VALUE_HEADERS = {"diagnosis.hpp", "endpoint.hpp", "error.hpp", "evidence.hpp", "mapping.hpp",
                 "mapping_refusal.hpp", "probe_evidence.hpp", "server_evidence.hpp", "cause.hpp",
                 "causes.hpp", "operations.hpp"}

# The single-compilation files of Asio and Beast, which belong to no room.
EXEMPT = {pathlib.Path("src/core/asio.cpp")}

# Those that have coroutines and sockets.
WITH_SOCKETS = {"net", "portmap", "outside", "arrivals", "client", "calls", "discover", "mapping",
                "mapping/commands", "probe", "server"}

# Libraries that only some rooms know: prefix of the include -> rooms.
LIBRARIES = {
    "natpmp.h": {"portmap"},
    "miniupnpc/": {"portmap"},
    "libmnl/": {"net", "arrivals"},
    "boost/program_options": {"cli"},
    "boost/json": {"report", "mapping/journal"},
    "qrencode.h": {"report"},
    "boost/beast": {"portmap", "outside", "net", "server"},
    "spdlog/": {"cli"} | WITH_SOCKETS,
    "boost/asio/ip/address": set(ROOMS),
    "boost/asio/awaitable.hpp": {"api", "cli"} | WITH_SOCKETS,
    "boost/asio": {"cli"} | WITH_SOCKETS,
    # No clock, no randomness and no sockets in pure code.
    "random": WITH_SOCKETS,
    "thread": WITH_SOCKETS,
    "unistd.h": {"mapping/journal", "cli"} | WITH_SOCKETS,
    "sys/": {"mapping/journal", "cli"} | WITH_SOCKETS,
    "linux/": {"net", "outside", "arrivals"},
    "netinet/": WITH_SOCKETS,
    "arpa/": WITH_SOCKETS,
}


def room_of(file):
    """The room that a file belongs to; None for tests."""
    top, *rest = file.parts
    if top == "include":
        return "values" if file.name in VALUE_HEADERS else "api"
    if top != "src":
        return None
    inner = "/".join(rest[:2])
    return inner if inner in ROOMS else rest[0]


def library_rooms(included):
    """The rooms that may include this library header; None when all may. The first match counts."""
    for prefix, rooms in LIBRARIES.items():
        if included == prefix or (included.startswith(prefix) and not prefix.isalpha()):
            return rooms
    return None


def complaint(root, file, room, included):
    """Why `room` must not include this, or None."""
    target = resolve(root, file, included)
    if target:
        other = room_of(target)
        if other is None:
            return "the program includes nothing from tests"
        if other == room or other in ROOMS[room]:
            return None
        return f"{room} may include {', '.join(sorted(ROOMS[room]))}; {target} belongs to {other}"
    rooms = library_rooms(included)
    if rooms is None or room in rooms:
        return None
    return f"only {', '.join(sorted(rooms))} may include <{included}>, and this is {room}"


def check(root):
    """All complaints about the tree, one line each."""
    complaints = []
    for file in cpp_files(root):
        room = room_of(file)
        if room is None or file in EXEMPT:
            continue
        if room not in ROOMS:
            complaints.append(f"{file}:1: {room} is not a room that {pathlib.Path(__file__).name} knows")
            continue
        for line, included in includes(root, file):
            why = complaint(root, file, room, included)
            if why:
                complaints.append(f"{file}:{line}: {why}")
    return complaints


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else __file__ + "/../../..").resolve()
    complaints = check(root)
    print("\n".join(complaints), end="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
