#include "protocols/natpmp/epoch.hpp"

#include <utility>

namespace natcheck::natpmp {

bool epoch_watch::accept(std::uint32_t epoch_s, time_point now) {
  const auto before = std::exchange(last_, reading{epoch_s, now});
  if (!before) return true;
  const std::int64_t elapsed =
      std::chrono::duration_cast<std::chrono::seconds>(now - before->here).count();
  // The gateway's clock may be slow by one part in 8, and rounding may take 2 s.
  return last_->gateway_s >= before->gateway_s + elapsed * 7 / 8 - 2;
}

}  // namespace natcheck::natpmp
