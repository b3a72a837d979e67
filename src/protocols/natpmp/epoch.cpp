#include "protocols/natpmp/epoch.hpp"

#include <utility>

namespace natcheck::natpmp {

epoch_state epoch_watch::accept(std::uint32_t epoch_s, std::chrono::nanoseconds now) {
  const auto before = std::exchange(last_, reading{epoch_s, now});
  if (!before) return epoch_state::runs_on;
  const std::int64_t elapsed =
      std::chrono::duration_cast<std::chrono::seconds>(now - before->here).count();
  // The gateway's clock may be slow by one part in 8, and rounding may take 2 s.
  if (last_->gateway_s >= before->gateway_s + elapsed * 7 / 8 - 2) return epoch_state::runs_on;
  return last_->gateway_s == before->gateway_s ? epoch_state::stands_still
                                               : epoch_state::began_anew;
}

}  // namespace natcheck::natpmp
