#include "portmap/epoch_check.hpp"

#include "portmap/nat_pmp.hpp"
#include "portmap/pcp.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

bool named_one(const auto& service) {
  return service.state == service_state::answered && service.epoch_s.value_or(0) != 0;
}

bool has_advanced(const auto& first, const auto& second, net::steady_time began) {
  const auto passed = std::chrono::steady_clock::now() - began;
  return second.epoch_s &&
         advances(*first.epoch_s, *second.epoch_s, std::chrono::ceil<std::chrono::seconds>(passed));
}

}  // namespace

bool advances(std::uint32_t first, std::uint32_t second, std::chrono::seconds most) {
  constexpr std::chrono::seconds tolerance{2};
  return second > first && std::chrono::seconds(second - first) <= most + tolerance;
}

awaitable<bool> epoch_advances(const gateway_access& access, const gateway_evidence& first,
                               net::steady_time began, net::steady_time heard) {
  const auto now = std::chrono::steady_clock::now();
  if (now - heard < 1s) co_return false;
  const auto end = now + 500ms;  // a lost request is sent again after 250 ms
  const bool by_nat_pmp = named_one(first.nat_pmp);
  const bool by_pcp = named_one(first.pcp);
  if (by_nat_pmp) {
    const gateway_service_evidence again = co_await ask_nat_pmp(access, end);
    if (!has_advanced(first.nat_pmp, again, began)) co_return false;
  }
  if (by_pcp) {
    const gateway_service_evidence again = co_await ask_pcp(access, end);
    if (!has_advanced(first.pcp, again, began)) co_return false;
  }
  co_return by_nat_pmp || by_pcp;
}

}  // namespace natcheck::portmap
