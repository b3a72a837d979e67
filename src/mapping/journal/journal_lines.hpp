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

#include "core/mapping_record.hpp"

namespace natcheck::journal {

using wall_time = std::chrono::sys_seconds;

/// The first line of every file: what the lines after it look like.
inline constexpr int journal_version = 1;

/// How long a record on an entry without an end is believed in.
inline constexpr std::chrono::days longest_belief{90};

/// A record, and when it was written down: right before the gateway was asked.
struct dated_record {
  mapping_record record;
  wall_time at;

  friend bool operator==(const dated_record&, const dated_record&) = default;
};

/// When the gateway will have forgotten it, if no one renewed it.
wall_time end_of(const dated_record& record);

// Each ends with a newline.
std::string version_line();
std::string keep_line(const dated_record& record);
std::string drop_line(const mapping_record& record);

/// What the lines of one file amount to.
class record_set {
 public:
  void keep(const dated_record& record);
  void drop(const mapping_record& record);

  /// Takes the lines of a file, in their order. The last one counts only with its newline: without,
  /// it may be the beginning of another one.
  void read(std::string_view text);

  /// Drops the records on mappings that have ended by themselves.
  void forget_ended(wall_time now);

  const std::vector<dated_record>& records() const { return records_; }

  /// True where a line tells of another version: then nothing here is to be relied on.
  bool foreign() const { return foreign_; }

  /// The shortest file that says the same.
  std::string text() const;

 private:
  void read_line(std::string_view line);

  std::vector<dated_record> records_;
  bool foreign_ = false;
};

}  // namespace natcheck::journal
