// What is written down of mappings, as lines of JSON, and what a whole file of them amounts to.
// Pure.
//
//   {"natcheck-mappings":1}
//   {"keep":{"via":"pcp","protocol":"tcp","gateway":"192.168.1.1","interface":"eth0",
//            "internal":"192.168.1.10:1234","external_port":1234,"lifetime_s":3600,
//            "nonce":"0123456789abcdef01234567"},"at":1700000000}        (on one line)
//   {"drop":{"via":"pcp","protocol":"tcp","gateway":"192.168.1.1",
//            "internal":"192.168.1.10:1234","external_port":1234}}       (on one line)
//
// Of two lines about one mapping the later counts. A line that cannot be read, as a power cut may
// leave one, is passed over.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapping_claim.hpp"

namespace natcheck::journal {

using wall_time = std::chrono::sys_seconds;

/// The first line of every file: what the lines after it look like.
inline constexpr int journal_version = 1;

/// How long a claim on an entry without an end is believed in.
inline constexpr std::chrono::days longest_belief{90};

/// A claim, and when it was written down: right before the gateway was asked.
struct dated_claim {
  mapping_claim claim;
  wall_time at;

  friend bool operator==(const dated_claim&, const dated_claim&) = default;
};

/// True when both are about one mapping of the gateway. PCP and NAT-PMP have one for each internal
/// endpoint (RFC 6887 section 11, RFC 6886 section 3.3), UPnP one for each external port.
bool same_mapping(const mapping_claim& a, const mapping_claim& b);

/// When the gateway will have forgotten it, if no one renewed it.
wall_time end_of(const dated_claim& claim);

// Each ends with a newline.
std::string version_line();
std::string keep_line(const dated_claim& claim);
std::string drop_line(const mapping_claim& claim);

/// What the lines of one file amount to.
class ledger {
 public:
  void keep(const dated_claim& claim);
  void drop(const mapping_claim& claim);

  /// Takes the lines of a file, in their order. The last one counts only with its newline: without,
  /// it may be the beginning of another one.
  void read(std::string_view text);

  /// Drops the claims on mappings that have ended by themselves.
  void forget_ended(wall_time now);

  const std::vector<dated_claim>& claims() const { return claims_; }

  /// True where a line tells of another version: then nothing here is to be relied on.
  bool foreign() const { return foreign_; }

  /// The shortest file that says the same.
  std::string text() const;

 private:
  void read_line(std::string_view line);

  std::vector<dated_claim> claims_;
  bool foreign_ = false;
};

}  // namespace natcheck::journal
