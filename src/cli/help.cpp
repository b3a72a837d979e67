#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace natcheck::cli {
namespace {

constexpr std::size_t width = 80;

constexpr const char* overview = R"(Usage: natcheck COMMAND [OPTION...]

Can somebody outside reach a server on this machine, and if not, why, and what
helps?

Commands:
  discover             private and public address, and what stands between them;
                       changes nothing
  serve --map PORT     run an echo server, open PORT on the router for it, and
                       close it again at the end
  probe HOST[:PORT]    from anywhere else: can I reach that server?
  mappings list        the port mappings on the router; changes nothing
  mappings add PORT    open PORT on the router and leave it open; see also
                       mappings remove and mappings clean

natcheck COMMAND --help tells more of a command. natcheck --version prints the
version.

Examples:
  natcheck discover
  natcheck serve --map 1234
  natcheck probe 5.5.5.5:1234
  natcheck mappings list

Exit code: 0 yes; 1 no, and proven; 2 could not tell; 64 wrong usage; 70 a fault
of this machine or of natcheck.
)";

struct help_page {
  const char* introduction;
  const char* ending;
};

constexpr help_page discover_page = {
    R"(Usage: natcheck discover [OPTION...]

Shows the private and the public address of this host and what stands between
them. It asks the kernel, the router (PCP, NAT-PMP, UPnP) and STUN servers
outside, and changes nothing on any. Everybody outside who was asked is named in
the result; with --no-stun nobody is.
)",
    R"(Examples:
  natcheck discover                     which address do I have, inside and out?
  natcheck discover --interface wlan0   the same by way of the Wi-Fi
  natcheck discover -q                  the public address, for a script
  natcheck discover --json              everything that was found out
  natcheck discover --redact            for a forum: without my addresses
  natcheck discover --behavior          what do games and peers meet?
  natcheck discover --stun stun.example.org --stun [2001:db8::1]:3478

Exit code: 0 a public address was found; 1 there is none; 2 could not tell;
64 wrong usage; 70 a fault of this machine or of natcheck.
)"};

constexpr help_page serve_page = {
    R"(Usage: natcheck serve [--map PORT] [OPTION...]

Runs an echo server and has the router open a port for it, and keeps that open,
so that natcheck probe, or a browser, used by somebody outside can tell whether
it is reachable. Ctrl-C ends it and closes the port again. Where it opens a port
it asks STUN servers on the Internet which address they see, and names them;
with --no-stun nobody is asked.
)",
    R"(Examples:
  natcheck serve --map 1234              open port 1234 and greet every visitor
  natcheck serve --map 8080:1234         port 8080 outside leads to 1234 here
  natcheck serve --map 1234 --any-port   another outside port is as good
  natcheck serve --map 1234 --protocol both
  natcheck serve --port 1234 --for 10m   listen only, for ten minutes
  natcheck serve --map 1234 --require-map --once --json

Exit code: 0 ended as asked; 1 the port could not be opened (--require-map);
64 wrong usage; 70 a fault of this machine, such as a port that is taken.
)"};

constexpr help_page probe_page = {
    R"(Usage: natcheck probe HOST[:PORT] [OPTION...]

Tells whether the server there can be reached from here, over TCP or UDP:
natcheck serve, or any server that answers "Hello, server!" with
"Hello, client!". Over UDP it also tells how many datagrams are lost. HOST is a
name or an address; an IPv6 address with a port needs brackets. The port is 1234
when none is given.
)",
    R"(Examples:
  natcheck probe 5.5.5.5:1234                  is it reachable?
  natcheck probe home.example.org --count 10   how reliably, and how fast?
  natcheck probe 5.5.5.5 --protocol udp        is it reachable over UDP?
  natcheck probe [2001:db8::1]:1234 --json     everything that was found out
  natcheck probe -q 5.5.5.5 && echo reachable

Exit code: 0 reached; 1 not reachable; 2 could not tell; 64 wrong usage;
70 a fault of this machine or of natcheck.
)"};

constexpr help_page mappings_page = {
    R"(Usage: natcheck mappings [list] [OPTION...]
       natcheck mappings add PORT|EXTERNAL:INTERNAL [OPTION...]
       natcheck mappings remove PORT [OPTION...]
       natcheck mappings clean [OPTION...]

list shows the port mappings on the router, as it tells them by UPnP, and marks
those that natcheck made for this machine; it changes nothing. NAT-PMP and PCP
have no way to list mappings.
add opens a port on the router that stays open when the command has ended.
remove closes a port that natcheck opened for this machine, clean all of them.
Neither touches what anybody else has made, or what a natcheck that is running
keeps open. All three first remove what runs that were killed left behind.
)",
    R"(Examples:
  natcheck mappings list                      which ports does my router open?
  natcheck mappings list --interface wlan0    the same of the Wi-Fi's router
  natcheck mappings --json                    for a script
  natcheck mappings add 8080:80               port 8080 outside leads to 80 here
  natcheck mappings add 5000 --protocol udp --lifetime 86400
  natcheck mappings remove 8080
  natcheck mappings clean                     close all that natcheck left open

Exit code: of list 0 the list is whole; 1 the router has none to show; 2 could
not tell, or only a part was read. Of add 0 made; 1 not made; 2 could not tell,
or one of two. Of remove 0 removed; 1 nothing of natcheck's to remove; 2 it may
be there still. Of clean 0 nothing is left; 2 something is, or may be. Of all 64
wrong usage; 70 a fault of this machine or of natcheck.
)"};

const help_page& page_of(topic command) {
  switch (command) {
    case topic::serve:
      return serve_page;
    case topic::probe:
      return probe_page;
    case topic::mappings:
      return mappings_page;
    default:
      return discover_page;
  }
}

/// "-q, --quiet", "    --map PORT"
std::string label_of(const option_row& row) {
  const std::string letter = row.letter ? fmt::format("-{}, ", row.letter) : "    ";
  return fmt::format("{}--{}{}{}", letter, row.name, row.value.empty() ? "" : " ", row.value);
}

/// Breaks `text` at spaces so that, after `indent` columns, no line is wider than the page.
std::string wrap(std::string_view text, std::size_t indent) {
  const std::size_t room = width - indent;
  std::string wrapped;
  while (text.size() > room) {
    const auto end = text.rfind(' ', room);
    wrapped += fmt::format("{}\n{:{}}", text.substr(0, end), "", indent);
    text.remove_prefix(end + 1);
  }
  return wrapped.append(text);
}

std::string option_list(topic command) {
  std::size_t widest = 0;
  for (const option_row& row : option_table()) {
    if (takes(row, command)) widest = std::max(widest, label_of(row).size());
  }
  const std::size_t indent = widest + 4;
  std::string list;
  for (const option_row& row : option_table()) {
    if (!takes(row, command)) continue;
    list += fmt::format("  {:<{}}  {}\n", label_of(row), widest, wrap(row.summary, indent));
  }
  return list;
}

}  // namespace

std::string help_text(topic about) {
  if (about == topic::overview) return overview;
  const help_page& page = page_of(about);
  return fmt::format("{}\nOptions:\n{}\n{}", page.introduction, option_list(about), page.ending);
}

}  // namespace natcheck::cli
