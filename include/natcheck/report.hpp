// Reports and events as text for people and as JSON for programs (docs/cli.md).
#pragma once

#include <natcheck/discover.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>
#include <string>
#include <string_view>

namespace natcheck {

struct text_style {
  bool color = false;   ///< ANSI colours
  bool unicode = true;  ///< drawings and marks outside ASCII
  unsigned width = 80;  ///< columns; text is wrapped, never cut
};

/// Ends with a newline. Never contains control characters that came from the network.
std::string to_text(const discover_report& report, const text_style& style);
/// Its first rows, as far as they are known while the rest is still being asked.
std::string addresses_text(const discover_report& so_far, const text_style& style);
std::string to_text(const probe_report& report, const text_style& style);
/// One handshake of several: "3: reached in 61 ms".
std::string to_text(const handshake_evidence& handshake, unsigned number, const text_style& style);
std::string to_text(const serve_event& event, const text_style& style);
std::string to_text(const mappings_report& report, const text_style& style);
std::string to_text(const add_report& report, const text_style& style);
std::string to_text(const removal_report& report, const text_style& style);

/// One object on several lines; ends with a newline.
std::string to_json(const discover_report& report);
std::string to_json(const probe_report& report);
std::string to_json(const mappings_report& report);
std::string to_json(const add_report& report);
std::string to_json(const removal_report& report);
/// One object on one line; ends with a newline.
std::string to_json(const serve_event& event);

/// The same report with every public address replaced, each always by the same documentation
/// address (RFC 5737, RFC 3849), in addresses and in sentences: safe to share. Names of servers and
/// private addresses stay.
discover_report redacted(discover_report report);

/// The version of this library: "0.1.0".
std::string_view version();

}  // namespace natcheck
