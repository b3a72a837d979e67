// The stations on the path from this host to the Internet.
#pragma once

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

/// As the verdict with that code sees the path. Empty: there is none.
std::vector<station> stations(const facts& s, verdict_code code);

}  // namespace natcheck::judging
