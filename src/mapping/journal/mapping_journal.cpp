#include "mapping/journal/mapping_journal.hpp"

#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace natcheck::journal {
namespace {

constexpr std::string_view run_prefix = "run-";
constexpr std::string_view ending = ".jsonl";
constexpr std::string_view added_name = "added.jsonl";
/// Each takes a descriptor. Those that are left over are for the next run.
constexpr std::size_t most_orphans = 64;
/// A claim takes 300 bytes, and each renewal writes another.
constexpr std::size_t long_journal = 64 * 1024;

/// "run-123-AbCdEf.jsonl" is of process 123; empty for another name.
std::string process_of(const std::string& name) {
  if (!name.starts_with(run_prefix) || !name.ends_with(ending)) return {};
  const auto rest = std::string_view(name).substr(run_prefix.size());
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  return rest.substr(digits).starts_with('-') ? std::string(rest.substr(0, digits)) : "";
}

/// In the order of their names, so that all runs see them in the same order.
std::vector<fs::path> run_files(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(directory, error), end; !error && each != end;
       each.increment(error)) {
    if (!process_of(each->path().filename().string()).empty()) files.push_back(each->path());
  }
  std::ranges::sort(files);
  return files;
}

std::optional<orphan> take_orphan(const fs::path& path, wall_time now) {
  auto file = journal_file::lock(path);
  if (!file) return std::nullopt;
  const auto text = file->read();
  if (!text) return std::nullopt;
  ledger claims;
  claims.read(*text);
  if (claims.foreign()) return std::nullopt;
  claims.forget_ended(now);
  if (claims.claims().empty()) {
    file->remove();
    return std::nullopt;
  }
  return orphan(*std::move(file), std::move(claims));
}

failure of_another_version(const fs::path& path) {
  return {outcome::unavailable, "remembering port mappings in " + path.string(),
          "another version of natcheck wrote it", 0};
}

/// Changes the file of what was added by `change`, which gives the lines that say the same.
template <class Change>
result<void> change_added(const fs::path& directory, wall_time now, Change change) {
  const auto path = directory / added_name;
  auto file = journal_file::lock_or_create(path);
  if (!file) return file.error();
  const auto text = file->read();
  if (!text) return failed_with(path, EIO);
  ledger claims;
  claims.read(*text);
  if (claims.foreign()) return of_another_version(path);
  const std::string lines = change(claims);
  claims.forget_ended(now);
  if (claims.claims().empty()) {
    file->remove();
    return result<void>{};
  }
  return file->size() > long_journal ? file->replace(claims.text()) : file->append(lines);
}

void read_claims_of(const fs::path& path, claimed_by owner, wall_time now,
                    std::vector<known_claim>& known) {
  const descriptor file = open_to_read(path);
  if (!file) return;
  // A look that does not disturb: shared, and over with the descriptor.
  const bool held = owner == claimed_by::dead && ::flock(file.number(), LOCK_SH | LOCK_NB) != 0;
  ledger claims;
  claims.read(read_text(file).value_or(""));
  if (claims.foreign()) return;
  // Who is alive renews what has to be renewed.
  if (!held) claims.forget_ended(now);
  const auto name = path.filename().string();
  for (const dated_claim& each : claims.claims()) {
    known.push_back(
        {each.claim, held ? claimed_by::running : owner, process_of(name), name, end_of(each)});
  }
}

}  // namespace

fs::path state_directory() {
  const char* named = std::getenv("XDG_STATE_HOME");
  if (named != nullptr && fs::path(named).is_absolute()) return fs::path(named) / "natcheck";
  const char* home = std::getenv("HOME");
  if (home == nullptr || !fs::path(home).is_absolute()) {
    const passwd* user = ::getpwuid(::geteuid());
    home = user == nullptr ? "/" : user->pw_dir;
  }
  return fs::path(home) / ".local" / "state" / "natcheck";
}

wall_time system_now() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// --- this run --------------------------------------------------------------------------------

claim_book::claim_book(journal_file file, wall_clock clock)
    : file_(std::move(file)), clock_(std::move(clock)) {}

claim_book::claim_book(claim_book&& other) noexcept
    : file_(std::exchange(other.file_, std::nullopt)),
      clock_(std::move(other.clock_)),
      claims_(std::move(other.claims_)) {}

result<claim_book> claim_book::open(const fs::path& directory, wall_clock clock) {
  const std::string prefix = std::string(run_prefix) + std::to_string(::getpid()) + "-";
  auto file = journal_file::create(directory, prefix);
  if (!file) return file.error();
  return claim_book(*std::move(file), std::move(clock));
}

claim_book::~claim_book() {
  if (file_ && claims_.claims().empty()) file_->remove();
}

std::vector<known_claim> claim_book::others() const {
  auto known = read_claims(file_->path().parent_path(), clock_());
  const auto own = file_->path().filename().string();
  std::erase_if(known, [&](const known_claim& each) {
    return each.file == own || each.owner == claimed_by::dead;
  });
  return known;
}

result<void> claim_book::write(std::string_view lines) {
  if (file_->size() > long_journal) return file_->replace(claims_.text());
  return file_->append(lines);
}

result<void> claim_book::keep(const mapping_claim& claim) {
  const dated_claim dated{claim, clock_()};
  std::string lines = keep_line(dated);
  const auto known = claims_.claims();
  for (const dated_claim& each : known) {
    mapping_claim moved = each.claim;
    moved.external_port = claim.external_port;
    if (each.claim.external_port == claim.external_port || !same_mapping(moved, claim)) continue;
    claims_.drop(each.claim);
    // NAT-PMP and PCP: the line about the new port is about the same mapping.
    if (!same_mapping(each.claim, claim)) lines += drop_line(each.claim);
  }
  claims_.keep(dated);
  return write(lines);
}

result<void> claim_book::drop(const mapping_claim& claim) {
  claims_.drop(claim);
  return write(drop_line(claim));
}

// --- dead runs -------------------------------------------------------------------------------

orphan::orphan(journal_file file, ledger claims)
    : file_(std::move(file)), claims_(std::move(claims)) {}

std::vector<mapping_claim> orphan::claims() const {
  std::vector<mapping_claim> all;
  for (const dated_claim& each : claims_.claims()) all.push_back(each.claim);
  return all;
}

void orphan::drop(const mapping_claim& claim) {
  claims_.drop(claim);
  if (claims_.claims().empty()) return file_.remove();
  // Where this cannot be written, the next run tries to remove it once more.
  static_cast<void>(file_.append(drop_line(claim)));
}

std::vector<orphan> take_orphans(const fs::path& directory, wall_time now) {
  std::vector<orphan> orphans;
  for (const fs::path& path : run_files(directory)) {
    if (orphans.size() == most_orphans) break;
    if (auto taken = take_orphan(path, now)) orphans.push_back(*std::move(taken));
  }
  return orphans;
}

std::optional<descriptor> begin_removing(const fs::path& directory) {
  return lock_directory(directory);
}

// --- what is to stay -------------------------------------------------------------------------

result<void> keep_added(const fs::path& directory, const mapping_claim& claim, wall_time now) {
  return change_added(directory, now, [&](ledger& claims) {
    claims.keep({claim, now});
    return keep_line({claim, now});
  });
}

result<void> drop_added(const fs::path& directory, const mapping_claim& claim, wall_time now) {
  return change_added(directory, now, [&](ledger& claims) {
    claims.drop(claim);
    return drop_line(claim);
  });
}

std::vector<known_claim> read_claims(const fs::path& directory, wall_time now) {
  std::vector<known_claim> known;
  for (const fs::path& path : run_files(directory)) {
    read_claims_of(path, claimed_by::dead, now, known);
  }
  read_claims_of(directory / added_name, claimed_by::added, now, known);
  return known;
}

}  // namespace natcheck::journal
