#include "diagnosis/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/asked.hpp"
#include "core/gateway_services.hpp"
#include "diagnosis/evidence_lines.hpp"

namespace natcheck::judging {
namespace {

bool has(const removal_report& report, removal outcome) {
  return std::ranges::find(report.mappings, outcome, &removed_mapping::outcome) !=
         report.mappings.end();
}

verdict sentence(std::string summary, std::string advice = {}) {
  verdict judged;
  judged.summary = std::move(summary);
  if (!advice.empty()) judged.advice = {std::move(advice)};
  return judged;
}

struct removal_rule {
  bool (*applies)(const removal_report&);
  std::string_view summary;  ///< {0}: the port; {1}: the options that chose the way
  std::string_view advice;   ///< the same; may be empty
};

template <removal outcome>
bool some(const removal_report& report) {
  return has(report, outcome);
}

bool always(const removal_report&) { return true; }

/// Of one port: what weighs most.
constexpr std::array one_port_rules{
    removal_rule{some<removal::failed>, "A natcheck mapping could not be removed.",
                 "run natcheck mappings remove {0}{1} again"},
    removal_rule{some<removal::removed>, "natcheck's mapping of port {0} is gone.", ""},
    removal_rule{some<removal::in_use>, "A running natcheck keeps port {0} open.",
                 "stop it: it closes the port itself"},
    removal_rule{some<removal::foreign>,
                 "Port {0} is open, but not for natcheck, so it was left in place.",
                 "remove it with the program that created it, or on the router's port forwarding "
                 "page"},
    removal_rule{some<removal::elsewhere>, "natcheck's mapping of port {0} is in another network.",
                 "run this again there"},
    removal_rule{always, "There is no natcheck mapping on port {0}.", "natcheck mappings list{1}"},
};

bool not_all_removed(const removal_report& report) {
  return has(report, removal::failed) ||
         !std::ranges::all_of(report.stale_mappings, &events::stale_mapping::removed);
}

constexpr std::array all_ports_rules{
    removal_rule{not_all_removed, "Not every natcheck mapping could be removed.",
                 "run natcheck mappings clean{1} again"},
    removal_rule{[](const removal_report& report) { return !report.not_seen.empty(); },
                 "There may be more: the router did not return its whole table.",
                 "run natcheck mappings clean{1} again"},
    removal_rule{some<removal::elsewhere>,
                 "No natcheck mappings are left on this router, but some are left in another "
                 "network.",
                 "run natcheck mappings clean again there"},
    removal_rule{some<removal::in_use>, "Only mappings in use are left.", ""},
    removal_rule{[](const removal_report& report) {
                   return has(report, removal::removed) || !report.stale_mappings.empty();
                 },
                 "No natcheck mappings are left.", ""},
    removal_rule{always, "There are no natcheck mappings to remove.", ""},
};

verdict judge_removal(std::span<const removal_rule> rules, const removal_report& report) {
  const auto& rule =
      *std::ranges::find_if(rules, [&](const removal_rule& each) { return each.applies(report); });
  const auto fill = [&](std::string_view text) {
    return fmt::format(fmt::runtime(text), report.external_port.value_or(0),
                       to_options(report.asked));
  };
  return sentence(fill(rule.summary), fill(rule.advice));
}

answer answer_of(const mappings_report& report) {
  if (!report.gateway) return answer::no;
  switch (report.upnp.state) {
    case service_state::answered:
      return report.complete ? answer::yes : answer::unknown;
    case service_state::refused:
    case service_state::silent:
      return answer::no;
    case service_state::malformed:
    case service_state::not_tried:
      break;
  }
  return answer::unknown;
}

answer answer_of(const add_report& report) {
  const auto& all = report.mappings;
  const auto made = std::ranges::count_if(all, [](const auto& each) { return !!each.entry; });
  if (made == std::ssize(all)) return answer::yes;
  const bool all_said_no = std::ranges::all_of(all, [](const added_mapping& each) {
    return !each.evidence.gateway || each.judged.main.code != verdict_code::inconclusive;
  });
  return made == 0 && all_said_no ? answer::no : answer::unknown;
}

answer answer_of(const removal_report& report) {
  if (has(report, removal::failed)) return answer::unknown;
  if (report.external_port) {
    if (has(report, removal::removed)) return answer::yes;
    const bool unseen = report.mappings.empty() && !report.not_seen.empty();
    return unseen ? answer::unknown : answer::no;
  }
  const bool something_left =
      has(report, removal::elsewhere) || not_all_removed(report) || !report.not_seen.empty();
  return something_left ? answer::unknown : answer::yes;
}

/// It responds to UPnP, but its answers are unusable, or it rejects further requests.
bool is_broken(const mappings_report& report) {
  const auto state = report.upnp.state;
  return report.upnp.rtt && (state == service_state::malformed || state == service_state::refused);
}

std::string absence_summary(const mappings_report& report) {
  const auto router = report.gateway->to_string();
  if (is_broken(report)) {
    return fmt::format(
        "The router {} responds to UPnP, but its port mapping table could not be read.", router);
  }
  return answer_of(report) == answer::no
             ? fmt::format("The router {} does not show a port mapping table.", router)
             : fmt::format("The query to the router {} did not finish.", router);
}

verdict judge_absence(const mappings_report& report) {
  verdict judged;
  if (!report.gateway) {
    judged.summary = "There is no IPv4 router to ask for port mappings.";
    judged.advice = {"natcheck discover" + to_options(report.asked)};
    if (!report.upnp.detail.empty()) judged.evidence = {to_string(report.upnp.detail)};
    return judged;
  }
  const auto router = report.gateway->to_string();
  judged.summary = absence_summary(report);
  judged.evidence = {
      "UPnP: " + failed(report.upnp),
      fmt::format(
          "{} also open ports, but cannot list them",
          fmt::join(service_names([](const auto& row) { return !row.lists_mappings; }), " and "))};
  const auto* const remedy = is_broken(report)
                                 ? "restart the router, or turn UPnP off and on in its menu"
                                 : "turn on UPnP in the router's menu";
  judged.advice = {
      fmt::format("look at the router's port forwarding page, http://{}/", router),
      fmt::format("{}, then run: natcheck mappings list{}", remedy, to_options(report.asked))};
  return judged;
}

}  // namespace

diagnosis judge(const mappings_report& report) {
  const bool shown = report.gateway && report.upnp.state == service_state::answered;
  return {shown ? verdict() : judge_absence(report), {}, answer_of(report)};
}

diagnosis judge(const add_report& report) { return {{}, {}, answer_of(report)}; }

diagnosis judge(const removal_report& report) {
  const std::span<const removal_rule> all = all_ports_rules;
  diagnosis judged{
      judge_removal(report.external_port ? one_port_rules : all, report), {}, answer_of(report)};
  if (!report.not_seen.empty() && judged.answer == answer::unknown) {
    judged.main.evidence.push_back("the router's table: " + to_string(report.not_seen));
  }
  return judged;
}

diagnosis judge_taken(const std::string& process, std::uint16_t external_port) {
  verdict judged =
      sentence(fmt::format("Another natcheck, process {}, keeps port {} open while it runs.",
                           process, external_port),
               "stop it first, or add another port");
  judged.code = verdict_code::port_conflict;
  judged.certainty = confidence::confirmed;
  return {std::move(judged), {}, answer::no};
}

std::string close_what_may_be_open(const mapping& entry, const asked_options& asked) {
  const auto* const end = entry.lifetime.count() == 0 ? ", and stays open until it is removed" : "";
  return fmt::format("port {} may still be open{}; to close it, run: natcheck mappings clean{}",
                     entry.external_port, end, to_options(asked));
}

}  // namespace natcheck::judging
