#include "cli/option_table.hpp"

#include <algorithm>

namespace natcheck::cli {
namespace {

using enum topic;

const option_row rows[] = {
    {"map",
     "PORT",
     {serve},
     "open PORT on the router and listen on the same port here; with EXTERNAL:INTERNAL the "
     "two differ"},
    {"port",
     "PORT",
     {serve},
     "listen on PORT (1234); without --map nothing is opened on the router; 0 takes any free "
     "port"},
    {"protocol", "NAME", {serve}, "tcp (the default), udp, or both"},
    {"via",
     "NAME",
     {serve},
     "how to ask the router: auto (the best that works), pcp, nat-pmp or upnp"},
    {"any-port", "", {serve}, "take another outside port where the router does not give PORT"},
    {"lifetime",
     "SECONDS",
     {serve},
     "how long the router keeps the port open should this program die (3600); renewed at half "
     "of it"},
    {"require-map",
     "",
     {serve},
     "end with 1 when the port cannot be opened, instead of listening all the same"},
    {"for", "DURATION", {serve}, "end after this time: 30, 30s, 5m, 1h, 500ms"},
    {"once", "", {serve}, "end after the first visitor"},
    {"no-qr", "", {serve}, "no QR code of the page's address on the terminal"},
    {"protocol",
     "NAME",
     {mappings},
     "for add and remove: tcp, udp or both; without it, add takes tcp and remove both"},
    {"via",
     "NAME",
     {mappings},
     "for add: how to ask the router, auto (the best that works), pcp, nat-pmp or upnp"},
    {"any-port", "", {mappings}, "for add: take another outside port where PORT cannot be had"},
    {"lifetime",
     "SECONDS",
     {mappings},
     "for add: how long the router is to keep the port open (3600); nobody renews it"},
    {"protocol", "NAME", {probe}, "tcp (the default), or udp"},
    {"count",
     "N",
     {probe},
     "greet N times, each on a connection of its own (1), or in a datagram of its own (5)"},
    {"stun",
     "SERVER",
     {discover, serve},
     "ask this STUN server, HOST or HOST:PORT (3478), instead of the usual ones; may be repeated"},
    {"no-stun", "", {discover, serve}, "ask nobody outside: only this machine and the router"},
    {"behavior",
     "",
     {discover},
     "test how the NAT maps and filters, with a STUN server that can (RFC 5780)"},
    {"binding-lifetime",
     "",
     {discover},
     "measure how long the NAT keeps an idle UDP port open; takes minutes"},
    {"web-check",
     "URL",
     {discover},
     "the page (http) that tells a sign-in page from the Internet when nobody else outside "
     "answers; none: ask no page"},
    {"redact",
     "",
     {discover},
     "replace public addresses by others for documentation, so that the result can be shown "
     "around"},
    {"interface",
     "NAME",
     {discover, serve, mappings},
     "use the router of this network interface, instead of the default route's"},
    {"interface", "NAME", {probe}, "go out by this network interface"},
    {"gateway",
     "ADDRESS",
     {discover, serve, mappings},
     "ask this router (IPv4), instead of the default route's"},
    {"timeout",
     "SECONDS",
     {discover},
     "end after this time at the latest (10; 900 with --binding-lifetime)"},
    {"timeout", "SECONDS", {mappings}, "end after this time at the latest (30)"},
    {"timeout", "SECONDS", {serve}, "end after this time at the latest, as with --for"},
    {"timeout", "SECONDS", {probe}, "end after this time at the latest (10 for each greeting)"},
    {"json", "", {discover, probe, mappings}, "print one JSON object"},
    {"json", "", {serve}, "print JSON, one object a line for each event"},
    {"quiet", "", {discover}, "print the public address alone, or nothing", 'q'},
    {"quiet", "", {serve}, "print only what goes wrong", 'q'},
    {"quiet", "", {probe, mappings}, "print nothing; the exit code tells", 'q'},
    {"verbose",
     "",
     {discover, serve, probe, mappings},
     "log what is done to stderr; -vv says more",
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
