// What natcheck opened on gateways and has not closed again, kept on disk, so that a later run can
// remove what this one had no chance to.
//
// Each run has a file of its own and holds its lock as long as it lives; a file that can be locked
// is that of a run which is dead. Mappings made to stay (`mappings add`) are in one file more,
// which is locked only while it is changed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mapping/journal/journal_file.hpp"
#include "mapping/journal/journal_lines.hpp"

namespace natcheck::journal {

/// $XDG_STATE_HOME/natcheck where that is an absolute path, else ~/.local/state/natcheck.
fs::path state_directory();

wall_time system_now();
using wall_clock = std::function<wall_time()>;

enum class recorded_by { running, dead, added };

struct known_record {
  mapping_record record;
  recorded_by owner = recorded_by::dead;
  std::string process;  ///< the number of the process that is, or was, the run; empty for `added`
  std::string file;     ///< its name
  wall_time ends;       ///< when the gateway will have forgotten it, if no one renews it
};

/// The records of this run. Every call returns when the disk has it.
class mapping_journal {
 public:
  /// Makes the directory and the file. Fails where this user may not write.
  static result<mapping_journal> open(const fs::path& directory, wall_clock clock = system_now);

  /// Where `open` fails: writes nothing, and reads what others have written there.
  static mapping_journal without_file(const fs::path& directory, wall_clock clock = system_now);

  mapping_journal(mapping_journal&& other) noexcept;
  mapping_journal& operator=(mapping_journal&&) = delete;
  /// Leaves nothing behind where every record was dropped; else the file is for the next run to
  /// find.
  ~mapping_journal();

  /// To be called before the gateway is asked, and again for each renewal: the lease counts from
  /// the last call. Takes the place of the record on another external port for the same internal
  /// endpoint (RFC 6886 and RFC 6887 have no two of them; here it is the mapping that moved).
  result<void> keep(const mapping_record& record);
  result<void> drop(const mapping_record& record);

  /// What others keep: runs beside this one, and `mappings add`. Read again each time.
  std::vector<known_record> others() const;

 private:
  mapping_journal(fs::path directory, std::optional<journal_file> file, wall_clock clock);
  result<void> write(std::string_view lines);

  fs::path directory_;
  std::optional<journal_file> file_;  ///< empty without one, and after a move
  wall_clock clock_;
  record_set records_;
};

/// What a dead run left behind. No one else takes it as long as this is held.
class stale_journal {
 public:
  stale_journal(journal_file file, record_set records);
  stale_journal(stale_journal&&) noexcept = default;
  stale_journal& operator=(stale_journal&&) noexcept = default;

  /// Of the file.
  std::string name() const { return file_.path().filename().string(); }
  std::vector<mapping_record> records() const;

  /// Writes it off: the mapping is gone. The file goes with its last record.
  void drop(const mapping_record& record);

 private:
  journal_file file_;
  record_set records_;
};

/// The files of dead runs that no one else is working on, without the records on what has ended by
/// itself.
std::vector<stale_journal> take_stale_journals(const fs::path& directory, wall_time now);

/// Whoever removes what dead runs left behind does it under this lock, which is held until the
/// value is destroyed; empty while someone else does. Two at once could remove what one of them
/// has just restored.
std::optional<descriptor> begin_removing(const fs::path& directory);

/// A mapping that is to outlive this program.
result<void> keep_added(const fs::path& directory, const mapping_record& record, wall_time now);
result<void> drop_added(const fs::path& directory, const mapping_record& record, wall_time now);

/// All records on mappings that may still be there. Changes nothing.
std::vector<known_record> read_records(const fs::path& directory, wall_time now);

}  // namespace natcheck::journal
