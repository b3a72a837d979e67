#include "mapping/journal/journal_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <natcheck/operations.hpp>
#include <system_error>

#include "mapping/journal/journal_lines.hpp"

namespace natcheck::journal {
namespace {

// O_NONBLOCK: to open a pipe of that name must not hang.
constexpr int careful = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr int read_and_append = O_RDWR | O_APPEND | careful;
constexpr mode_t only_for_me = 0600;
/// Between opening and locking the file may be removed, by whoever found it empty.
constexpr int attempts_to_lock = 20;

template <class Call>
auto unless_interrupted(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

bool flock(const descriptor& file, int operation) {
  return unless_interrupted([&] { return ::flock(file.number(), operation); }) == 0;
}

/// What this user's other natcheck may have written, and no one else.
bool is_ours(const descriptor& file) {
  struct stat found {};
  return ::fstat(file.number(), &found) == 0 && S_ISREG(found.st_mode) &&
         found.st_uid == ::geteuid();
}

/// Makes the names in it survive a power cut.
void sync_directory(const fs::path& directory) {
  const descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) ::fsync(opened.number());
}

bool write_all(const descriptor& file, std::string_view text) {
  while (!text.empty()) {
    const auto written =
        unless_interrupted([&] { return ::write(file.number(), text.data(), text.size()); });
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return unless_interrupted([&] { return ::fdatasync(file.number()); }) == 0;
}

struct new_file {
  fs::path path;
  descriptor file;
};

/// Its six characters are mkostemps'.
new_file make_file(const fs::path& directory, const std::string& prefix) {
  constexpr std::string_view ending = ".jsonl";
  std::string name = (directory / (prefix + "XXXXXX")).string().append(ending);
  const int number =
      ::mkostemps(name.data(), static_cast<int>(ending.size()), O_APPEND | O_CLOEXEC);
  return {name, descriptor(number)};
}

}  // namespace

failure failed_with(const fs::path& path, int error) {
  const bool forbidden = error == EACCES || error == EPERM || error == EROFS;
  return {forbidden ? outcome::denied : outcome::unavailable,
          {operation_code::remembering_mappings, path.string()},
          cause(std::generic_category().message(error)),
          0};
}

descriptor& descriptor::operator=(descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

descriptor::~descriptor() {
  if (number_ >= 0) ::close(number_);
}

std::optional<failure> make_directory(const fs::path& directory) {
  fs::path so_far;
  for (const fs::path& part : directory) {
    so_far /= part;
    if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST) {
      const int error = errno;
      std::error_code ignored;
      // EACCES or EROFS of a parent that exists is no obstacle.
      if (!fs::is_directory(so_far, ignored)) return failed_with(directory, error);
    }
  }
  return std::nullopt;
}

descriptor open_to_read(const fs::path& path) {
  descriptor file(::open(path.c_str(), O_RDONLY | careful));
  return file && is_ours(file) ? std::move(file) : descriptor();
}

std::optional<std::string> read_text(const descriptor& file) {
  std::string text;
  std::array<char, 16384> block{};
  while (text.size() < longest_journal) {
    const auto got = unless_interrupted([&] {
      return ::pread(file.number(), block.data(), block.size(), static_cast<off_t>(text.size()));
    });
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    text.append(block.data(), static_cast<std::size_t>(got));
  }
  return text;
}

bool journal_file::still_there() const {
  struct stat held {};
  struct stat named {};
  return ::fstat(file_.number(), &held) == 0 && ::lstat(path_.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

result<journal_file> journal_file::create(const fs::path& directory, const std::string& prefix) {
  if (const auto failed = make_directory(directory)) return *failed;
  for (int attempt = 0; attempt < attempts_to_lock; ++attempt) {
    auto [path, file] = make_file(directory, prefix);
    if (!file || !flock(file, LOCK_EX)) return failed_with(directory, errno);
    journal_file made(path, std::move(file));
    if (!made.still_there()) continue;
    const auto begun = made.append(version_line());
    if (!begun) return begun.error();
    sync_directory(directory);
    return made;
  }
  return failed_with(directory, EBUSY);
}

std::optional<journal_file> journal_file::lock(const fs::path& path) {
  descriptor file(::open(path.c_str(), read_and_append));
  if (!file || !is_ours(file) || !flock(file, LOCK_EX | LOCK_NB)) return std::nullopt;
  journal_file locked(path, std::move(file));
  if (!locked.still_there()) return std::nullopt;
  return locked;
}

result<journal_file> journal_file::lock_or_create(const fs::path& path) {
  if (const auto failed = make_directory(path.parent_path())) return *failed;
  for (int attempt = 0; attempt < attempts_to_lock; ++attempt) {
    descriptor file(::open(path.c_str(), read_and_append | O_CREAT, only_for_me));
    if (!file) return failed_with(path, errno);
    if (!is_ours(file)) return failed_with(path, EPERM);
    if (!flock(file, LOCK_EX)) return failed_with(path, errno);
    journal_file locked(path, std::move(file));
    if (!locked.still_there()) continue;
    if (locked.size() > 0) return locked;
    const auto begun = locked.append(version_line());
    if (!begun) return begun.error();
    sync_directory(path.parent_path());
    return locked;
  }
  return failed_with(path, EBUSY);
}

std::size_t journal_file::size() const {
  struct stat found {};
  return ::fstat(file_.number(), &found) == 0 ? static_cast<std::size_t>(found.st_size) : 0;
}

bool journal_file::ends_within_line() const {
  const auto length = size();
  char last = '\n';
  if (length > 0 && ::pread(file_.number(), &last, 1, static_cast<off_t>(length - 1)) != 1) {
    return true;
  }
  return last != '\n';
}

result<void> journal_file::append(std::string_view lines) {
  // What a full disk or a power cut left of the line before must not spoil this one.
  const std::string whole = (ends_within_line() ? "\n" : "") + std::string(lines);
  if (!write_all(file_, whole)) return failed_with(path_, errno);
  return result<void>{};
}

result<void> journal_file::replace(std::string_view text) {
  auto [path, file] = make_file(path_.parent_path(), ".new-");
  if (!file) return failed_with(path_, errno);
  // Locked before it has the name by which others find it.
  const bool done =
      flock(file, LOCK_EX) && write_all(file, text) && ::rename(path.c_str(), path_.c_str()) == 0;
  if (!done) {
    const failure why = failed_with(path_, errno);
    ::unlink(path.c_str());
    return why;
  }
  sync_directory(path_.parent_path());
  file_ = std::move(file);
  return result<void>{};
}

void journal_file::remove() { ::unlink(path_.c_str()); }

std::optional<descriptor> lock_directory(const fs::path& directory) {
  descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened && !flock(opened, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) return std::nullopt;
  return opened;
}

}  // namespace natcheck::journal
