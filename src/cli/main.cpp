// The program: reads the command line, runs the command, and lets no exception out.
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <csignal>
#include <exception>
#include <string>
#include <vector>

#include "cli/exit_codes.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/run.hpp"

namespace {

int run_program(int count, char** words) {
  natcheck::cli::keep_standard_descriptors();
  // A reader that leaves is an error of write(), after which the mapping is still removed.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> arguments(words + (count > 0 ? 1 : 0), words + count);
  return natcheck::cli::run(natcheck::cli::parse_command_line(arguments));
}

/// Nothing works without a few descriptors: not the event loop, not the signals.
bool out_of_descriptors(const boost::system::error_code& error) {
  return error.value() == EMFILE || error.value() == ENFILE;
}

std::string describe(const boost::system::system_error& error) {
  if (!out_of_descriptors(error.code())) return std::string("internal error: ") + error.what();
  return "this program has no file descriptors left; raise the limit (see ulimit -n)";
}

}  // namespace

int main(int count, char** words) {
  try {
    return run_program(count, words);
  } catch (const boost::system::system_error& error) {
    natcheck::cli::complain(describe(error));
  } catch (const std::exception& error) {
    natcheck::cli::complain(std::string("internal error: ") + error.what());
  } catch (...) {
    natcheck::cli::complain("internal error");
  }
  return static_cast<int>(natcheck::cli::exit_code::fault);
}
