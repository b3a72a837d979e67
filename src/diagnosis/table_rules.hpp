// What became of a command on mappings.
#pragma once

#include <natcheck/mappings.hpp>
#include <string>

namespace natcheck::judging {

// The `judged` of a report whose other fields are filled in.
diagnosis judge(const mappings_report& report);
diagnosis judge(const add_report& report);
diagnosis judge(const removal_report& report);

/// Of a port that cannot be added, because another natcheck, the process of that number, holds it
/// and closes it when it ends.
diagnosis judge_taken(const std::string& process, std::uint16_t external_port);

/// What to do about a port that was asked for, when neither a yes nor its removal was confirmed.
std::string close_what_may_be_open(const mapping& entry, const asked_options& asked);

}  // namespace natcheck::judging
