#include "mapping/journal/mapping_journal.hpp"

#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <utility>

namespace natcheck::journal {
namespace {

constexpr std::string_view run_prefix = "run-";
constexpr std::string_view ending = ".jsonl";
constexpr std::string_view added_name = "added.jsonl";
/// Each takes a descriptor. Those that are left over are for the next run.
constexpr std::size_t most_stale_journals = 64;
/// A record takes 300 bytes, and each renewal writes another.
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

std::optional<stale_journal> take_stale_journal(const fs::path& path, wall_time now) {
  auto file = journal_file::lock(path);
  if (!file) return std::nullopt;
  const auto text = file->read();
  if (!text) return std::nullopt;
  record_set records;
  records.read(*text);
  if (records.foreign()) return std::nullopt;
  records.forget_ended(now);
  if (records.records().empty()) {
    file->remove();
    return std::nullopt;
  }
  return stale_journal(*std::move(file), std::move(records));
}

failure of_another_version(const fs::path& path) {
  return {outcome::unavailable,
          {operation_code::remembering_mappings, path.string()},
          cause_code::other_version_wrote_it,
          0};
}

/// Changes the file of what was added by `change`, which gives the lines that say the same.
template <class Change>
result<void> change_added(const fs::path& directory, wall_time now, Change change) {
  const auto path = directory / added_name;
  auto file = journal_file::lock_or_create(path);
  if (!file) return file.error();
  const auto text = file->read();
  if (!text) return failed_with(path, EIO);
  record_set records;
  records.read(*text);
  if (records.foreign()) return of_another_version(path);
  const std::string lines = change(records);
  records.forget_ended(now);
  if (records.records().empty()) {
    file->remove();
    return result<void>{};
  }
  return file->size() > long_journal ? file->replace(records.text()) : file->append(lines);
}

void read_records_of(const fs::path& path, recorded_by owner, wall_time now,
                     std::vector<known_record>& known) {
  const descriptor file = open_to_read(path);
  if (!file) return;
  // A look that does not disturb: shared, and over with the descriptor.
  const bool held = owner == recorded_by::dead && ::flock(file.number(), LOCK_SH | LOCK_NB) != 0;
  record_set records;
  records.read(read_text(file).value_or(""));
  if (records.foreign()) return;
  // Who is alive renews what has to be renewed.
  if (!held) records.forget_ended(now);
  const auto name = path.filename().string();
  for (const dated_record& each : records.records()) {
    known.push_back(
        {each.record, held ? recorded_by::running : owner, process_of(name), name, end_of(each)});
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

mapping_journal::mapping_journal(fs::path directory, std::optional<journal_file> file,
                                 wall_clock clock)
    : directory_(std::move(directory)), file_(std::move(file)), clock_(std::move(clock)) {}

mapping_journal::mapping_journal(mapping_journal&& other) noexcept
    : directory_(std::move(other.directory_)),
      file_(std::exchange(other.file_, std::nullopt)),
      clock_(std::move(other.clock_)),
      records_(std::move(other.records_)) {}

result<mapping_journal> mapping_journal::open(const fs::path& directory, wall_clock clock) {
  const std::string prefix = std::string(run_prefix) + std::to_string(::getpid()) + "-";
  auto file = journal_file::create(directory, prefix);
  if (!file) return file.error();
  return mapping_journal(directory, *std::move(file), std::move(clock));
}

mapping_journal mapping_journal::without_file(const fs::path& directory, wall_clock clock) {
  return {directory, std::nullopt, std::move(clock)};
}

mapping_journal::~mapping_journal() {
  if (file_ && records_.records().empty()) file_->remove();
}

std::vector<known_record> mapping_journal::others() const {
  auto known = read_records(directory_, clock_());
  const auto own = file_ ? file_->path().filename().string() : "";
  std::erase_if(known, [&](const known_record& each) {
    return each.file == own || each.owner == recorded_by::dead;
  });
  return known;
}

result<void> mapping_journal::write(std::string_view lines) {
  if (!file_) return result<void>{};
  if (file_->size() > long_journal) return file_->replace(records_.text());
  return file_->append(lines);
}

result<void> mapping_journal::keep(const mapping_record& record) {
  const dated_record dated{record, clock_()};
  std::string lines = keep_line(dated);
  const auto known = records_.records();
  for (const dated_record& each : known) {
    mapping_record moved = each.record;
    moved.external_port = record.external_port;
    if (each.record.external_port == record.external_port || !same_mapping(moved, record)) continue;
    records_.drop(each.record);
    // Where a mapping is known by its internal port, the line about the new port is about it.
    if (!same_mapping(each.record, record)) lines += drop_line(each.record);
  }
  records_.keep(dated);
  return write(lines);
}

result<void> mapping_journal::drop(const mapping_record& record) {
  records_.drop(record);
  return write(drop_line(record));
}

// --- dead runs -------------------------------------------------------------------------------

stale_journal::stale_journal(journal_file file, record_set records)
    : file_(std::move(file)), records_(std::move(records)) {}

std::vector<mapping_record> stale_journal::records() const {
  std::vector<mapping_record> all;
  for (const dated_record& each : records_.records()) all.push_back(each.record);
  return all;
}

void stale_journal::drop(const mapping_record& record) {
  records_.drop(record);
  if (records_.records().empty()) return file_.remove();
  // Where this cannot be written, the next run tries to remove it once more.
  static_cast<void>(file_.append(drop_line(record)));
}

std::vector<stale_journal> take_stale_journals(const fs::path& directory, wall_time now) {
  std::vector<stale_journal> stale_journals;
  for (const fs::path& path : run_files(directory)) {
    if (stale_journals.size() == most_stale_journals) break;
    if (auto taken = take_stale_journal(path, now)) stale_journals.push_back(*std::move(taken));
  }
  return stale_journals;
}

std::optional<descriptor> begin_removing(const fs::path& directory) {
  return lock_directory(directory);
}

// --- what is to stay -------------------------------------------------------------------------

result<void> keep_added(const fs::path& directory, const mapping_record& record, wall_time now) {
  return change_added(directory, now, [&](record_set& records) {
    records.keep({record, now});
    return keep_line({record, now});
  });
}

result<void> drop_added(const fs::path& directory, const mapping_record& record, wall_time now) {
  return change_added(directory, now, [&](record_set& records) {
    records.drop(record);
    return drop_line(record);
  });
}

std::vector<known_record> read_records(const fs::path& directory, wall_time now) {
  std::vector<known_record> known;
  for (const fs::path& path : run_files(directory)) {
    read_records_of(path, recorded_by::dead, now, known);
  }
  read_records_of(directory / added_name, recorded_by::added, now, known);
  return known;
}

}  // namespace natcheck::journal
