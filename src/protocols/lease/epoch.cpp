#include "protocols/lease/epoch.hpp"

#include <utility>

namespace natcheck::lease {
namespace {

/// RFC 6886 section 3.6: the gateway's clock may be slow by one part in 8, and rounding may take
/// 2 s.
bool runs_on_by_nat_pmp(std::int64_t gateway, std::int64_t here) {
  return gateway >= here * 7 / 8 - 2;
}

/// RFC 6887 section 8.5: back by one is what reordered packets do. Clocks may differ by one part in
/// 16, and by 2 s for rounding and the way of the packets.
bool runs_on_by_pcp(std::int64_t gateway, std::int64_t here) {
  return gateway >= -1 && here + 2 >= gateway - gateway / 16 && gateway + 2 >= here - here / 16;
}

}  // namespace

epoch_state epoch_watch::accept(std::uint32_t epoch_s, std::chrono::nanoseconds now) {
  const auto before = std::exchange(last_, reading{epoch_s, now});
  if (!before) return epoch_state::runs_on;
  // Signed and wide, so that nothing wraps where the last reading was 0.
  const std::int64_t gateway = last_->gateway_s - before->gateway_s;
  const std::int64_t here =
      std::chrono::duration_cast<std::chrono::seconds>(now - before->here).count();
  const bool runs_on = via_ == mapping_protocol::nat_pmp ? runs_on_by_nat_pmp(gateway, here)
                                                         : runs_on_by_pcp(gateway, here);
  if (runs_on) return epoch_state::runs_on;
  return gateway == 0 ? epoch_state::stands_still : epoch_state::began_anew;
}

bool advances(std::uint32_t first, std::uint32_t second, std::chrono::seconds most) {
  constexpr std::chrono::seconds tolerance{2};
  return second > first && std::chrono::seconds(second - first) <= most + tolerance;
}

}  // namespace natcheck::lease
