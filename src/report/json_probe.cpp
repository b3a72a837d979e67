#include <natcheck/report.hpp>

#include "report/json.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"

namespace natcheck {
namespace {

using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::value server_part(const handshake_evidence& one) {
  if (!one.server_version && !one.server_instance) return nullptr;
  return {{"version", or_null(one.server_version)}, {"instance", or_null(one.server_instance)}};
}

json::value timing_part(const probe_timing& timing) {
  return {{"resolve", or_null(timing.resolve)},
          {"connect", or_null(timing.connect)},
          {"greeting", or_null(timing.greeting)},
          {"echo", or_null(timing.echo)},
          {"total", to_value(timing.total)}};
}

json::value rtt_part(const rtt_statistics& rtt) {
  return {{"min", or_null(rtt.min)},
          {"avg", or_null(rtt.avg)},
          {"max", or_null(rtt.max)},
          {"sent", rtt.sent},
          {"received", rtt.received}};
}

/// Null where this machine itself is to blame: nothing was established about anybody else.
json::value result_part(const handshake_evidence& one) {
  if (one.machine_fault) return nullptr;
  return to_value(name_of(one.result));
}

json::object address_part(const address_attempt& one) {
  return {{"address", to_value(one.ip)},
          {"family", one.ip.is_v6() ? 6 : 4},
          {"result", result_part(one.handshake)}};
}

json::object handshake_part(const handshake_evidence& one) {
  return {{"result", name_of(one.result)}, {"total_ms", to_value(one.timing.total)}};
}

}  // namespace

std::string to_json(const probe_report& report) {
  const auto& seen = report.evidence;
  const auto& one = report.judged.representative;
  json::object all{{"schema", "natcheck/probe/1"},
                   {"target", seen.target},
                   {"address", or_null(seen.address)},
                   {"protocol", name_of(seen.protocol)},
                   {"result", result_part(one)},
                   {"addresses", report::list_of(seen.attempts, address_part)},
                   {"seen_as", or_null(one.seen_as)},
                   {"server", server_part(one)},
                   {"timing_ms", timing_part(one.timing)},
                   {"rtt_ms", rtt_part(report.judged.rtt)},
                   {"session", or_null(seen.session)},
                   {"verdict", to_value(report.judged.main)},
                   {"findings", to_value(report.judged.findings)}};
  if (seen.handshakes.size() > 1)
    all["handshakes"] = report::list_of(seen.handshakes, handshake_part);
  return print_json(all, report::json_layout::indented) + "\n";
}

}  // namespace natcheck
