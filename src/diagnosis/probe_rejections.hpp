// What an ICMP error that answered a probe says, and who says it.
#pragma once

#include <natcheck/probe_evidence.hpp>
#include <string>

namespace natcheck::judging {

/// The words for one failure.
struct failure_story {
  std::string happened;  ///< completes "5.5.5.5 ..."
  std::string meaning;
  std::string advice;
};

/// Of a handshake that has an ICMP error.
failure_story story_of_icmp(const icmp_notice& icmp, const probe_evidence& seen);

/// A rejection that this machine's own firewall sent becomes a fault of this machine: the question
/// did not leave it. The kernel itself says no more than that a neighbour does not answer.
void name_own_rejections(probe_evidence& seen);

/// "ICMP from 5.5.5.5: administratively prohibited (type 3, code 13)"
std::string icmp_line(const icmp_notice& icmp);

}  // namespace natcheck::judging
