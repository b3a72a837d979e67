#include "cli/option_table.hpp"

#include <algorithm>

namespace natcheck::cli {
namespace {

using enum topic;

const option_row rows[] = {
    {"map",
     "PORT",
     {serve},
     "open PORT on the router and listen on the same port here; EXTERNAL:INTERNAL sets "
     "two different ports"},
    {"port",
     "PORT",
     {serve},
     "listen on PORT (1234); without --map, nothing is opened on the router; 0 takes any free "
     "port"},
    {"protocol", "NAME", {serve}, "tcp (the default), udp, or both"},
    {"via",
     "NAME",
     {serve},
     "how to ask the router: auto (the best that works), pcp, nat-pmp or upnp"},
    {"any-port", "", {serve}, "accept another external port if PORT is not available"},
    {"lifetime",
     "SECONDS",
     {serve},
     "how long the router keeps the port open if this program dies (3600); renewed at half of "
     "it"},
    {"require-map",
     "",
     {serve},
     "exit with 1 if the port cannot be opened, instead of just listening"},
    {"for", "DURATION", {serve}, "stop after this time: 30, 30s, 5m, 1h, 500ms"},
    {"once", "", {serve}, "stop after the first visitor"},
    {"no-qr", "", {serve}, "show no QR code of the page's address"},
    {"protocol",
     "NAME",
     {mappings},
     "for add and remove: tcp, udp or both; default: tcp for add, both for remove"},
    {"via",
     "NAME",
     {mappings},
     "for add: how to ask the router, auto (the best that works), pcp, nat-pmp or upnp"},
    {"any-port", "", {mappings}, "for add: accept another external port if PORT is not available"},
    {"lifetime",
     "SECONDS",
     {mappings},
     "for add: how long the router keeps the port open (3600); to renew, run add again"},
    {"protocol", "NAME", {probe}, "tcp (the default), or udp"},
    {"count",
     "N",
     {probe},
     "greet N times, each on its own connection (1) or in its own datagram (5)"},
    {"stun",
     "SERVER",
     {discover, serve},
     "ask this STUN server, HOST or HOST:PORT (3478), instead of the defaults; may be repeated"},
    {"no-stun", "", {discover, serve}, "ask no external servers"},
    {"behavior",
     "",
     {discover},
     "test how the NAT maps and filters, with a STUN server that supports it (RFC 5780)"},
    {"binding-lifetime",
     "",
     {discover},
     "measure how long the NAT keeps an idle UDP port open; takes minutes"},
    {"web-check",
     "URL",
     {discover},
     "the page (http) that tells a sign-in page from the Internet when no external server "
     "answers; none: no page"},
    {"redact",
     "",
     {discover},
     "replace public addresses with documentation addresses, safe to share"},
    {"interface",
     "NAME",
     {discover, serve, mappings},
     "use the router of this network interface instead of the default route's"},
    {"interface", "NAME", {probe}, "send from this network interface"},
    {"gateway",
     "ADDRESS",
     {discover, serve, mappings},
     "ask this router (IPv4) instead of the default route's"},
    {"timeout",
     "SECONDS",
     {discover},
     "stop after this time at the latest (10; 900 with --binding-lifetime)"},
    {"timeout", "SECONDS", {mappings}, "stop after this time at the latest (30)"},
    {"timeout", "SECONDS", {serve}, "stop after this time at the latest, as with --for"},
    {"timeout", "SECONDS", {probe}, "stop after this time at the latest (10 for each greeting)"},
    {"json", "", {discover, probe, mappings}, "print one JSON object"},
    {"json", "", {serve}, "print JSON, one object per line for each event"},
    {"quiet", "", {discover}, "print only the public address, or nothing", 'q'},
    {"quiet", "", {serve}, "print only problems", 'q'},
    {"quiet", "", {probe, mappings}, "print nothing; use the exit code", 'q'},
    {"verbose",
     "",
     {discover, serve, probe, mappings},
     "log every step to stderr; -vv for more detail",
     'v'},
    {"color",
     "WHEN",
     {discover, serve, probe, mappings},
     "auto (on a terminal, unless NO_COLOR is set), always or never"},
    {"help", "", {discover, serve, probe, mappings}, "print this help", 'h'},
    {"version", "", {discover, serve, probe, mappings}, "print the version"},
};

}  // namespace

std::string_view name_of(topic command) {
  switch (command) {
    case topic::discover:
      return "discover";
    case topic::serve:
      return "serve";
    case topic::probe:
      return "probe";
    case topic::mappings:
      return "mappings";
    case topic::overview:
      break;
  }
  return "";
}

std::span<const option_row> option_table() { return rows; }

bool takes(const option_row& row, topic command) {
  return std::ranges::find(row.of, command) != row.of.end();
}

const option_row* find_option(std::string_view name, topic command) {
  const option_row* found = nullptr;
  for (const option_row& row : option_table()) {
    if (row.name != name) continue;
    if (takes(row, command)) return &row;
    if (found == nullptr) found = &row;
  }
  return found;
}

}  // namespace natcheck::cli
