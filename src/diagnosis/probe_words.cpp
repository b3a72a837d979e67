#include "diagnosis/probe_words.hpp"

#include <fmt/format.h>

#include <array>

#include "core/units.hpp"
#include "diagnosis/probe_rejections.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck::judging {
namespace {

constexpr std::string_view forward_udp =
    "on the server's side, run natcheck serve --map {} --protocol udp, and check that the port is "
    "forwarded for UDP, not only for TCP";

struct outcome_words {
  verdict_code code;
  std::string_view name;      ///< of one handshake in a count
  std::string_view happened;  ///< completes "5.5.5.5 ..., port 1234"
  std::string_view meaning;
  std::string_view advice;
};

// In the order of probe_result; reached and reached_plain have no failure to explain.
constexpr std::array<outcome_words, 10> words{{
    {verdict_code::reachable, "reached", {}, {}, {}},
    {verdict_code::reachable, "reached, plain", {}, {}, {}},
    {verdict_code::refused, "refused", "refused the connection on port {}",
     "something there rejects it: the port is not forwarded, or the server is not running",
     "on the server's side, check that natcheck serve says \"Mapped\", and compare the port"},
    {verdict_code::timed_out, "timed out", "did not answer on port {}",
     "nothing came back: a firewall or a provider drops the packets, or no machine has this "
     "address",
     "on the server's side, run natcheck discover, compare its public address, and look for a "
     "firewall that drops the port"},
    {verdict_code::unreachable, "unreachable", "cannot be reached (port {})",
     "there is no route to it, or something on the path blocks it", check_address},
    {verdict_code::silent, "silent", "accepted the connection on port {} but sent nothing",
     "the program that accepts connections there is not a natcheck server, or it hangs",
     "on the server's side, check that the port leads to the machine that runs natcheck serve"},
    {verdict_code::wrong_host_answers, "other service", "answered on port {}, but not as natcheck",
     "the port leads to another program or another machine",
     "on the server's side, compare the forwarded address and port with those of natcheck serve"},
    {verdict_code::reset, "reset",
     "broke the connection on port {} before its greeting was complete",
     "a firewall, or a server at its limit, closed the connection",
     "on the server's side, see what natcheck serve reports, and try again"},
    {verdict_code::corrupted, "corrupted", "answered on port {}, but altered the data",
     "a device on the path changes the data: a proxy, or a router's helper (ALG)",
     "try another port; look for a proxy or an application-level gateway in the router"},
    {verdict_code::unresolved,
     "unresolved",
     {},
     "DNS has no address for the name",
     "check the spelling, or use the address that natcheck discover shows on the server's side"},
}};

// The same of UDP, where there is no connection to be silent on or to be reset.
constexpr std::array<outcome_words, 10> udp_words{{
    words[0],
    words[1],
    {verdict_code::refused, "refused", "reports that nothing listens on UDP port {}",
     "an ICMP error came back: the port is not forwarded for UDP, or the server is not running",
     forward_udp},
    {verdict_code::timed_out, "unanswered", "did not answer on UDP port {}",
     "over UDP, silence may be a lost request or a lost answer, a firewall, or a port that nothing "
     "listens on",
     forward_udp},
    {verdict_code::unreachable, "unreachable", "cannot be reached (UDP port {})", words[4].meaning,
     words[4].advice},
    words[5],
    {verdict_code::wrong_host_answers, "other service",
     "answered on UDP port {}, but not as natcheck", words[6].meaning, words[6].advice},
    words[7],
    {verdict_code::corrupted, "corrupted", "answered on UDP port {}, but altered the data",
     words[8].meaning, words[8].advice},
    words[9],
}};

const outcome_words& words_of(probe_result result, transport protocol) {
  const auto& table = protocol == transport::tcp ? words : udp_words;
  return table.at(static_cast<std::size_t>(result));
}

constexpr std::array<std::string_view, 17> inside_lines{
    "the target is an address of this machine",
    "the target is a loopback address, which never leaves this machine",
    "the target is a private address, which works only inside its own network",
    "the server saw this machine at its own public address: the router hairpinned the connection",
    "the target is in a network that this machine is connected to",
    "the target is an address of this machine's own router, which answered for it",
    "the server saw this machine's private address",
    "the server saw the internal address of this machine's own router, which hairpinned the "
    "connection",
    "the server saw a private address of a network that this machine is connected to",
    "the server reports that the probe came from its own network",
    "the probe left through a tunnel, and the server saw its own router: the tunnel may end in its "
    "network",
    "the target has the first 48 bits of this machine's IPv6 address: most likely the same site",
    "the target answered within three hops, and no Internet router answered before it",
    "the server saw an address that no client on the Internet has, and no router on the path shows "
    "that the probe came from the Internet",
    "the server saw a translated address, and the probe passed at most two routers: the server's "
    "router may be this machine's own",
    "a proxy on this machine or its router made the connection instead, and the server saw an "
    "address that no client on the Internet has: the proxy may lead into the server's network",
    "the server saw a public address close to the target's, and no router on the path shows that "
    "the probe came from the Internet: one router may have both addresses",
};

// What came after the greeting, which was intact.
constexpr outcome_words large_packets_lost{
    verdict_code::timed_out, "timed out",
    "answered on port {}, but large packets do not get through",
    "the greeting and a small echo came back intact, but full-sized packets are lost: a link on "
    "the path has a smaller MTU, and the ICMP messages that say so (fragmentation needed) are "
    "dropped",
    "on the router in front of that link, turn on MSS clamping or lower the MTU (1280 always "
    "fits), or let ICMP \"fragmentation needed\" through"};
constexpr outcome_words echo_lost{verdict_code::timed_out, "timed out",
                                  "answered on port {}, but not all of the data came back",
                                  "the greeting came back intact, but the data after it did not: "
                                  "it was lost on the path, or the timeout was too short",
                                  "try again with a longer --timeout; if the problem persists, "
                                  "look for packet loss or a wrong MTU"};
constexpr outcome_words echo_cut_off{
    verdict_code::reset, "reset", "broke the connection on port {} before the echo was complete",
    "the greeting came back intact, then a firewall or the server closed the connection",
    words[7].advice};

const outcome_words& words_for_outcome(const handshake_evidence& one, transport protocol) {
  if (one.large_lost) return large_packets_lost;
  const bool greeted = protocol == transport::tcp && one.timing.greeting && one.server_instance;
  if (greeted && one.result == probe_result::timed_out) return echo_lost;
  if (greeted && one.result == probe_result::reset) return echo_cut_off;
  return words_of(one.result, protocol);
}

failure_story story_of(const handshake_evidence& one, const probe_evidence& seen) {
  if (one.icmp) return story_of_icmp(*one.icmp, seen);
  const auto port = seen.address->port;
  const auto fill = [&](std::string_view text) { return fmt::format(fmt::runtime(text), port); };
  const auto& told = words_for_outcome(one, seen.protocol);
  if (!one.wrong_identity) return {fill(told.happened), fill(told.meaning), fill(told.advice)};
  return {fill("answered on port {}, but not to this probe"),
          "a natcheck server answered with a different session: something else answers",
          fill(words_of(probe_result::other_service, seen.protocol).advice)};
}

std::string duration(const char* name, const std::optional<millis>& value) {
  return value ? fmt::format("{} {}", name, in_ms(*value)) : "";
}

std::string timing_line(const probe_timing& timing) {
  std::string line;
  for (const auto& part :
       {duration("name lookup", timing.resolve), duration("connection", timing.connect),
        duration("greeting", timing.greeting), duration("echo", timing.echo)}) {
    if (!part.empty()) line += (line.empty() ? "" : ", ") + part;
  }
  return line;
}

/// "3 timed out, 2 reached"
std::string count_line(const probe_evidence& seen) {
  std::array<std::size_t, words.size()> counts{};
  for (const auto& one : seen.handshakes) ++counts.at(static_cast<std::size_t>(one.result));
  std::string line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (counts.at(i) == 0) continue;
    const auto name = words_of(static_cast<probe_result>(i), seen.protocol).name;
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", counts.at(i), name);
  }
  return fmt::format("of {}: {}", handshakes(seen.handshakes.size(), seen), line);
}

}  // namespace

std::string handshakes(std::size_t number, const probe_evidence& seen) {
  return counted(number, seen.protocol == transport::tcp ? "handshake" : "datagram");
}

std::string probe_command(const probe_evidence& seen, std::string_view options) {
  const auto protocol = seen.protocol == transport::tcp ? "" : "--protocol udp ";
  return fmt::format("natcheck probe {}{}{}", protocol, options, seen.target);
}

std::string place(const probe_evidence& seen) {
  return seen.address ? to_string(*seen.address) : seen.target;
}

failure_words words_for(const handshake_evidence& one, const probe_evidence& seen) {
  if (one.result == probe_result::unresolved || !seen.address) {
    const auto& told = words_of(probe_result::unresolved, seen.protocol);
    return {told.code,
            fmt::format("The name in {} could not be resolved to an address.", seen.target),
            std::string(told.meaning), std::string(told.advice)};
  }
  const auto story = story_of(one, seen);
  const auto code = one.wrong_identity ? verdict_code::wrong_host_answers
                                       : words_of(one.result, seen.protocol).code;
  return {code,
          fmt::format("{} {} ({}).", seen.address->ip.to_string(), story.happened,
                      in_ms(one.timing.total)),
          story.meaning, story.advice};
}

std::string session_line(const probe_evidence& seen, const handshake_evidence& one) {
  if (!seen.address || one.local_fault || seen.session.empty()) return {};
  if (one.result == probe_result::reached) {
    return "session " + seen.session + "; natcheck serve shows the same one";
  }
  if (one.result == probe_result::refused || one.result == probe_result::reached_plain) return {};
  return "the session is " + seen.session + ": if natcheck serve shows it, the probe arrived";
}

std::vector<std::string> handshake_lines(const probe_evidence& seen,
                                         const handshake_evidence& one) {
  std::vector<std::string> lines;
  const bool foreign = one.wrong_identity || one.result == probe_result::other_service;
  if (!one.detail.empty()) {
    lines.push_back(foreign ? fmt::format("it said \"{}\"", to_string(one.detail))
                            : to_string(one.detail));
  }
  if (one.icmp) lines.push_back(icmp_line(*one.icmp));
  if (seen.handshakes.size() > 1) lines.push_back(count_line(seen));
  if (seen.address && seen.target != to_string(*seen.address)) {
    lines.push_back(seen.target + " is " + to_string(*seen.address));
  }
  if (one.seen_as) lines.push_back("the server saw this machine as " + to_string(*one.seen_as));
  if (auto timing = timing_line(one.timing); !timing.empty()) lines.push_back(std::move(timing));
  if (auto session = session_line(seen, one); !session.empty()) lines.push_back(std::move(session));
  return lines;
}

std::string inside_line(inside_reason reason) {
  return std::string(inside_lines.at(static_cast<std::size_t>(reason)));
}

bool may_lack_hairpin(const handshake_evidence& one, const probe_evidence& seen) {
  if (one.local_fault || one.wrong_identity || !seen.inside.empty() || !seen.address) return false;
  if (!seen.address->ip.is_v4() || !is_public(seen.address->ip)) return false;
  return one.result == probe_result::refused || one.result == probe_result::timed_out ||
         one.result == probe_result::silent;
}

std::string ask_outside_if_own(const address& target) {
  return fmt::format(
      "if {} is the public address of the network you are probing from, probe from another "
      "network: many routers do not support hairpinning",
      target.to_string());
}

std::string ask_outside(const probe_evidence& seen) {
  if (seen.address && is_public(seen.address->ip)) {
    return "from another network, for example a phone with Wi-Fi off, run: " + probe_command(seen);
  }
  return "from another network, run natcheck probe with the public address that natcheck discover "
         "shows on the server's side";
}

}  // namespace natcheck::judging
