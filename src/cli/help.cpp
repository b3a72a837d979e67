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

natcheck COMMAND --help tells more of a command. natcheck --version prints the
version.

Examples:
  natcheck discover
  natcheck serve --map 1234
  natcheck probe 5.5.5.5:1234

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
them. It asks the kernel and the router (NAT-PMP, UPnP), and changes nothing.
)",
    R"(Examples:
  natcheck discover                     which address do I have, inside and out?
  natcheck discover --interface wlan0   the same by way of the Wi-Fi
  natcheck discover -q                  the public address, for a script
  natcheck discover --json              everything that was found out

Exit code: 0 a public address was found; 1 there is none; 2 could not tell;
64 wrong usage; 70 a fault of this machine or of natcheck.
)"};

constexpr help_page serve_page = {
    R"(Usage: natcheck serve [--map PORT] [OPTION...]

Runs an echo server and has the router open a port for it, so that natcheck
probe, run by somebody outside, can tell whether it is reachable. Ctrl-C ends it
and closes the port again.
)",
    R"(Examples:
  natcheck serve --map 1234              open port 1234 and greet every visitor
  natcheck serve --map 8080:1234         port 8080 outside leads to 1234 here
  natcheck serve --port 1234 --for 10m   listen only, for ten minutes
  natcheck serve --map 1234 --require-map --once --json

Exit code: 0 ended as asked; 1 the port could not be opened (--require-map);
64 wrong usage; 70 a fault of this machine, such as a port that is taken.
)"};

constexpr help_page probe_page = {
    R"(Usage: natcheck probe HOST[:PORT] [OPTION...]

Tells whether the server there can be reached from here, over TCP: natcheck
serve, or any server that answers "Hello, server!" with "Hello, client!".
HOST is a name or an address; an IPv6 address with a port needs brackets. The
port is 1234 when none is given.
)",
    R"(Examples:
  natcheck probe 5.5.5.5:1234                  is it reachable?
  natcheck probe home.example.org --count 10   how reliably, and how fast?
  natcheck probe [2001:db8::1]:1234 --json     everything that was found out
  natcheck probe -q 5.5.5.5 && echo reachable

Exit code: 0 reached; 1 not reachable; 2 could not tell; 64 wrong usage;
70 a fault of this machine or of natcheck.
)"};

const help_page& page_of(topic command) {
  if (command == topic::discover) return discover_page;
  return command == topic::serve ? serve_page : probe_page;
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
