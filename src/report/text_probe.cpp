#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "core/units.hpp"
#include "report/names.hpp"
#include "report/page.hpp"
#include "report/printable.hpp"

namespace natcheck {
namespace {

using report::page;

/// Like ping's: what was sent, what came back, and how long it took.
void statistics(page& out, const probe_report& report) {
  const auto& rtt = report.judged.rtt;
  const auto lost = rtt.sent - rtt.received;
  out.line("");
  out.paragraph("---", report.evidence.target + " ---", 4);
  const bool tcp = report.evidence.protocol == transport::tcp;
  out.line(fmt::format(
      "{}, {} {}, {:.0f} % lost", counted(rtt.sent, tcp ? "handshake" : "datagram"), rtt.received,
      tcp ? "reached the server" : "answered", rtt.sent == 0 ? 0.0 : 100.0 * lost / rtt.sent));
  if (rtt.min && rtt.avg && rtt.max) {
    out.line(fmt::format("round trip min/avg/max {:.1f}/{:.1f}/{:.1f} ms", rtt.min->count(),
                         rtt.avg->count(), rtt.max->count()));
  }
  out.line("");
}

}  // namespace

std::string to_text(const probe_report& report, const text_style& style) {
  page out(style);
  if (report.evidence.handshakes.size() > 1) statistics(out, report);
  out.judgement(report.judged);
  return out.text();
}

std::string to_text(const handshake_evidence& handshake, unsigned number, const text_style& style) {
  page out(style);
  const auto head = fmt::format("{}:", number);
  auto text = handshake.wrong_identity ? std::string("another server answered")
                                       : std::string(report::words_for(handshake.result));
  text += " in " + in_ms(handshake.timing.total);
  if (!handshake.reached() && !handshake.detail.empty())
    text += " (" + to_string(handshake.detail) + ")";
  out.paragraph(head, text, head.size() + 1);
  return out.text();
}

}  // namespace natcheck
