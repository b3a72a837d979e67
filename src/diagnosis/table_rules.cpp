#include "diagnosis/table_rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/asked.hpp"
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

/// Of one port: what weighs most.
verdict judge_one(const removal_report& report) {
  const auto port = *report.external_port;
  const auto options = to_options(report.asked);
  if (has(report, removal::failed)) {
    return sentence("A natcheck mapping could not be removed.",
                    fmt::format("run natcheck mappings remove {}{} again", port, options));
  }
  if (has(report, removal::removed)) {
    return sentence(fmt::format("natcheck's mapping of port {} is gone.", port));
  }
  if (has(report, removal::in_use)) {
    return sentence(fmt::format("A running natcheck keeps port {} open.", port),
                    "stop it: it closes the port itself");
  }
  if (has(report, removal::foreign)) {
    return sentence(
        fmt::format("Port {} is open, but not for natcheck, so it was left in place.", port),
        "remove it with the program that created it, or on the router's port forwarding page");
  }
  if (has(report, removal::elsewhere)) {
    return sentence(fmt::format("natcheck's mapping of port {} is in another network.", port),
                    "run this again there");
  }
  return sentence(fmt::format("There is no natcheck mapping on port {}.", port),
                  "natcheck mappings list" + options);
}

verdict judge_all(const removal_report& report) {
  const auto options = to_options(report.asked);
  const bool all_stale_mappings =
      std::ranges::all_of(report.stale_mappings, &events::stale_mapping::removed);
  if (has(report, removal::failed) || !all_stale_mappings) {
    return sentence("Not every natcheck mapping could be removed.",
                    "run natcheck mappings clean" + options + " again");
  }
  if (!report.not_seen.empty()) {
    return sentence("There may be more: the router did not return its whole table.",
                    "run natcheck mappings clean" + options + " again");
  }
  if (has(report, removal::elsewhere)) {
    return sentence(
        "No natcheck mappings are left on this router, but some are left in another network.",
        "run natcheck mappings clean again there");
  }
  if (has(report, removal::in_use)) return sentence("Only mappings in use are left.");
  if (has(report, removal::removed) || !report.stale_mappings.empty()) {
    return sentence("No natcheck mappings are left.");
  }
  return sentence("There are no natcheck mappings to remove.");
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
  const bool all_stale_mappings =
      std::ranges::all_of(report.stale_mappings, &events::stale_mapping::removed);
  const bool something_left =
      has(report, removal::elsewhere) || !all_stale_mappings || !report.not_seen.empty();
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
  judged.evidence = {"UPnP: " + failed(report.upnp),
                     "NAT-PMP and PCP also open ports, but cannot list them"};
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
  diagnosis judged{
      report.external_port ? judge_one(report) : judge_all(report), {}, answer_of(report)};
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
