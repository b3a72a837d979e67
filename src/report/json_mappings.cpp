#include <boost/json/array.hpp>
#include <natcheck/report.hpp>

#include "report/json.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"

namespace natcheck {
namespace {

using report::foreign;
using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::value gateway_part(const mappings_report& report) {
  if (!report.gateway) return nullptr;
  const auto interface = report.way_out ? report.way_out->interface : std::string();
  return {{"address", to_value(*report.gateway)}, {"interface", or_null(interface)}};
}

json::object entry_part(const gateway_mapping& entry) {
  const bool anybody = entry.remote_host.empty();
  return {{"protocol", name_of(entry.protocol)},
          {"external_port", entry.external_port},
          {"remote_host", anybody ? json::value(nullptr) : foreign(entry.remote_host)},
          {"internal_client", foreign(entry.internal_client)},
          {"internal_port", entry.internal_port},
          {"enabled", entry.enabled},
          {"description", foreign(entry.description)},
          {"lease_s", or_null(entry.lease_s)},
          {"ours", entry.ours}};
}

json::array entries_part(const std::vector<gateway_mapping>& entries) {
  json::array all;
  for (const auto& entry : entries) all.push_back(entry_part(entry));
  return all;
}

}  // namespace

std::string to_json(const mappings_report& report) {
  const json::object all{
      {"schema", "natcheck/mappings/1"},
      {"version", version()},
      {"started_at", report::timestamp(report.started_at)},
      {"elapsed_ms", to_value(report.elapsed)},
      {"gateway", gateway_part(report)},
      {"service", report.service.empty() ? json::value(nullptr) : foreign(report.service)},
      {"external_address", or_null(report.external_address)},
      {"state", name_of(report.upnp.state)},
      {"reason", or_null(report.upnp.detail)},
      {"complete", report.complete},
      {"incomplete_because", or_null(report.incomplete_because)},
      {"mappings", entries_part(report.entries)}};
  return print_json(all, report::json_layout::indented) + "\n";
}

}  // namespace natcheck
