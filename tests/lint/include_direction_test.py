#!/usr/bin/env python3
"""Proves that include_direction.py finds what it is there to find."""

import pathlib
import tempfile
import unittest

import include_direction
import source_tree

GOOD = {
    "include/natcheck/endpoint.hpp": "#include <boost/asio/ip/address.hpp>\n#include <string>",
    "include/natcheck/discover.hpp": "#include <boost/asio/awaitable.hpp>\n"
    "#include <natcheck/endpoint.hpp>",
    "src/core/bytes.hpp": "#include <natcheck/endpoint.hpp>",
    "src/core/asio.cpp": "#include <boost/asio/impl/src.hpp>",
    "src/protocols/stun/codec.hpp": '#include "core/bytes.hpp"',
    "src/protocols/stun/codec.cpp": '#include "codec.hpp"',
    "src/net/drive.hpp": "#include <boost/asio/ip/udp.hpp>\n#include <sys/socket.h>\n"
    '#include "protocols/stun/codec.hpp"',
    "src/portmap/upnp.cpp": '#include <miniupnpc/miniupnpc.h>\n#include "net/drive.hpp"',
    "src/diagnosis/rules.hpp": "#include <natcheck/endpoint.hpp>",
    "src/report/json.cpp": "#include <boost/json.hpp>\n#include <natcheck/discover.hpp>",
    "src/discover/discover.cpp": '#include <random>\n#include "net/drive.hpp"\n'
    '#include "diagnosis/rules.hpp"\n',
    "src/probe/probe.hpp": '#include "net/drive.hpp"',
    "src/mapping/manager.cpp": '#include "mapping/journal/lines.hpp"',
    "src/mapping/journal/lines.hpp": "#include <boost/json.hpp>",
    "src/mapping/commands/list.hpp": '#include "net/drive.hpp"',
    "src/server/serve.hpp": '#include "net/drive.hpp"',
    "src/cli/main.cpp": "#include <boost/program_options.hpp>\n#include <natcheck/discover.hpp>",
    "tests/unit/stun_test.cpp": '#include <boost/json.hpp>\n#include "discover/anything.hpp"',
}

# (file, line that makes it wrong, what the complaint must name)
BAD = [
    ("src/protocols/stun/codec.cpp", '#include "net/drive.hpp"', "belongs to net"),
    ("src/protocols/stun/codec.cpp", "#include <boost/asio/ip/udp.hpp>", "boost/asio/ip/udp.hpp"),
    ("src/protocols/stun/codec.cpp", "#include <natcheck/discover.hpp>", "belongs to api"),
    ("src/protocols/stun/codec.cpp", "  #  include <random>", "random"),
    ("src/core/bytes.hpp", '#include "protocols/stun/codec.hpp"', "belongs to protocols"),
    ("src/core/bytes.hpp", "#include <spdlog/spdlog.h>", "spdlog"),
    ("src/net/drive.hpp", '#include "portmap/upnp.hpp"', "belongs to portmap"),
    ("src/diagnosis/rules.hpp", '#include "net/drive.hpp"', "belongs to net"),
    ("src/report/json.cpp", '#include "diagnosis/rules.hpp"', "belongs to diagnosis"),
    ("src/report/json.cpp", "#include <sys/socket.h>", "sys/socket.h"),
    ("src/discover/discover.cpp", "#include <miniupnpc/miniupnpc.h>", "miniupnpc"),
    ("src/discover/discover.cpp", "#include <boost/json/value.hpp>", "boost/json"),
    ("src/discover/discover.cpp", "#include <boost/program_options/parsers.hpp>", "program_options"),
    ("src/cli/main.cpp", '#include "portmap/upnp.hpp"', "belongs to portmap"),
    ("src/net/drive.hpp", "#include <natpmp.h>", "natpmp.h"),
    ("include/natcheck/endpoint.hpp", "#include <natcheck/discover.hpp>", "belongs to api"),
    ("include/natcheck/endpoint.hpp", "#include <boost/asio/awaitable.hpp>", "awaitable"),
    ("include/natcheck/discover.hpp", '#include "core/bytes.hpp"', "belongs to core"),
    ("src/discover/discover.cpp", '#include "support/fake.hpp"', "tests"),
    ("src/discover/discover.cpp", '#include "probe/probe.hpp"', "belongs to probe"),
    ("src/mapping/manager.cpp", '#include "mapping/commands/list.hpp"',
     "belongs to mapping/commands"),
    ("src/mapping/commands/list.hpp", '#include "server/serve.hpp"', "belongs to server"),
    ("src/garage/car.cpp", "#include <string>", "garage"),
]


class IncludeDirection(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        for name, text in GOOD.items():
            self.write(name, text)
        self.write("src/portmap/upnp.hpp", "")
        self.write("tests/support/fake.hpp", "")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_accepts_what_is_allowed(self):
        self.assertEqual(include_direction.check(self.root), [])

    def test_finds_each_wrong_include_and_its_line(self):
        for name, line, named in BAD:
            with self.subTest(file=name, line=line):
                before = GOOD.get(name, "")
                self.write(name, f"{before}\n\n{line}\n")
                complaints = include_direction.check(self.root)
                (self.root / name).unlink()
                if before:
                    self.write(name, before)
                self.assertEqual(len(complaints), 1, complaints)
                if name in GOOD:
                    number = before.count("\n") + 3
                    self.assertTrue(complaints[0].startswith(f"{name}:{number}:"), complaints[0])
                self.assertIn(named, complaints[0])

    def test_dependencies_are_followed(self):
        found = source_tree.dependencies(self.root, pathlib.Path("src/portmap/upnp.cpp"))
        names = [str(path) for path in found]
        self.assertIn("src/core/bytes.hpp", names)
        self.assertIn("include/natcheck/endpoint.hpp", names)
        self.assertNotIn("src/discover/discover.cpp", names)


if __name__ == "__main__":
    unittest.main()
