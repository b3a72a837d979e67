#include "portmap/epoch_check.hpp"

#include "core/gateway_services.hpp"
#include "portmap/port_control.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

bool has_advanced(const gateway_service_evidence& first, const gateway_service_evidence& second,
                  net::steady_time began) {
  const auto passed = std::chrono::steady_clock::now() - began;
  return second.epoch_s && lease::advances(*first.epoch_s, *second.epoch_s,
                                           std::chrono::ceil<std::chrono::seconds>(passed));
}

}  // namespace

awaitable<bool> epoch_advances(const gateway_access& access, const gateway_evidence& first,
                               net::steady_time began, net::steady_time last_answer) {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_answer < 1s) co_return false;
  const auto end = now + 500ms;  // a lost request is sent again after 250 ms
  bool any = false;
  for (const lease::codec* codec : port_control_codecs) {
    const gateway_service_evidence& before = service_of(first, codec->via);
    if (before.state != service_state::answered || before.epoch_s.value_or(0) == 0) continue;
    const auto again = co_await ask_port_control(access, *codec, end);
    if (!has_advanced(before, again, began)) co_return false;
    any = true;
  }
  co_return any;
}

}  // namespace natcheck::portmap
