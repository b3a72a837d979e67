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
    {"protocol", "NAME", {serve}, "tcp, the only one so far"},
    {"via", "NAME", {serve}, "how to ask the router: auto (whichever works), nat-pmp or upnp"},
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
    {"count", "N", {probe}, "greet N times, each on a connection of its own (1)"},
    {"interface",
     "NAME",
     {discover, serve},
     "use the router of this network interface, instead of the default route's"},
    {"interface", "NAME", {probe}, "go out by this network interface"},
    {"gateway",
     "ADDRESS",
     {discover, serve},
     "ask this router (IPv4), instead of the default route's"},
    {"timeout", "SECONDS", {discover}, "end after this time at the latest (10)"},
    {"timeout", "SECONDS", {serve}, "end after this time at the latest, as with --for"},
    {"timeout", "SECONDS", {probe}, "end after this time at the latest (10 for each greeting)"},
    {"json", "", {discover, probe}, "print one JSON object"},
    {"json", "", {serve}, "print JSON, one object a line for each event"},
    {"quiet", "", {discover}, "print the public address alone, or nothing", 'q'},
    {"quiet", "", {serve}, "print only what goes wrong", 'q'},
    {"quiet", "", {probe}, "print nothing; the exit code tells", 'q'},
    {"verbose", "", {discover, serve, probe}, "log what is done to stderr; -vv says more", 'v'},
    {"color",
     "WHEN",
     {discover, serve, probe},
     "auto (on a terminal, unless NO_COLOR is set), always or never"},
    {"help", "", {discover, serve, probe}, "print this help", 'h'},
    {"version", "", {discover, serve, probe}, "print the version"},
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
