#include <fmt/format.h>

#include <natcheck/mappings.hpp>

#include "diagnosis/evidence_lines.hpp"

namespace natcheck {

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

verdict judge_absence(const mappings_report& report) {
  verdict judged;
  if (!report.gateway) {
    judged.summary = "There is no IPv4 router to ask for its port mappings.";
    judged.advice = {"natcheck discover"};
    if (!report.upnp.detail.empty()) judged.evidence = {report.upnp.detail};
    return judged;
  }
  const auto router = report.gateway->to_string();
  judged.summary = answer_of(report) == answer::no
                       ? fmt::format("The router {} shows no table of port mappings.", router)
                       : fmt::format("The router {} could not be asked to the end.", router);
  judged.evidence = {"UPnP: " + judging::failed(report.upnp),
                     "NAT-PMP and PCP open ports as well, and have no way to list them"};
  judged.advice = {
      fmt::format("look at the port forwarding page of the router, http://{}/", router),
      "turn on UPnP in the router's menu, then run: natcheck mappings list"};
  return judged;
}

}  // namespace natcheck
