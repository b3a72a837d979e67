// What each outcome of a handshake is called, what it means, and what to do about it.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <string>
#include <vector>

namespace natcheck::judging {

/// "3 handshakes", or datagrams over UDP.
std::string handshakes(std::size_t number, const probe_evidence& seen);

/// "natcheck probe 5.5.5.5:1234", with `options` and what the protocol takes.
std::string probe_command(const probe_evidence& seen, std::string_view options = {});

/// "5.5.5.5:1234", or the target where no address is known.
std::string place(const probe_evidence& seen);

/// How a handshake that did not reach the server is judged.
struct failure_words {
  verdict_code code = verdict_code::inconclusive;
  std::string summary;  ///< "5.5.5.5 refused the connection on port 1234 (31 ms)."
  std::string meaning;  ///< what it says about the path, as far as one side can tell
  std::string advice;
};

/// Of one that left this machine.
failure_words words_for(const handshake_evidence& one, const probe_evidence& seen);

/// Names, timings and counts, and the session.
std::vector<std::string> handshake_lines(const probe_evidence& seen, const handshake_evidence& one);

/// Why an answer proves nothing about access from outside.
std::string inside_line(inside_reason reason);

/// Whether this failure is also what a router without hairpin does to its own network.
bool may_lack_hairpin(const handshake_evidence& one, const probe_evidence& seen);

std::string ask_outside_if_own(const address& target);

std::string ask_outside(const probe_evidence& seen);

}  // namespace natcheck::judging
