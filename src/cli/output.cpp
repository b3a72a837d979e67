#include "cli/output.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "cli/arguments.hpp"

namespace natcheck::cli {

void keep_standard_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    // open() takes the lowest free number, which is the one that is missing.
    if (::open("/dev/null", O_RDWR) != descriptor) return;
  }
}

void complain(std::string_view message) {
  fmt::print(stderr, "natcheck: {}\n", printable(message));
}

output::state output::write(std::string_view text) {
  if (state_ != state::good) return state_;
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return state_;
  state_ = errno == EPIPE ? state::closed : state::failed;
  if (state_ == state::failed) {
    complain(fmt::format("cannot write the result: {}", std::generic_category().message(errno)));
  }
  return state_;
}

}  // namespace natcheck::cli
