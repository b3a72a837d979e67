#include "app/lease_keeper.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <filesystem>

#include "portmap/pcp.hpp"
#include "state/claims.hpp"
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
  void keep(lease_options options = {}, state::claim_book* book = nullptr) {
    options.internal_port = 4321;
    options.external_port = 1234;
    keeper_ = std::make_unique<lease_keeper>(
        loop_.context().get_executor(), std::vector{options}, book,
        [this](const lease_event& event) { events_.push_back(event); });
    keeper_->move_to(gateway_.access(), "");
    asio::co_spawn(loop_.context(), keeper_->keep(),
                   asio::bind_cancellation_slot(cancel_.slot(),
                                                [this](std::exception_ptr) { ended_ = true; }));
  }
  void cancel() {
    cancel_.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop_.run_until([this] { return ended_; }));
  }
  void release() { loop_.await(keeper_->release(std::chrono::steady_clock::now() + 3s)); }

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
  std::size_t looked_at_ = 0;  ///< how many of them
  bool ended_ = false;
};

TEST_F(LeaseKeeper, TheBestIsEnough) {
  keep();
  const auto mapped = next<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::pcp);
  EXPECT_EQ(mapped.probe_command, "natcheck probe 5.5.5.5:1234");
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0)) << "two entries for one port help nobody";
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
}

TEST_F(LeaseKeeper, UpnpWhereNatPmpRefuses) {
  make_nat_pmp_answer(2);
  keep();
  const auto mapped = next<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::upnp);
  EXPECT_TRUE(mapped.entry.verified);
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
  EXPECT_THAT(gateway_.table, ::testing::IsEmpty());
}

TEST_F(LeaseKeeper, ChosenProtocolIsTheOnlyOne) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  EXPECT_EQ(next<events::mapped>().entry.via, mapping_protocol::upnp);
  EXPECT_THAT(gateway_.nat_pmp.requests(), SizeIs(0));
  cancel();
}

TEST_F(LeaseKeeper, TellsWhatEveryProtocolSaid) {
  make_nat_pmp_silent();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const stopwatch watch;
  keep();
  const auto failed = next<events::map_failed>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "both are waited for at the same time, and once";
  ASSERT_THAT(failed.evidence.attempts, SizeIs(3));
  const mapping_protocol best_first[] = {mapping_protocol::pcp, mapping_protocol::nat_pmp,
                                         mapping_protocol::upnp};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(failed.evidence.attempts[i].via, best_first[i]);
    EXPECT_EQ(failed.evidence.attempts[i].state, service_state::silent);
  }
  EXPECT_EQ(failed.evidence.gateway, asio::ip::make_address(gateway_ip));
  EXPECT_EQ(failed.judged.main.code, verdict_code::no_mapping_service);
}

TEST_F(LeaseKeeper, RefusalsKeepTheirCodes) {
  make_nat_pmp_answer(4);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep();
  const auto failed = next<events::map_failed>();
  ASSERT_THAT(failed.evidence.attempts, SizeIs(3));
  EXPECT_EQ(failed.evidence.attempts[1].code, 4);
  EXPECT_EQ(failed.evidence.attempts[2].code, 728);
  EXPECT_EQ(failed.judged.main.code, verdict_code::mapping_table_full);
}

TEST_F(LeaseKeeper, RenewsAtHalfOfTheLease) {
  make_nat_pmp_answer(0);  // grants 2 s
  keep();
  next<events::mapped>();
  const stopwatch watch;
  const auto renewed = next<events::renewed>();
  EXPECT_EQ(renewed.entry.lifetime, 2s);
  EXPECT_GE(watch.elapsed(), 900ms);
  EXPECT_LT(watch.elapsed(), 1900ms) << "before it expires";
  cancel();
}

TEST_F(LeaseKeeper, LosesAndRegains) {
  make_nat_pmp_answer(0);
  keep();
  next<events::mapped>();
  make_nat_pmp_answer(2);
  const stopwatch watch;
  const auto lost = next<events::mapping_lost>();
  EXPECT_GE(watch.elapsed(), 1900ms)
      << "the lease that was granted holds as long as it was granted";
  EXPECT_THAT(lost.reason, HasSubstr("does not allow"));
  make_nat_pmp_answer(0);
  EXPECT_EQ(next<events::remapped>().entry.external_port, 1234);
  cancel();
}

TEST_F(LeaseKeeper, AnAddressThatIsNotRepeatedIsStillKnown) {
  make_nat_pmp_answer(0);
  keep();
  next<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    if (request.size() == 12) peer.send(nat_pmp_mapping(2, 4321, 1234, 2), from);
    if (request.size() == 2) peer.send(nat_pmp_address(3, "0.0.0.0"), from);
  };
  const auto renewed = next<events::renewed>();
  EXPECT_EQ(renewed.entry.external_address, asio::ip::make_address("5.5.5.5"));
  cancel();
}

TEST_F(LeaseKeeper, AnAddressOfBeforeTheLossIsNotToldAgain) {
  make_nat_pmp_answer(0);
  keep();
  EXPECT_EQ(next<events::mapped>().probe_command, "natcheck probe 5.5.5.5:1234");
  make_nat_pmp_answer(2);
  next<events::mapping_lost>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "0.0.0.0") : nat_pmp_mapping(2, 4321, 1234, 60),
        from);
  };
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe YOUR-PUBLIC-ADDRESS:1234");
  cancel();
}

TEST_F(LeaseKeeper, AnotherProtocolTakesOverWhenItsOwnIsGone) {
  keep();
  EXPECT_EQ(next<events::mapped>().entry.via, mapping_protocol::pcp);
  make_nat_pmp_silent();
  EXPECT_THAT(next<events::mapping_lost>().reason, HasSubstr("another protocol"));
  EXPECT_EQ(next<events::remapped>().entry.via, mapping_protocol::upnp);
  cancel();
}

TEST_F(LeaseKeeper, ARefusalByTheNextRouterIsToldAsWell) {
  make_nat_pmp_answer(2);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep();
  next<events::map_failed>();
  keeper_->move_to(gateway_.access(), "the router is another one now");
  EXPECT_EQ(next<events::map_failed>().evidence.attempts.back().code, 728);
  cancel();
}

TEST_F(LeaseKeeper, NoAddressIsNoAddressToProbe) {
  gateway_.external_address = "0.0.0.0";
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  const auto mapped = next<events::mapped>();
  EXPECT_FALSE(mapped.entry.external_address);
  EXPECT_EQ(mapped.probe_command, "natcheck probe YOUR-PUBLIC-ADDRESS:1234");
  gateway_.external_address = "5.5.5.5";
  EXPECT_EQ(next<events::mapped>().probe_command, "natcheck probe 5.5.5.5:1234")
      << "as soon as it is known, and nothing was lost";
  cancel();
}

TEST_F(LeaseKeeper, AnotherPortIsAMove) {
  make_nat_pmp_answer(0);
  lease_options flexible;
  flexible.any_port = true;
  keep(flexible);
  next<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "5.5.5.5") : nat_pmp_mapping(2, 4321, 30000, 2),
        from);
  };
  EXPECT_EQ(next<events::mapping_lost>().entry.external_port, 1234);
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe 5.5.5.5:30000");
  cancel();
}

TEST_F(LeaseKeeper, CancelledRequestsAreTakenBack) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    if (request.size() == 2) peer.send(nat_pmp_address(0, "5.5.5.5"), from);
  };
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
  next<events::mapped>();
  const stopwatch watch;
  gateway_.table["1234/TCP"] = {"127.0.0.9", "80", "another", "3600"};
  next<events::mapping_lost>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "the lease has not run out yet";
  cancel();
  release();
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U) << "it is not ours to remove";
}

TEST_F(LeaseKeeper, StoppedTooEarlyItSaysWhatIsMissing) {
  make_nat_pmp_silent();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return gateway_.nat_pmp.requests().size() >= 2; }));
  cancel();
  keeper_->conclude();
  const auto attempts = next<events::map_failed>().evidence.attempts;
  ASSERT_THAT(attempts, SizeIs(3));
  EXPECT_EQ(attempts[0].state, service_state::not_tried);
  EXPECT_FALSE(keeper_->holds(transport::tcp));
}

TEST_F(LeaseKeeper, NoticesAnEntryThatIsGone) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  const stopwatch watch;
  gateway_.table.clear();
  next<events::mapping_lost>();
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe 5.5.5.5:1234");
  EXPECT_LT(watch.elapsed(), 10s) << "the lease has an hour to go";
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U);
  cancel();
}

TEST_F(LeaseKeeper, NoticesAnotherOutsideAddress) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  gateway_.external_address = "5.5.5.6";
  EXPECT_THAT(next<events::mapping_lost>().reason, HasSubstr("was 5.5.5.5 and is 5.5.5.6 now"));
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe 5.5.5.6:1234");
  cancel();
}

TEST_F(LeaseKeeper, MovesToAnotherGateway) {
  keep();
  next<events::mapped>();
  fake_gateway other(loop_.context());
  other.external_address = "5.5.5.9";
  keeper_->move_to(other.access(), "the router is another one now");
  EXPECT_EQ(next<events::mapping_lost>().reason, "the router is another one now");
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe 5.5.5.9:1234");
  keeper_->move_to(std::nullopt, "no way out");
  EXPECT_EQ(next<events::mapping_lost>().reason, "no way out");
  EXPECT_FALSE(keeper_->holds(transport::tcp));
  keeper_->move_to(gateway_.access(), "");
  EXPECT_EQ(next<events::remapped>().probe_command, "natcheck probe 5.5.5.5:1234");
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
}

TEST_F(LeaseKeeper, AFailingRenewalIsToldOnce) {
  make_nat_pmp_answer(0);  // grants 2 s
  keep();
  next<events::mapped>();
  make_nat_pmp_answer(2);
  EXPECT_LE(next<events::renewal_failed>().left, 1s);
  next<events::mapping_lost>();
  const auto again = std::count_if(events_.begin(), events_.end(), [](const lease_event& event) {
    return std::holds_alternative<events::renewal_failed>(event);
  });
  EXPECT_EQ(again, 1);
  cancel();
}

/// With a book that remembers.
class RememberingKeeper : public LeaseKeeper {
 protected:
  ~RememberingKeeper() override {
    keeper_.reset();
    book_.reset();
    std::filesystem::remove_all(directory_);
  }
  void keep_remembered(lease_options options = {}) {
    auto opened = state::claim_book::open(directory_);
    ASSERT_TRUE(opened);
    book_.emplace(std::move(*opened));
    keep(options, &*book_);
  }
  std::vector<state::known_claim> claims() const {
    return state::read_claims(directory_, state::system_now());
  }

  const std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / fmt::format("natcheck-test-{}", ::getpid());
  std::optional<state::claim_book> book_;
};

TEST_F(RememberingKeeper, RemembersWhatItAsksFor) {
  make_nat_pmp_answer(0);
  keep_remembered();
  next<events::mapped>();
  ASSERT_THAT(claims(), SizeIs(1));
  EXPECT_EQ(claims()[0].claim.via, mapping_protocol::nat_pmp);
  EXPECT_EQ(claims()[0].claim.external_port, 1234);
  EXPECT_EQ(claims()[0].claim.gateway, gateway_.access().gateway);
  cancel();
  release();
  EXPECT_THAT(claims(), SizeIs(0));
}

TEST_F(RememberingKeeper, WhatWasRefusedIsForgotten) {
  make_nat_pmp_answer(2);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep_remembered();
  next<events::map_failed>();
  EXPECT_THAT(claims(), SizeIs(0)) << "or it would keep others from removing what is theirs";
  cancel();
}

TEST_F(RememberingKeeper, WhatWasAddedToStayStays) {
  mapping_claim added;
  added.via = mapping_protocol::upnp;
  added.gateway = gateway_.access().gateway;
  added.internal = {gateway_.access().from.local, 4321};
  added.external_port = 1234;
  added.lifetime = 1h;
  ASSERT_TRUE(state::keep_added(directory_, added, state::system_now()));
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep_remembered(upnp_only);
  next<events::mapped>();
  cancel();
  release();
  EXPECT_FALSE(next<events::unmapped>().removed);
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U);
  ASSERT_THAT(claims(), SizeIs(1));
  EXPECT_EQ(claims()[0].owner, state::claimed_by::added);
}

// A PCP server does for a mapping only what the owner of its nonce asks (RFC 6887 section 11.2.1).
TEST_F(RememberingKeeper, WhatWasAddedByPcpIsRenewedByItsNonceAndForItsTime) {
  portmap::mapping_request request{transport::tcp, 4321, 1234, 2h};
  portmap::pcp_mapper adder(gateway_.access());
  ASSERT_TRUE(loop_.await(adder.map(request)));
  ASSERT_TRUE(state::keep_added(directory_, adder.claim(request), state::system_now()));
  lease_options pcp_only;
  pcp_only.via = mapping_choice::pcp;
  keep_remembered(pcp_only);
  EXPECT_GT(next<events::mapped>().entry.asked_lifetime, 1h);
  cancel();
  release();
  EXPECT_FALSE(next<events::unmapped>().removed);
  EXPECT_TRUE(loop_.await(adder.map(request))) << "it is still there, and still of that nonce";
}

TEST_F(RememberingKeeper, WhatWasAddedUnderAnotherNumberIsNotClosed) {
  mapping_claim added;
  added.via = mapping_protocol::nat_pmp;
  added.gateway = gateway_.access().gateway;
  added.internal = {gateway_.access().from.local, 4321};
  added.external_port = 8080;
  added.lifetime = 1h;
  ASSERT_TRUE(state::keep_added(directory_, added, state::system_now()));
  lease_options nat_pmp_only;
  nat_pmp_only.via = mapping_choice::nat_pmp;
  keep_remembered(nat_pmp_only);
  const auto failed = next<events::map_failed>();
  EXPECT_EQ(failed.judged.main.code, verdict_code::port_conflict);
  EXPECT_THAT(failed.judged.main.evidence, ::testing::Contains(HasSubstr("as port 8080 outside")));
  cancel();
  release();
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0));
}

TEST_F(LeaseKeeper, AGatewayThatDiedDoesNotHoldTheEndUp) {
  lease_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  cancel();
  gateway_.answers["/ctl"] = {"", ending::hang};
  for (const char* action : {"GetSpecificPortMappingEntry", "DeletePortMapping"}) {
    gateway_.answers[action] = {"", ending::hang};
  }
  const stopwatch watch;
  release();
  EXPECT_LT(watch.elapsed(), 4500ms);
  const auto unmapped = next<events::unmapped>();
  EXPECT_FALSE(unmapped.removed);
  EXPECT_THAT(unmapped.detail, HasSubstr("3 s"));
}

}  // namespace
}  // namespace natcheck
