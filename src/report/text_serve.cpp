#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ctime>
#include <natcheck/report.hpp>

#include "core/units.hpp"
#include "report/names.hpp"
#include "report/page.hpp"

namespace natcheck {
namespace {

using report::outside_of;
using report::page;
using report::words_for;

constexpr std::size_t indent = 12;
constexpr std::size_t time_indent = 10;

bool is_pinhole(const mapping& entry) { return entry.internal.ip.is_v6(); }

const char* suffix_of(const mapping& entry) {
  return entry.protocol == transport::udp ? " (UDP)" : "";
}

/// "mapping of 5.5.5.5:1234 (UDP)"
std::string name_of_entry(const mapping& entry) {
  const auto* kind = is_pinhole(entry) ? "pinhole for" : "mapping of";
  return fmt::format("{} {}{}", kind, outside_of(entry), suffix_of(entry));
}

/// "for 60 min, renewed while this runs"
std::string duration_of(const mapping& entry) {
  if (entry.lifetime.count() == 0) return "permanent: it stays until it is removed";
  return fmt::format("for {}, renewed while this runs", words_for(entry.lifetime));
}

/// What was asked for and not granted; empty where it was granted.
std::string difference(const mapping& entry) {
  std::vector<std::string> asked;
  if (entry.asked_port != 0 && entry.asked_port != entry.external_port) {
    asked.push_back(fmt::format("port {}", entry.asked_port));
  }
  if (entry.asked_lifetime.count() != 0 && entry.asked_lifetime != entry.lifetime) {
    asked.push_back(words_for(entry.asked_lifetime));
  }
  if (asked.empty()) return {};
  return fmt::format("(asked for {}; this is what the router granted)", fmt::join(asked, " and "));
}

/// What was tried, in one line: "PCP: no answer; UPnP: its IPv6 firewall is off".
std::string tried(const mapping_evidence& evidence) {
  std::vector<std::string> lines;
  for (const auto& attempt : evidence.attempts) {
    lines.push_back(fmt::format("{}: {}", words_for(attempt.via),
                                attempt.detail.empty() ? std::string(report::name_of(attempt.state))
                                                       : to_string(attempt.detail)));
  }
  return fmt::format("{}", fmt::join(lines, "; "));
}

/// One event on a page; the overloads are in the order of the variant.
class writer {
 public:
  writer(page& out, std::chrono::system_clock::time_point at) : out_(out), at_(at) {}

  void operator()(const events::listening& e) {
    out_.paragraph("Listening", fmt::format("{} ({})", to_string(e.local), words_for(e.protocol)),
                   indent);
  }

  void operator()(const events::mapped& e) {
    announce("Mapped", e.entry);
    for (const finding& found : e.findings) out_.note(found);
    ask(e.probe_command, e.entry.protocol, e.external);
  }

  void operator()(const events::map_not_needed& e) {
    out_.paragraph("No NAT",
                   "this machine itself has " + e.external.ip.to_string() +
                       ", a public address; no port mapping is needed",
                   indent);
    ask(e.probe_command, e.protocol, e.external);
  }

  void operator()(const events::external_address& e) {
    if (e.judged.doubt) {
      out_.note(*e.judged.doubt);
    } else if (e.external) {
      out_.paragraph("Seen as", seen_as(e), indent);
    }
    if (e.corrects) ask(e.probe_command, e.protocol, e.external);
  }

  void operator()(const events::redirected& e) { out_.judgement(e.judged); }

  void operator()(const events::map_failed& e) { out_.judgement(e.judged); }

  void operator()(const events::pinhole_failed& e) {
    out_.paragraph("IPv6",
                   fmt::format("the router opened no port for {} ({}). If it has an IPv6 firewall, "
                               "open {} port {} there by hand.",
                               to_string(e.evidence.internal), tried(e.evidence),
                               words_for(e.evidence.protocol), e.evidence.internal.port),
                   indent);
  }

  void operator()(const events::stale_mapping& e) {
    if (e.removed) {
      return out_.paragraph(
          "Cleaned", fmt::format("{}, left by an earlier run", name_of_entry(e.entry)), indent);
    }
    out_.paragraph("Left over",
                   fmt::format("{} of an earlier run could not be removed: {}",
                               name_of_entry(e.entry), to_string(e.detail)),
                   indent);
  }

  void operator()(const events::self_tested& e) {
    if (e.judged.answer == answer::no) return out_.judgement(e.judged);
    out_.paragraph("Self-test", e.judged.main.summary, indent);
    for (const finding& found : e.judged.findings) out_.note(found);
  }

  void operator()(const events::watching& e) {
    if (e.able) return;
    const auto how = report::advice_for(e);
    const auto to_allow = how.empty() ? "" : " To allow it: " + how;
    out_.paragraph("Not watched", to_string(e.detail) + to_allow, indent);
  }

  void operator()(const events::blocked& e) {
    timed(fmt::format("packets from {} arrive, but no connection results",
                      to_string(e.evidence.peer)));
    out_.judgement(e.judged);
  }

  void operator()(const events::greeted& e) {
    timed(fmt::format("reached from {}: {}, {}{}{}", to_string(e.peer), what_was_said(e),
                      in_ms(e.duration),
                      e.session.empty() ? "" : fmt::format(", session {}", e.session),
                      e.from ? what_it_proves(*e.from) : ""));
  }

  void operator()(const events::rejected& e) {
    timed(fmt::format("rejected {}: {}", to_string(e.peer), to_string(e.reason)));
  }

  void operator()(const events::renewed& e) {
    timed(fmt::format("{} renewed {}", name_of_entry(e.entry), granted_for(e.entry)));
  }

  void operator()(const events::renewal_failed& e) {
    timed(
        fmt::format("{} could not be renewed: {}. It is valid for another {}; natcheck keeps "
                    "trying until then.",
                    name_of_entry(e.entry), to_string(e.reason), words_for(e.left)));
  }

  void operator()(const events::mapping_lost& e) {
    timed(fmt::format("{} lost: {}", name_of_entry(e.entry), to_string(e.reason)));
  }

  void operator()(const events::remapped& e) {
    timed(fmt::format("{} restored:", is_pinhole(e.entry) ? "pinhole" : "mapping"));
    announce("Mapped", e.entry);
    for (const finding& found : e.findings) out_.note(found);
    ask(e.probe_command, e.entry.protocol, e.external);
  }

  void operator()(const events::unmapped& e) {
    const std::string what = outside_of(e.entry) + suffix_of(e.entry);
    if (e.removed) {
      const auto* const where = e.entry.external_address ? " on the router" : "";
      return out_.paragraph("Closed", what + where, indent);
    }
    const auto until = e.entry.lifetime.count() == 0
                           ? std::string("run natcheck mappings clean when the router is back")
                           : "it expires within " + words_for(e.entry.lifetime);
    out_.paragraph("Not closed", fmt::format("{}: {}; {}", what, to_string(e.detail), until),
                   indent);
  }

  void operator()(const events::crowded& e) {
    timed(fmt::format("in the last {}: {} greeted, {} rejected, from {}", words_for(e.period),
                      counted(e.greeted, "more visitor"), e.rejected,
                      counted(e.sources, "source")));
  }

  void operator()(const events::stopped& e) {
    const bool nobody = e.arrived == 0U && e.greeted + e.rejected == 0;
    out_.paragraph(
        "Stopped",
        fmt::format("after {}: {} greeted, {} rejected{}",
                    words_for(std::chrono::duration_cast<std::chrono::seconds>(e.uptime)),
                    counted(e.greeted, "visitor"), e.rejected,
                    nobody ? "; no request from another machine arrived" : ""),
        indent);
  }

 private:
  void timed(const std::string& text) {
    const auto seconds = std::chrono::system_clock::to_time_t(at_);
    std::tm local{};
    localtime_r(&seconds, &local);
    out_.paragraph(fmt::format("{:%H:%M:%S}", local), text, time_indent);
  }

  /// Only where a visitor proves less than it seems.
  static const char* what_it_proves(visitor_location from) {
    switch (from) {
      case visitor_location::router:
        return " (the router's own address: from inside, or masqueraded)";
      case visitor_location::not_public:
        return " (not a public address: from inside, or masqueraded)";
      case visitor_location::nearby:
        return " (close to this server's own address: perhaps from inside)";
      case visitor_location::same_network:
        return " (from inside: this proves nothing about access from outside)";
      default:
        return "";
    }
  }

  static std::string what_was_said(const events::greeted& e) {
    if (e.spoken == dialect::plain) return "plain greeting";
    if (e.spoken == dialect::http) return fmt::format("page, {} echoed", counted(e.bytes, "byte"));
    return fmt::format("greeted, {} echoed", counted(e.bytes, "byte"));
  }

  static std::string granted_for(const mapping& entry) {
    return entry.lifetime.count() == 0 ? "permanently" : "for " + words_for(entry.lifetime);
  }

  // A mapping proves nothing by itself; only a greeting from outside does, so one is asked for.
  void announce(const char* head, const mapping& entry) {
    const auto* suffix = suffix_of(entry);
    const auto where = is_pinhole(entry)
                           ? outside_of(entry) + suffix
                           : fmt::format("{} {} {}{}", outside_of(entry), out_.glyph("→", "->"),
                                         to_string(entry.internal), suffix);
    out_.paragraph(is_pinhole(entry) ? "Opened" : head, where, indent);
    out_.paragraph("",
                   fmt::format("by {}, {}{}", words_for(entry.via),
                               entry.verified ? "read back, " : "", duration_of(entry)),
                   indent);
    const auto differs = difference(entry);
    if (!differs.empty()) out_.paragraph("", differs, indent);
  }

  /// Nothing where the external address is not known.
  void ask(const std::string& command, transport protocol,
           const std::optional<endpoint>& external) {
    if (command.empty() || !external) return;
    out_.to_copy("From outside, run", command, 23);
    const auto page = report::page_at(protocol, *external);
    if (page) out_.to_copy("or open in a browser", *page, 23);
  }

  /// "5.5.5.5 by stun.example.org:3478 and the router"
  static std::string seen_as(const events::external_address& e) {
    std::vector<std::string> who;
    for (const std::string& source : e.judged.sources) {
      who.push_back(source == "router"      ? "the router"
                    : source == "interface" ? "this machine itself"
                                            : source);
    }
    return fmt::format("{} by {}", e.judged.ip->to_string(), fmt::join(who, " and "));
  }

  page& out_;
  std::chrono::system_clock::time_point at_;
};

}  // namespace

std::string to_text(const serve_event& event, const text_style& style) {
  page out(style);
  std::visit(writer(out, event.at), event.what);
  return out.text();
}

}  // namespace natcheck
