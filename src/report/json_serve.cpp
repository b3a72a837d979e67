#include <natcheck/report.hpp>

#include "report/json.hpp"
#include "report/json_outside.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"

namespace natcheck {
namespace {

using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::value check_part(const self_check& check) {
  return {{"target", to_value(check.target)},
          {"result", name_of(check.result)},
          {"detail", or_null(check.detail)}};
}

json::value rule_part(const nat_rule& rule) {
  return {{"family", rule.family},
          {"table", rule.table},
          {"chain", rule.chain},
          {"to", or_null(rule.to)},
          {"to_port", or_null(rule.to_port)}};
}

/// Adds the fields of one event; the overloads are in the order of the variant.
class filler {
 public:
  explicit filler(json::object& out) : out_(out) {}

  void operator()(const events::listening& e) {
    begin("listening", e.protocol);
    out_["address"] = to_value(e.local);
  }
  void operator()(const events::mapped& e) {
    begin("mapped", e.entry);
    add_ways_in(e.probe_command, e.entry.protocol, e.external);
    out_["findings"] = to_value(e.findings);
  }
  void operator()(const events::map_not_needed& e) {
    begin("map-not-needed", e.protocol);
    out_["external"] = to_value(e.external);
    out_["confirmed"] = e.confirmed;
    add_ways_in(e.probe_command, e.protocol, e.external);
  }
  void operator()(const events::external_address& e) {
    begin("external-address", e.protocol);
    out_["external"] = or_null(e.external);
    out_["sources"] = to_value(e.judged.sources);
    out_["router_says"] = or_null(e.evidence.router_says);
    out_["stun"] = report::stun_part(e.evidence.stun);
    out_["finding"] = or_null(e.judged.doubt);
    add_ways_in(e.probe_command, e.protocol, e.external);
  }
  void operator()(const events::redirected& e) {
    begin("redirected", e.evidence.protocol);
    out_["port"] = e.evidence.port;
    out_["rule"] = rule_part(e.evidence.rule);
    add_judgement(e.judged);
  }
  void operator()(const events::map_failed& e) {
    begin("map-failed", e.evidence.protocol);
    out_["attempts"] = to_value(e.evidence.attempts);
    out_["verdict"] = to_string(e.judged.main.code);
    out_["summary"] = e.judged.main.summary;
    out_["advice"] = to_value(e.judged.main.advice);
  }
  void operator()(const events::pinhole_failed& e) {
    begin("pinhole-failed", e.evidence.protocol);
    out_["internal"] = to_value(e.evidence.internal);
    out_["attempts"] = to_value(e.evidence.attempts);
  }
  void operator()(const events::stale_mapping& e) {
    begin("left-over", e.entry);
    out_["removed"] = e.removed;
    out_["detail"] = or_null(e.detail);
  }
  void operator()(const events::self_tested& e) {
    begin("self-tested", e.evidence.protocol);
    out_["loopback"] = or_null(e.evidence.loopback, check_part);
    out_["lan"] = or_null(e.evidence.lan, check_part);
    out_["hairpin"] = or_null(e.evidence.hairpin, check_part);
    add_judgement(e.judged);
  }
  void operator()(const events::watching& e) {
    out_["event"] = "watching";
    out_["able"] = e.able;
    out_["detail"] = or_null(e.detail);
    out_["advice"] = or_null(report::advice_for(e));
  }
  void operator()(const events::blocked& e) {
    begin("blocked", e.evidence.protocol);
    out_["peer"] = to_value(e.evidence.peer);
    out_["local"] = to_value(e.evidence.local);
    out_["interface"] = e.evidence.interface;
    out_["requests"] = e.evidence.requests;
    out_["answers"] = e.evidence.answers;
    out_["refusals"] = e.evidence.refusals;
    add_judgement(e.judged);
  }
  void operator()(const events::greeted& e) {
    begin("greeted", e.protocol);
    out_["peer"] = to_value(e.peer);
    out_["dialect"] = name_of(e.spoken);
    out_["session"] = or_null(e.session);
    out_["bytes"] = e.bytes;
    out_["duration_ms"] = to_value(e.duration);
    out_["from"] = e.from ? to_value(name_of(*e.from)) : nullptr;
  }
  void operator()(const events::rejected& e) {
    begin("rejected", e.protocol);
    out_["peer"] = to_value(e.peer);
    out_["reason"] = to_string(e.reason);
  }
  void operator()(const events::renewed& e) { begin("renewed", e.entry); }
  void operator()(const events::renewal_failed& e) {
    begin("renewal-failed", e.entry);
    out_["reason"] = to_string(e.reason);
    out_["left_s"] = e.left.count();
  }
  void operator()(const events::mapping_lost& e) {
    begin("mapping-lost", e.entry);
    out_["reason"] = to_string(e.reason);
  }
  void operator()(const events::remapped& e) {
    begin("remapped", e.entry);
    add_ways_in(e.probe_command, e.entry.protocol, e.external);
    out_["findings"] = to_value(e.findings);
  }
  void operator()(const events::unmapped& e) {
    begin("unmapped", e.entry);
    out_["removed"] = e.removed;
    out_["detail"] = or_null(e.detail);
  }
  void operator()(const events::crowded& e) {
    out_["event"] = "crowded";
    out_["period_s"] = e.period.count();
    out_["greeted"] = e.greeted;
    out_["rejected"] = e.rejected;
    out_["sources"] = e.sources;
  }
  void operator()(const events::stopped& e) {
    out_["event"] = "stopped";
    out_["greeted"] = e.greeted;
    out_["rejected"] = e.rejected;
    out_["arrived"] = e.arrived ? json::value(*e.arrived) : json::value();
    out_["uptime_s"] = std::chrono::duration<double>(e.uptime).count();
  }

 private:
  void begin(std::string_view name, transport protocol) {
    out_["event"] = name;
    out_["protocol"] = name_of(protocol);
  }

  void begin(std::string_view name, const mapping& entry) {
    begin(name, entry.protocol);
    out_["via"] = name_of(entry.via);
    out_["external"] = report::external_part(entry);
    out_["internal"] = to_value(entry.internal);
    out_["lifetime_s"] = entry.lifetime.count();
    out_["verified"] = entry.verified;
    out_["asked"] = {{"external_port", entry.asked_port},
                     {"lifetime_s", entry.asked_lifetime.count()}};
  }

  /// `external` is that is given to others; empty: not known.
  void add_ways_in(const std::string& command, transport protocol,
                   const std::optional<endpoint>& external) {
    out_["probe_command"] = or_null(command);
    out_["page_url"] = external ? or_null(report::page_at(protocol, *external)) : nullptr;
  }

  void add_judgement(const diagnosis& judged) {
    out_["verdict"] = to_string(judged.main.code);
    out_["confidence"] = to_string(judged.main.certainty);
    out_["summary"] = judged.main.summary;
    out_["evidence"] = to_value(judged.main.evidence);
    out_["advice"] = to_value(judged.main.advice);
    out_["findings"] = to_value(judged.findings);
  }

  json::object& out_;
};

}  // namespace

std::string to_json(const serve_event& event) {
  json::object all{{"event", nullptr}, {"at", report::timestamp(event.at)}};
  std::visit(filler(all), event.what);
  return print_json(all, report::json_layout::one_line) + "\n";
}

}  // namespace natcheck
