// What is shown of a result beside its full report.
#pragma once

#include <natcheck/discover.hpp>
#include <natcheck/probe.hpp>
#include <string>
#include <vector>

namespace natcheck::cli {

/// What `discover` waits for: "asking the router and 4 servers outside".
std::string waiting_text(const discover_options& options);

/// The line that `discover -q` prints: the public address, the IPv6 address of a machine that has
/// no other egress route, or nothing.
std::string short_text(const discover_report& report);

/// What is known of a probe that was ended after these handshakes, of which there is at least one.
/// Whether it was asked from inside is not, so its verdict is inconclusive.
probe_report report_of_ended(const probe_options& options,
                             std::vector<handshake_evidence> handshakes);

}  // namespace natcheck::cli
