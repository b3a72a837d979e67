#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace natcheck::cli {
namespace {

constexpr std::size_t width = 80;

constexpr const char* overview = R"(Usage: natcheck COMMAND [OPTION...]

Can anyone outside reach a server on this machine? If not, why, and what fixes
it?

Commands:
  discover             show the private and public address, and what is between
                       them; changes nothing
  serve --map PORT     run an echo server and open PORT on the router for it;
                       close it again at the end
  probe HOST[:PORT]    test from anywhere else whether that server is reachable
  mappings list        list the router's port mappings; changes nothing
  mappings add PORT    open PORT on the router and leave it open; see also
                       mappings remove and mappings clean

For details: natcheck COMMAND --help. natcheck --version prints the version.

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

Shows the private and public address of this host and what is between them. It
asks the kernel, the router (PCP, NAT-PMP, UPnP) and external STUN servers, and
changes nothing on any of them. The result names every external server that was
asked; with --no-stun, none is.
)",
    R"(Examples:
  natcheck discover                     which addresses do I have?
  natcheck discover --interface wlan0   the same over Wi-Fi
  natcheck discover -q                  only the public address, for scripts
  natcheck discover --json              all the evidence
  natcheck discover --redact            for a forum: without my addresses
  natcheck discover --behavior          how does the NAT treat games and peers?
  natcheck discover --stun stun.example.org --stun [2001:db8::1]:3478

Exit code: 0 a public address was found; 1 there is none; 2 could not tell;
64 wrong usage; 70 a fault of this machine or of natcheck.
)"};

constexpr help_page serve_page = {
    R"(Usage: natcheck serve [--map PORT] [OPTION...]

Runs an echo server, opens a port for it on the router and keeps it open, so
that anyone outside can test with natcheck probe or a browser whether it is
reachable. Ctrl-C stops it and closes the port again. With --map it also asks
STUN servers on the Internet which address they see, and names them; with
--no-stun it does not.
)",
    R"(Examples:
  natcheck serve --map 1234              open port 1234, greet every visitor
  natcheck serve --map 8080:1234         external port 8080 leads to 1234
  natcheck serve --map 1234 --any-port   accept another external port
  natcheck serve --map 1234 --protocol both
  natcheck serve --port 1234 --for 10m   only listen, for ten minutes
  natcheck serve --map 1234 --require-map --once --json

Exit code: 0 ended as asked; 1 the port could not be opened (--require-map);
64 wrong usage; 70 a fault of this machine, such as a port already in use.
)"};

constexpr help_page probe_page = {
    R"(Usage: natcheck probe HOST[:PORT] [OPTION...]

Tests whether a server is reachable from here, over TCP or UDP: natcheck serve,
or any server that answers "Hello, server!" with "Hello, client!". Over UDP it
also measures how many datagrams are lost. HOST is a name or an address; an IPv6
address with a port needs brackets. The default port is 1234.
)",
    R"(Examples:
  natcheck probe 5.5.5.5:1234                  is it reachable?
  natcheck probe home.example.org --count 10   how reliable and how fast?
  natcheck probe 5.5.5.5 --protocol udp        is it reachable over UDP?
  natcheck probe [2001:db8::1]:1234 --json     all the evidence
  natcheck probe -q 5.5.5.5 && echo reachable

Exit code: 0 reached; 1 not reachable; 2 could not tell; 64 wrong usage;
70 a fault of this machine or of natcheck.
)"};

constexpr help_page mappings_page = {
    R"(Usage: natcheck mappings [list] [OPTION...]
       natcheck mappings add PORT|EXTERNAL:INTERNAL [OPTION...]
       natcheck mappings remove PORT [OPTION...]
       natcheck mappings clean [OPTION...]

list shows the router's port mappings, read by UPnP, and marks those that
natcheck created for this machine; it changes nothing. NAT-PMP and PCP cannot
list mappings.
add opens a port on the router that stays open after the command ends.
remove closes a port that natcheck opened for this machine; clean closes all of
them. Neither touches mappings of anyone else, or those of a running natcheck.
All three first remove what killed runs left behind.
)",
    R"(Examples:
  natcheck mappings list                      which ports are open on my router?
  natcheck mappings list --interface wlan0    the same for the Wi-Fi's router
  natcheck mappings --json                    for scripts
  natcheck mappings add 8080:80               external port 8080 leads to 80
  natcheck mappings add 5000 --protocol udp --lifetime 86400
  natcheck mappings remove 8080
  natcheck mappings clean                     close all that natcheck left open

Exit code: list: 0 complete; 1 the router cannot list its mappings; 2 could not
tell, or read only part. add: 0 created; 1 not created; 2 could not tell, or
only one of two. remove: 0 removed; 1 nothing of natcheck's to remove; 2 it may
still be there. clean: 0 nothing is left; 2 something is, or may be. All: 64
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
