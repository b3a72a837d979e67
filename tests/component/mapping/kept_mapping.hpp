// A lease that is kept on a scripted gateway, for tests of what becomes of it.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <stdexcept>
#include <string>

#include "mapping/gateway_mappings.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::mappings {

using namespace support;

class LeaseKeeper : public ::testing::Test {
 protected:
  /// Begins to keep a mapping of external port 1234 to port 4321 of this host.
  void keep(mapping_options options = {}, journal::mapping_journal* the_journal = nullptr) {
    options.internal_port = 4321;
    options.external_port = 1234;
    gateway_mappings_ = std::make_unique<gateway_mappings>(
        loop_.context().get_executor(), std::vector{options}, the_journal,
        [this](const mapping_event& event) { events_.push_back(event); });
    gateway_mappings_->move_to(gateway_.access(), "");
    asio::co_spawn(loop_.context(), gateway_mappings_->run(),
                   asio::bind_cancellation_slot(cancel_.slot(),
                                                [this](std::exception_ptr) { ended_ = true; }));
  }
  void cancel() {
    cancel_.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop_.run_until([this] { return ended_; }));
  }
  void release() { loop_.await(gateway_mappings_->release(std::chrono::steady_clock::now() + 3s)); }

  /// The next event of that kind, after the one that was looked at last.
  template <class Event>
  Event next() {
    const auto came = [this] {
      while (looked_at_ < events_.size()) {
        if (std::holds_alternative<Event>(events_[looked_at_++])) return true;
      }
      return false;
    };
    if (!loop_.run_until(came)) throw std::runtime_error("the event has not come");
    return std::get<Event>(events_[looked_at_ - 1]);
  }

  /// "5.5.5.5:1234", or "?:1234" where the address is not known.
  static std::string outside_of(const mapping& entry) {
    const auto& ip = entry.external_address;
    return ip ? to_string(endpoint{*ip, entry.external_port})
              : "?:" + std::to_string(entry.external_port);
  }

  void make_nat_pmp_silent() {
    gateway_.on_nat_pmp = [](auto&, const auto&, const auto&) {};
  }
  /// What a gateway without PCP answers to it (RFC 6887 appendix A).
  static bool is_refused_pcp(udp_peer& peer, const std::string& request,
                             const udp::endpoint& from) {
    if (!request.starts_with('\2')) return false;
    peer.send(std::string("\0\200\0\1\0\0\0\0", 8), from);
    return true;
  }
  void make_nat_pmp_answer(std::uint16_t result) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      if (is_refused_pcp(peer, request, from)) return;
      if (request.size() == 2) return peer.send(nat_pmp_address(result, "5.5.5.5"), from);
      const bool removes = nat_pmp_request(request).lifetime_s == 0;
      peer.send(nat_pmp_mapping(2, 4321, 1234, removes ? 0 : 2, result), from);
    };
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  asio::cancellation_signal cancel_;
  std::unique_ptr<gateway_mappings> gateway_mappings_;
  std::vector<mapping_event> events_;
  std::size_t looked_at_ = 0;  ///< how many of them
  bool ended_ = false;
};

}  // namespace natcheck::mappings
