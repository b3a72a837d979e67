// The way from this host to the Internet as a drawing.
#pragma once

#include <natcheck/report.hpp>

#include "report/page.hpp"

namespace natcheck::report {

/// Draws the path between blank lines; nothing when there is no way out to draw.
void draw_path(page& out, const discover_report& report);

/// The router's outside addresses as its services name them, each once, with its namers:
/// "100.64.5.2 (NAT-PMP, UPnP)".
struct outside_address {
  address ip;
  std::string named_by;
};

std::vector<outside_address> outside_addresses(const discover_evidence& seen);

}  // namespace natcheck::report
