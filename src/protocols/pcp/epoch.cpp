#include "protocols/pcp/epoch.hpp"

#include <utility>

namespace natcheck::pcp {

epoch_state epoch_watch::accept(std::uint32_t epoch_s, std::chrono::nanoseconds now) {
  const auto before = std::exchange(last_, reading{epoch_s, now});
  if (!before) return epoch_state::runs_on;
  // Signed and wide, so that nothing wraps where the last reading was 0.
  const std::int64_t server = last_->server_s - before->server_s;
  const std::int64_t client =
      std::chrono::duration_cast<std::chrono::seconds>(now - before->client).count();
  if (server < -1) return epoch_state::began_anew;  // by one is what reordered packets do
  // Clocks may differ by one part in 16, and by 2 s for rounding and the way of the packets.
  if (client + 2 >= server - server / 16 && server + 2 >= client - client / 16)
    return epoch_state::runs_on;
  return server == 0 ? epoch_state::stands_still : epoch_state::began_anew;
}

}  // namespace natcheck::pcp
