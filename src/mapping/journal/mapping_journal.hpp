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

enum class claimed_by { running, dead, added };

struct known_claim {
  mapping_claim claim;
  claimed_by owner = claimed_by::dead;
  std::string process;  ///< the number of the process that is, or was, the run; empty for `added`
  std::string file;     ///< its name
  wall_time ends;       ///< when the gateway will have forgotten it, if no one renews it
};

/// The claims of this run. Every call returns when the disk has it.
class claim_book {
 public:
  /// Makes the directory and the file. Fails where this user may not write.
  static result<claim_book> open(const fs::path& directory, wall_clock clock = system_now);

  claim_book(claim_book&& other) noexcept;
  claim_book& operator=(claim_book&&) = delete;
  /// Leaves nothing behind where every claim was dropped; else the file is for the next run to
  /// find.
  ~claim_book();

  /// To be called before the gateway is asked, and again for each renewal: the lease counts from
  /// the last call. Takes the place of the claim on another external port for the same internal
  /// endpoint (RFC 6886 and RFC 6887 have no two of them; here it is the mapping that moved).
  result<void> keep(const mapping_claim& claim);
  result<void> drop(const mapping_claim& claim);

  /// What others keep: runs beside this one, and `mappings add`. Read again each time.
  std::vector<known_claim> others() const;

 private:
  claim_book(journal_file file, wall_clock clock);
  result<void> write(std::string_view lines);

  std::optional<journal_file> file_;  ///< empty after a move
  wall_clock clock_;
  ledger claims_;
};

/// What a dead run left behind. No one else takes it as long as this is held.
class orphan {
 public:
  orphan(journal_file file, ledger claims);
  orphan(orphan&&) noexcept = default;
  orphan& operator=(orphan&&) noexcept = default;

  /// Of the file.
  std::string name() const { return file_.path().filename().string(); }
  std::vector<mapping_claim> claims() const;

  /// Writes it off: the mapping is gone. The file goes with its last claim.
  void drop(const mapping_claim& claim);

 private:
  journal_file file_;
  ledger claims_;
};

/// The files of dead runs that no one else is working on, without the claims on what has ended by
/// itself.
std::vector<orphan> take_orphans(const fs::path& directory, wall_time now);

/// Whoever removes what dead runs left behind does it under this lock, which is held until the
/// value is destroyed; empty while someone else does. Two at once could remove what one of them
/// has just restored.
std::optional<descriptor> begin_removing(const fs::path& directory);

/// A mapping that is to outlive this program.
result<void> keep_added(const fs::path& directory, const mapping_claim& claim, wall_time now);
result<void> drop_added(const fs::path& directory, const mapping_claim& claim, wall_time now);

/// All claims on mappings that may still be there. Changes nothing.
std::vector<known_claim> read_claims(const fs::path& directory, wall_time now);

}  // namespace natcheck::journal
