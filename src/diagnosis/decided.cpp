#include "diagnosis/decided.hpp"

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

// Only a "yes" is: a service that answers late may confirm what others only left open.
bool is_decided(const discover_evidence& so_far) {
  const facts s(so_far);
  const auto ip = s.outside.agreed();
  if (!ip || (!reports_name(s, *ip) && s.local() != ip)) return false;
  return answer_of(so_far, diagnose(so_far).main) == answer::yes;
}

bool may_advise_ipv6(verdict_code code) {
  return code == verdict_code::cgnat || code == verdict_code::ds_lite ||
         code == verdict_code::public_address_mismatch;
}

}  // namespace natcheck::judging
