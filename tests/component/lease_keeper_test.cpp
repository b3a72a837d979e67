#include "app/lease_keeper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "support/fake_gateway.hpp"

namespace natcheck {
namespace {

using namespace support;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ending = http_answer::ending;

class LeaseKeeper : public ::testing::Test {
 protected:
  /// Begins to keep a mapping of external port 1234 to port 4321 of this host.
  void keep(lease_options options = {}) {
    options.internal_port = 4321;
    options.external_port = 1234;
    keeper_ = std::make_unique<lease_keeper>(
        gateway_.access(), options, [this](const lease_event& event) { events_.push_back(event); });
    asio::co_spawn(loop_.context(), keeper_->keep(),
                   asio::bind_cancellation_slot(
                       cancel_.slot(), [this](std::exception_ptr, bool) { ended_ = true; }));
  }
  void cancel() {
    cancel_.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop_.run_until([this] { return ended_; }));
  }
  void release() { loop_.await(keeper_->release()); }

  template <class Event>
  const Event& last() {
    const auto is_last = [this] {
      return !events_.empty() && std::holds_alternative<Event>(events_.back());
    };
    if (!loop_.run_until(is_last)) throw std::runtime_error("the event has not come");
    return std::get<Event>(events_.back());
  }

  void make_nat_pmp_silent() {
    gateway_.on_nat_pmp = [](auto&, const auto&, const auto&) {};
  }
  void make_nat_pmp_answer(std::uint16_t result) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      const auto bytes = request.size() == 2 ? nat_pmp_address(result, "5.5.5.5")
                                             : nat_pmp_mapping(2, 4321, 1234, 2, result);
      peer.send(bytes, from);
    };
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  asio::cancellation_signal cancel_;
  std::unique_ptr<lease_keeper> keeper_;
  std::vector<lease_event> events_;
  bool ended_ = false;
};

TEST_F(LeaseKeeper, NatPmpIsEnough) {
  keep();
  const auto mapped = last<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::nat_pmp);
  EXPECT_EQ(mapped.probe_command, "natcheck probe 5.5.5.5:1234");
  cancel();
  release();
  EXPECT_TRUE(last<events::unmapped>().removed);
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0) << "two entries for one port help nobody";
}

TEST_F(LeaseKeeper, UpnpWhereNatPmpRefuses) {
  make_nat_pmp_answer(2);
  keep();
  const auto mapped = last<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::upnp);
  EXPECT_TRUE(mapped.entry.verified);
  cancel();
  release();
  EXPECT_TRUE(last<events::unmapped>().removed);
  EXPECT_THAT(gateway_.table, ::testing::IsEmpty());
}

TEST_F(LeaseKeeper, ChosenProtocolIsTheOnlyOne) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  EXPECT_EQ(last<events::mapped>().entry.via, mapping_protocol::upnp);
  EXPECT_THAT(gateway_.nat_pmp.requests(), SizeIs(0));
  cancel();
}

TEST_F(LeaseKeeper, TellsWhatEveryProtocolSaid) {
  make_nat_pmp_silent();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const stopwatch watch;
  keep();
  const auto failed = last<events::map_failed>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "both are waited for at the same time, and once";
  ASSERT_THAT(failed.evidence.attempts, SizeIs(2));
  EXPECT_EQ(failed.evidence.attempts[0].via, mapping_protocol::nat_pmp);
  EXPECT_EQ(failed.evidence.attempts[0].state, service_state::silent);
  EXPECT_EQ(failed.evidence.attempts[1].via, mapping_protocol::upnp);
  EXPECT_EQ(failed.evidence.attempts[1].state, service_state::silent);
  EXPECT_EQ(failed.evidence.gateway, asio::ip::make_address(gateway_ip));
  EXPECT_EQ(failed.judged.main.code, verdict_code::no_mapping_service);
  ASSERT_TRUE(loop_.run_until([this] { return ended_; }));
}

TEST_F(LeaseKeeper, RefusalsKeepTheirCodes) {
  make_nat_pmp_answer(4);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep();
  const auto failed = last<events::map_failed>();
  ASSERT_THAT(failed.evidence.attempts, SizeIs(2));
  EXPECT_EQ(failed.evidence.attempts[0].code, 4);
  EXPECT_EQ(failed.evidence.attempts[1].code, 728);
  EXPECT_EQ(failed.judged.main.code, verdict_code::mapping_table_full);
}

TEST_F(LeaseKeeper, RenewsAtHalfOfTheLease) {
  make_nat_pmp_answer(0);  // grants 2 s
  keep();
  last<events::mapped>();
  const stopwatch watch;
  const auto renewed = last<events::renewed>();
  EXPECT_EQ(renewed.entry.lifetime, 2s);
  EXPECT_GE(watch.elapsed(), 900ms);
  EXPECT_LT(watch.elapsed(), 1900ms) << "before it expires";
  cancel();
}

TEST_F(LeaseKeeper, LosesAndRegains) {
  make_nat_pmp_answer(0);
  keep();
  last<events::mapped>();
  make_nat_pmp_answer(2);
  const stopwatch watch;
  const auto lost = last<events::mapping_lost>();
  EXPECT_GE(watch.elapsed(), 1900ms)
      << "the lease that was granted holds as long as it was granted";
  EXPECT_THAT(lost.reason, HasSubstr("does not allow"));
  make_nat_pmp_answer(0);
  EXPECT_EQ(last<events::remapped>().entry.external_port, 1234);
  cancel();
}

TEST_F(LeaseKeeper, AnAddressThatIsNotRepeatedIsStillKnown) {
  make_nat_pmp_answer(0);
  keep();
  last<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.size() == 12) peer.send(nat_pmp_mapping(2, 4321, 1234, 2), from);
    if (request.size() == 2) peer.send(nat_pmp_address(3, "0.0.0.0"), from);
  };
  const auto renewed = last<events::renewed>();
  EXPECT_EQ(renewed.entry.external_address, asio::ip::make_address("5.5.5.5"));
  cancel();
}

TEST_F(LeaseKeeper, NoAddressIsNoAddressToProbe) {
  gateway_.external_address = "0.0.0.0";
  keep();
  const auto mapped = last<events::mapped>();
  EXPECT_FALSE(mapped.entry.external_address);
  EXPECT_EQ(mapped.probe_command, "natcheck probe YOUR-PUBLIC-ADDRESS:1234");
  cancel();
}

TEST_F(LeaseKeeper, AnotherPortIsAMove) {
  make_nat_pmp_answer(0);
  keep();
  last<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "5.5.5.5") : nat_pmp_mapping(2, 4321, 30000, 2),
        from);
  };
  EXPECT_EQ(last<events::remapped>().probe_command, "natcheck probe 5.5.5.5:30000");
  cancel();
}

TEST_F(LeaseKeeper, CancelledRequestsAreTakenBack) {
  make_nat_pmp_silent();
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return !gateway_.mapping_requests().empty(); }));
  cancel();
  gateway_.on_nat_pmp = {};
  release();
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_THAT(events_, SizeIs(0)) << "there was no mapping to tell about";
}

TEST_F(LeaseKeeper, CancelledUpnpRequestsAreTakenBack) {
  gateway_.switch_off_nat_pmp();
  gateway_.answers["AddPortMapping"] = {"", ending::hang};
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return gateway_.count("AddPortMapping") == 1; }));
  cancel();
  gateway_.table["1234/TCP"] = {host_ip, "4321", "natcheck", "3600"};
  release();
  EXPECT_THAT(gateway_.table, ::testing::IsEmpty());
  EXPECT_THAT(events_, SizeIs(0)) << "being stopped is no refusal of the gateway";
}

TEST_F(LeaseKeeper, SaysSoAtOnceWhenSomebodyElseHasThePort) {
  gateway_.switch_off_nat_pmp();
  lease_options short_lease;
  short_lease.lifetime = std::chrono::seconds(4);
  keep(short_lease);
  last<events::mapped>();
  const stopwatch watch;
  gateway_.table["1234/TCP"] = {"127.0.0.9", "80", "another", "3600"};
  last<events::mapping_lost>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "the lease has not run out yet";
  cancel();
  release();
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U) << "it is not ours to remove";
}

TEST_F(LeaseKeeper, StoppedTooEarlyItSaysWhatIsMissing) {
  make_nat_pmp_silent();
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return !gateway_.mapping_requests().empty(); }));
  cancel();
  keeper_->conclude();
  const auto& attempts = last<events::map_failed>().evidence.attempts;
  ASSERT_THAT(attempts, SizeIs(2));
  EXPECT_EQ(attempts[0].state, service_state::not_tried);
  EXPECT_FALSE(keeper_->holds());
}

TEST_F(LeaseKeeper, AGatewayThatDiedDoesNotHoldTheEndUp) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  last<events::mapped>();
  cancel();
  gateway_.answers["/ctl"] = {"", ending::hang};
  for (const char* action : {"GetSpecificPortMappingEntry", "DeletePortMapping"}) {
    gateway_.answers[action] = {"", ending::hang};
  }
  const stopwatch watch;
  release();
  EXPECT_LT(watch.elapsed(), 4500ms);
  const auto unmapped = last<events::unmapped>();
  EXPECT_FALSE(unmapped.removed);
  EXPECT_THAT(unmapped.detail, HasSubstr("3 s"));
}

}  // namespace
}  // namespace natcheck
