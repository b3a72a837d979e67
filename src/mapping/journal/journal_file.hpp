// One file of records on disk, locked as long as it is held.
#pragma once

#include <filesystem>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace natcheck::journal {

namespace fs = std::filesystem;

/// More than this of a file is not read: no one has so many mappings.
inline constexpr std::size_t longest_journal = 1024 * 1024;

/// What went wrong with the file of that name, from errno.
failure failed_with(const fs::path& path, int error);

/// A file descriptor that is closed at the end.
class descriptor {
 public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept;
  ~descriptor();

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

/// Makes the directory, and those above it, where they are missing; no one else may look into what
/// it makes.
std::optional<failure> make_directory(const fs::path& directory);

/// Opens for reading. Only a regular file of this user, which is not a link.
descriptor open_to_read(const fs::path& path);

/// At most `longest_journal` bytes from the beginning; empty when they cannot be read.
std::optional<std::string> read_text(const descriptor& file);

/// The lock (flock) is the sign of life: the kernel gives it up when the process is gone, however
/// it went, and never before.
class journal_file {
 public:
  /// A new file, `prefix` and six characters and ".jsonl", that only this user may read. Written to
  /// disk with its first line before this returns.
  static result<journal_file> create(const fs::path& directory, const std::string& prefix);

  /// Locks a file that exists. Empty when someone else holds it, and for what is not a regular
  /// file of this user.
  static std::optional<journal_file> lock(const fs::path& path);

  /// Locks that file, which is made where it is missing; waits for others that hold it.
  static result<journal_file> lock_or_create(const fs::path& path);

  const fs::path& path() const { return path_; }
  std::optional<std::string> read() const { return read_text(file_); }
  std::size_t size() const;

  /// Adds whole lines, and returns when they are on the disk.
  result<void> append(std::string_view lines);

  /// Puts `text` in the place of everything, at once: after a power cut it is one or the other.
  result<void> replace(std::string_view text);

  void remove();

 private:
  journal_file(fs::path path, descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  bool still_there() const;
  bool ends_within_line() const;

  fs::path path_;
  descriptor file_;
};

/// Locks the directory itself; empty while someone else has it. A directory that is not there, or
/// that cannot be locked, is given at once: there is no one to wait for.
std::optional<descriptor> lock_directory(const fs::path& directory);

}  // namespace natcheck::journal
