// What the exit code says to a script. 64 and 70 are those of sysexits.h.
#pragma once

#include <natcheck/diagnosis.hpp>

namespace natcheck::cli {

enum class exit_code : int {
  yes = 0,
  no = 1,       ///< proven
  unknown = 2,  ///< could not tell, or only partly
  usage = 64,
  fault = 70,         ///< of this machine or of this program
  interrupted = 130,  ///< by a second SIGINT; 128 + SIGINT as in a shell
};

constexpr exit_code exit_code_of(answer value) {
  switch (value) {
    case answer::yes:
      return exit_code::yes;
    case answer::no:
      return exit_code::no;
    case answer::unknown:
      break;
  }
  return exit_code::unknown;
}

}  // namespace natcheck::cli
