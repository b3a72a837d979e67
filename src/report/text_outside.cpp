#include "report/text_outside.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "core/units.hpp"
#include "core/url.hpp"
#include "report/names.hpp"
#include "report/printable.hpp"

namespace natcheck::report {
namespace {

/// Everything that was asked of one server, in any family and over any transport.
using inquiries = std::vector<const stun_evidence*>;

std::vector<inquiries> by_server(const std::vector<stun_evidence>& all) {
  std::vector<inquiries> groups;
  for (const auto& one : all) {
    const auto known = std::ranges::find_if(
        groups, [&](const inquiries& group) { return group.front()->server == one.server; });
    if (known == groups.end()) {
      groups.push_back({&one});
    } else {
      known->push_back(&one);
    }
  }
  return groups;
}

/// "21 ms", "24 ms, TCP only"; empty when none of them was answered.
std::string answer_in_short(const inquiries& asked) {
  inquiries answered;
  std::ranges::copy_if(asked, std::back_inserter(answered), [](const stun_evidence* one) {
    return one->state == service_state::answered;
  });
  if (answered.empty()) return "";
  const auto every = [&](auto holds) { return std::ranges::all_of(answered, holds); };
  std::vector<std::string> parts;
  const auto fastest = std::ranges::min(
      answered, {}, [](const stun_evidence* one) { return one->rtt.value_or(millis::max()); });
  if (fastest->rtt) parts.push_back(in_ms(*fastest->rtt));
  if (every([](const stun_evidence* one) { return one->family == 6; })) parts.push_back("IPv6");
  if (every([](const stun_evidence* one) { return one->protocol == transport::tcp; })) {
    parts.push_back("TCP only");
  }
  return parts.empty() ? "answered" : fmt::format("{}", fmt::join(parts, ", "));
}

/// Empty where nothing was sent although it could have been: that server was not asked.
std::string outcome_in_short(const inquiries& asked) {
  auto answer = answer_in_short(asked);
  if (!answer.empty()) return answer;
  for (const auto state :
       {service_state::refused, service_state::malformed, service_state::silent}) {
    const auto holds = [&](const stun_evidence* one) { return one->state == state; };
    if (std::ranges::any_of(asked, holds)) return std::string(name_of(state));
  }
  const auto any = [&](auto holds) { return std::ranges::any_of(asked, holds); };
  if (any([](const stun_evidence* one) { return one->attempts > 0; })) return "no answer yet";
  const bool known = any([](const stun_evidence* one) { return one->address.has_value(); });
  return known ? "" : "no usable address";
}

/// "connectivitycheck.example" of "http://connectivitycheck.example/generate_204".
std::string host_of(std::string_view url) {
  const auto parts = split_url(url);
  return std::string(parts ? parts->authority : url);
}

std::string outcome_in_short(const web_evidence& web) {
  if (web.result == web_result::expected) return "web, as expected";
  return web.result == web_result::intercepted ? "web, something else answered" : "web, no answer";
}

/// A term of RFC 4787, and what it means for a person.
struct meaning {
  std::string_view term, words;
};

// Each in the order of its enumeration.
constexpr std::array<meaning, 5> mapping_words{
    {{"not tested", ""},
     {"none", "no translation: internal and external addresses match"},
     {"endpoint-independent",
      "one external port for every destination: good for peer-to-peer connections"},
     {"address-dependent", "a new external port for each destination address"},
     {"address-and-port-dependent",
      "a new external port for each destination: peer-to-peer connections often fail"}}};
constexpr std::array<meaning, 5> filtering_words{
    {{"not tested", ""},
     {"none", "nothing is filtered"},
     {"endpoint-independent", "once a port is in use, anyone outside can send to it"},
     {"address-dependent", "only addresses already contacted can send back"},
     {"address-and-port-dependent", "only the exact address and port contacted can send back"}}};
constexpr std::array<meaning, 3> hairpin_words{
    {{"not tested", ""},
     {"no", "from inside, the public address does not work: use the private one"},
     {"yes", "the public address also works from inside"}}};
constexpr std::array<meaning, 3> port_words{
    {{"not tested", ""},
     {"not preserved", "a different external port"},
     {"preserved", "the same port number outside as inside"}}};

std::string lifetime_in_words(const binding_lifetime& lifetime) {
  const auto& least = lifetime.alive_after;
  const auto& most = lifetime.gone_after;
  if (least && most) return fmt::format("{} to {} s", least->count(), most->count());
  if (least) return fmt::format("{} s or more", least->count());
  return most ? fmt::format("less than {} s", most->count()) : "not tested";
}

template <std::size_t Size, class Enumerator>
void row(page& out, const char* label, const std::array<meaning, Size>& words, Enumerator value) {
  const auto& [term, comment] = words.at(static_cast<std::size_t>(value));
  out.row(label, std::string(term), comment);
}

}  // namespace

void asked_outside_row(page& out, const discover_evidence& seen) {
  std::vector<std::string> asked;
  for (const auto& group : by_server(seen.stun)) {
    const auto outcome = outcome_in_short(group);
    if (outcome.empty()) continue;
    asked.push_back(fmt::format("{} ({})", without_port(group.front()->server), outcome));
  }
  const auto& target = seen.path.target;
  const bool another =
      std::ranges::find(seen.stun, target, &stun_evidence::address) == seen.stun.end();
  if (target && another) {
    asked.push_back(fmt::format("{} (path)", to_string(*target)));
  }
  if (seen.web.result != web_result::not_tried) {
    asked.push_back(fmt::format("{} ({})", host_of(seen.web.url), outcome_in_short(seen.web)));
  }
  if (asked.empty()) return;
  out.paragraph("External servers", fmt::format("{}", fmt::join(asked, ", ")), label_width);
}

void behavior_rows(page& out, const nat_evidence& nat) {
  const bool any_tested =
      nat.mapping != nat_behavior::not_tested || nat.filtering != nat_behavior::not_tested ||
      nat.hairpin != tested::not_tested || nat.port_preservation != tested::not_tested;
  if (any_tested) {
    row(out, "Mapping", mapping_words, nat.mapping);
    row(out, "Filtering", filtering_words, nat.filtering);
    row(out, "Hairpin", hairpin_words, nat.hairpin);
    row(out, "Ports", port_words, nat.port_preservation);
  } else if (!nat.doubts.empty() && !nat.lifetime) {
    out.row("NAT behaviour", "not tested", "");
  }
  if (nat.lifetime) {
    out.row("Binding lifetime", lifetime_in_words(*nat.lifetime),
            "how long an idle UDP binding stays open; RFC 4787 requires at least 120 s");
  }
  if (!nat.server.empty()) out.paragraph("Tested with", without_port(nat.server), label_width);
}

void behavior_doubts(page& out, const nat_evidence& nat) {
  for (const auto& doubt : nat.doubts) out.note(to_string(doubt) + ".");
}

}  // namespace natcheck::report
