#include "arrivals/drop_counters.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>

namespace natcheck::arrivals {
namespace {

std::string_view take_until(std::string_view& rest, char end) {
  const std::size_t at = rest.find(end);
  const std::string_view taken = rest.substr(0, at);
  rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
  return taken;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// netstat and snmp: a line "Group: name name …", and below it one "Group: 1 2 …".
std::uint64_t counter_in(std::string_view text, std::string_view group, std::string_view name) {
  while (!text.empty()) {
    std::string_view names = take_until(text, '\n');
    if (take_until(names, ' ') != group) continue;
    std::string_view values = take_until(text, '\n');
    take_until(values, ' ');
    while (!names.empty()) {
      const std::string_view value = take_until(values, ' ');
      if (take_until(names, ' ') == name) return number(value);
    }
  }
  return 0;
}

/// snmp6: "name    value" on each line.
std::uint64_t counter_on_line(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (take_until(line, ' ') != name) continue;
    return number(line.substr(std::min(line.find_first_not_of(" \t"), line.size())));
  }
  return 0;
}

std::string contents(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

drop_counters parse_drop_counters(std::string_view netstat, std::string_view snmp,
                                  std::string_view snmp6) {
  return {counter_in(netstat, "TcpExt:", "ListenDrops"),
          counter_in(snmp, "Udp:", "RcvbufErrors") + counter_on_line(snmp6, "Udp6RcvbufErrors"),
          counter_in(netstat, "TcpExt:", "IPReversePathFilter")};
}

drop_counters read_drop_counters() {
  return parse_drop_counters(contents("/proc/net/netstat"), contents("/proc/net/snmp"),
                             contents("/proc/net/snmp6"));
}

}  // namespace natcheck::arrivals
