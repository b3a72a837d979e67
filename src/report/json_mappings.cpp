#include <natcheck/report.hpp>

#include "report/json.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"

namespace natcheck {
namespace {

using report::foreign;
using report::list_of;
using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::value gateway_part(const std::optional<address>& gateway,
                         const std::optional<route_info>& way) {
  if (!gateway) return nullptr;
  const auto interface = way ? way->interface : std::string();
  return {{"address", to_value(*gateway)}, {"interface", or_null(interface)}};
}

json::object entry_part(const table_entry& entry) {
  const bool anybody = entry.remote_host.empty();
  return {{"protocol", name_of(entry.protocol)},
          {"external_port", entry.external_port},
          {"remote_host", anybody ? json::value(nullptr) : foreign(entry.remote_host)},
          {"internal_client", foreign(entry.internal_client)},
          {"internal_port", or_null(entry.internal_port)},
          {"enabled", entry.enabled},
          {"description", foreign(entry.description)},
          {"lease_s", or_null(entry.lease_s)},
          {"ours", entry.ours}};
}

std::string_view name_of(removal value) {
  switch (value) {
    case removal::removed:
      return "removed";
    case removal::failed:
      return "failed";
    case removal::in_use:
      return "in-use";
    case removal::elsewhere:
      return "elsewhere";
    case removal::foreign:
      break;
  }
  return "foreign";
}

json::object mapping_part(const mapping& entry) {
  return {{"protocol", name_of(entry.protocol)},      {"via", name_of(entry.via)},
          {"external", report::external_part(entry)}, {"external_port", entry.external_port},
          {"internal", to_value(entry.internal)},     {"lifetime_s", entry.lifetime.count()}};
}

json::object stale_part(const events::stale_mapping& ended) {
  json::object part = mapping_part(ended.entry);
  part["removed"] = ended.removed;
  part["detail"] = or_null(ended.detail);
  return part;
}

/// The same fields whether there is a mapping or not.
json::object added_part(const added_mapping& added) {
  const mapping_evidence& seen = added.evidence;
  json::object part{{"protocol", name_of(seen.protocol)},
                    {"via", nullptr},
                    {"external", nullptr},
                    {"external_port", nullptr},
                    {"internal", seen.gateway ? to_value(seen.internal) : json::value(nullptr)},
                    {"lifetime_s", nullptr}};
  if (added.entry) part = mapping_part(*added.entry);
  part["verified"] = added.entry ? json::value(added.entry->verified) : json::value(nullptr);
  part["asked"] = {{"external_port", seen.external_port},
                   {"lifetime_s", added.asked_lifetime.count()}};
  part["probe_command"] = or_null(added.probe_command);
  part["findings"] = to_value(added.judged.findings);
  part["attempts"] = to_value(seen.attempts);
  part["verdict"] = added.entry ? json::value(nullptr) : to_value(added.judged.main);
  return part;
}

json::object removed_part(const removed_mapping& removed) {
  json::object part = mapping_part(removed.entry);
  part["outcome"] = name_of(removed.outcome);
  part["detail"] = or_null(removed.detail);
  return part;
}

/// What all commands that change something begin with.
json::object begin(std::string_view schema, const change_report& report) {
  const auto gateway = report.egress_route ? report.egress_route->gateway : std::nullopt;
  return {{"schema", schema},
          {"version", version()},
          {"started_at", report::timestamp(report.started_at)},
          {"elapsed_ms", to_value(report.elapsed)},
          {"gateway", gateway_part(gateway, report.egress_route)},
          {"left_overs", list_of(report.stale_mappings, stale_part)}};
}

}  // namespace

std::string to_json(const mappings_report& report) {
  const json::object all{
      {"schema", "natcheck/mappings/1"},
      {"version", version()},
      {"started_at", report::timestamp(report.started_at)},
      {"elapsed_ms", to_value(report.elapsed)},
      {"gateway", gateway_part(report.gateway, report.egress_route)},
      {"service", report.service.empty() ? json::value(nullptr) : foreign(report.service)},
      {"external_address", or_null(report.external_address)},
      {"state", name_of(report.upnp.state)},
      {"reason", or_null(report.upnp.detail)},
      {"complete", report.complete},
      {"incomplete_because", or_null(report.incomplete_because)},
      {"mappings", list_of(report.entries, entry_part)},
      {"notes", to_value(report.notes)},
      {"left_overs", list_of(report.stale_mappings, mapping_part)}};
  return print_json(all, report::json_layout::indented) + "\n";
}

std::string to_json(const add_report& report) {
  json::object all = begin("natcheck/mappings-add/1", report);
  all["remembered"] = report.not_remembered.empty();
  all["reason"] = or_null(report.not_remembered);
  all["mappings"] = list_of(report.mappings, added_part);
  return print_json(all, report::json_layout::indented) + "\n";
}

std::string to_json(const removal_report& report) {
  const auto* schema =
      report.external_port ? "natcheck/mappings-remove/1" : "natcheck/mappings-clean/1";
  json::object all = begin(schema, report);
  if (report.external_port) all["external_port"] = *report.external_port;
  all["summary"] = report.judged.main.summary;
  all["advice"] = to_value(report.judged.main.advice);
  all["incomplete_because"] = or_null(report.not_seen);
  all["mappings"] = list_of(report.mappings, removed_part);
  return print_json(all, report::json_layout::indented) + "\n";
}

}  // namespace natcheck
