// What the other addresses of a name answered.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <string>
#include <vector>

namespace natcheck::judging {

/// Where one address was reached: one finding for each of the others that was asked and was not.
std::vector<finding> address_findings(const probe_evidence& seen);

/// "2a00:55::5 refused the connection on port 4567 (31 ms)" for each address that the verdict does
/// not speak of.
std::vector<std::string> address_lines(const probe_evidence& seen);

}  // namespace natcheck::judging
