// Mappings whose making or removing failed half-way: removed, or remembered until they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/ip/multicast.hpp>

#include "component/mapping/mapping_changes.hpp"
#include "component/mapping/remembered_mapping.hpp"

namespace natcheck::mappings {
namespace half_way_test {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ending = http_answer::ending;

class HalfWay : public RememberedLease {
 protected:
  void end_run() {
    cancel();
    release();
    forget_run();
  }
  std::vector<events::stale_mapping> next_run() {
    const auto access = gateway_.access();
    return loop_.await(
        remove_stale_mappings(surroundings{{access}, {access.from.local}}, directory_));
  }
  /// Ports modulo 256 (miniupnp, issue 196).
  void make_nat_pmp_cut_ports() {
    gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
      if (is_refused_pcp(peer, request, from)) return;
      if (request.size() == 2) return peer.send(nat_pmp_address(0, "5.5.5.5"), from);
      const nat_pmp_request asked(request);
      peer.send(nat_pmp_mapping(2, asked.internal_port % 256, asked.external_port % 256,
                                asked.lifetime_s),
                from);
    };
  }
  static mapping_options only(mapping_choice via) {
    mapping_options options;
    options.via = via;
    return options;
  }
};

TEST_F(HalfWay, AnUnusableGrantIsNoAbsenceAndIsTakenBack) {
  make_nat_pmp_cut_ports();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  keep_remembered();
  const auto failed = next<events::map_failed>();
  EXPECT_EQ(failed.judged.main.code, verdict_code::inconclusive);
  EXPECT_EQ(failed.judged.main.summary, "NAT-PMP is available, but its answer is unusable.");
  EXPECT_THAT(failed.judged.main.evidence,
              Contains(HasSubstr("for internal port 225 instead of 4321")));
  end_run();
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U) << "a removal";
  EXPECT_THAT(records(), SizeIs(1)) << "nobody said that it is gone";
  gateway_.on_nat_pmp = {};
  const auto told = next_run();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].removed);
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HalfWay, SilenceToTheRequestAloneIsNoAbsence) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    if (request.size() == 2) peer.send(nat_pmp_address(0, "5.5.5.5"), from);
  };
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  keep_remembered();
  EXPECT_EQ(next<events::map_failed>().judged.main.summary,
            "NAT-PMP is available, but does not answer the mapping request.");
  end_run();
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_THAT(records(), SizeIs(1));
}

TEST_F(HalfWay, AGrantForNoTimeIsUnusable) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "5.5.5.5") : nat_pmp_mapping(2, 4321, 1234, 0),
        from);
  };
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  keep_remembered();
  const auto failed = next<events::map_failed>();
  EXPECT_EQ(failed.judged.main.summary, "NAT-PMP is available, but its answer is unusable.");
  EXPECT_THAT(failed.judged.main.evidence, Contains(HasSubstr("lifetime of 0 s")));
  end_run();
  EXPECT_THAT(records(), IsEmpty()) << "it said that it removed it";
}

TEST_F(HalfWay, WhatUpnpDidNotRemoveTheNextRunDoes) {
  const std::pair<const char*, http_answer> ways[] = {
      {"fault 501", soap_fault(501)},  {"fault 606", soap_fault(606)},
      {"fault 402", soap_fault(402)},  {"no body", http_page("", "500 Internal Server Error")},
      {"reset", {"", ending::reset}},  {"silence", {"", ending::hang}},
      {"closed", {"", ending::close}}, {"no HTTP", {"nonsense"}},
  };
  for (const auto& [name, answer] : ways) {
    SCOPED_TRACE(name);
    gateway_.answers.clear();
    keep_remembered(only(mapping_choice::upnp));
    next<events::mapped>();
    gateway_.answers["DeletePortMapping"] = answer;
    end_run();
    EXPECT_FALSE(next<events::unmapped>().removed);
    ASSERT_THAT(records(), SizeIs(1));
    EXPECT_EQ(records()[0].owner, journal::recorded_by::dead);
    gateway_.answers.clear();
    const auto told = next_run();
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_TRUE(told[0].removed) << to_string(told[0].detail);
    EXPECT_THAT(gateway_.table, IsEmpty());
    EXPECT_THAT(records(), IsEmpty());
    ended_ = false;
  }
}

/// It makes every entry and says HTTP 500, and so it does of its table.
TEST_F(HalfWay, APermanentEntryThatWasNeverConfirmedIsToldAndRemoved) {
  gateway_.on_request = [this](const http_request& request) {
    if (request.action != "AddPortMapping") return;
    gateway_.table["1234/TCP"] = {host_ip, "4321", "natcheck",
                                  element(request.body, "NewLeaseDuration").value_or("")};
  };
  const auto error = http_page("", "500 Internal Server Error");
  gateway_.answers["AddPortMapping"] = gateway_.answers["GetSpecificPortMappingEntry"] = error;
  keep_remembered(only(mapping_choice::upnp));
  next<events::map_failed>();
  EXPECT_EQ(gateway_.table.at("1234/TCP").lease, "0");
  end_run();
  const auto told = next<events::unmapped>();
  EXPECT_FALSE(told.removed);
  EXPECT_EQ(told.entry.external_port, 1234);
  EXPECT_EQ(told.entry.lifetime.count(), 0);
  EXPECT_THAT(to_string(told.detail),
              HasSubstr("it may be open, although the router did not confirm it"));
  ASSERT_THAT(records(), SizeIs(1));
  gateway_.answers.clear();
  EXPECT_TRUE(next_run().at(0).removed);
  EXPECT_THAT(gateway_.table, IsEmpty());
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HalfWay, WhatPcpDidNotRemoveTheNextRunDoes) {
  keep_remembered(only(mapping_choice::pcp));
  next<events::mapped>();
  make_nat_pmp_silent();
  end_run();
  EXPECT_FALSE(next<events::unmapped>().removed);
  EXPECT_THAT(records(), SizeIs(1));
  gateway_.on_nat_pmp = {};
  EXPECT_TRUE(next_run().at(0).removed);
  EXPECT_THAT(records(), IsEmpty());
}

TEST_F(HalfWay, ALeaseOfASecondIsRenewedOnceASecond) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "5.5.5.5") : nat_pmp_mapping(2, 4321, 1234, 1),
        from);
  };
  keep_remembered(only(mapping_choice::nat_pmp));
  const auto findings = next<events::mapped>().findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].code, "short-lease");
  const stopwatch watch;
  for (int i = 0; i < 3; ++i) next<events::renewed>();
  EXPECT_GE(watch.elapsed(), 2900ms);
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(4));
  end_run();
}

TEST_F(HalfWay, AnAnnouncementRenews) {
  keep_remembered(only(mapping_choice::pcp));
  auto access = gateway_.access();
  access.announcement_port = closed_udp_port(loop_.context(), host_ip);
  gateway_mappings_->move_to(access, "another port to listen on");
  next<events::mapped>();
  const auto maps = [this] {
    const auto& all = gateway_.nat_pmp.requests();
    return std::ranges::count_if(all, [](const auto& bytes) { return bytes[1] == 1; });
  };
  const auto before = maps();
  udp::socket gateway(loop_.context(), {asio::ip::make_address(gateway_ip), 0});
  gateway.set_option(asio::ip::multicast::outbound_interface(asio::ip::make_address_v4(host_ip)));
  std::string announcement("\2\200", 2);
  announcement.resize(24, '\0');
  announcement[10] = 3;  // its epoch runs on: a look alone would find nothing
  announcement[11] = '\350';
  gateway.send_to(asio::buffer(announcement),
                  {asio::ip::make_address("224.0.0.1"), access.announcement_port});
  EXPECT_TRUE(loop_.run_until([&] { return maps() > before; }));
  end_run();
}

// --- mappings add --------------------------------------------------------------------------

class HalfAdded : public MappingChanges {
 protected:
  void make_nat_pmp(std::function<std::string(const nat_pmp_request&)> answer) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      if (request.size() == 2) return peer.send(nat_pmp_address(0, "5.5.5.5"), from);
      peer.send(answer(nat_pmp_request(request)), from);
    };
  }
};

TEST_F(HalfAdded, WhatAFailedAddLeftIsNobodys) {
  make_nat_pmp([](const nat_pmp_request& asked) {
    return nat_pmp_mapping(2, asked.internal_port % 256, asked.external_port % 256,
                           asked.lifetime_s);
  });
  const auto report = add(22002, mapping_choice::nat_pmp);
  EXPECT_EQ(report.judged.answer, answer::unknown);
  EXPECT_EQ(report.mappings.at(0).judged.main.summary,
            "NAT-PMP is available, but its answer is unusable.");
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_THAT(known(recorded_by::added), IsEmpty());
  EXPECT_THAT(known(recorded_by::dead), SizeIs(1));
  gateway_.on_nat_pmp = {};
  EXPECT_TRUE(loop_.await(remove_stale_mappings(place().here, state_)).at(0).removed);
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(HalfAdded, WhatSucceedsOnlyIsToStay) {
  ASSERT_EQ(add(80).judged.answer, answer::yes);
  EXPECT_THAT(known(recorded_by::added), SizeIs(1));
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  EXPECT_EQ(add(81).judged.answer, answer::no);
  EXPECT_THAT(known(recorded_by::added), SizeIs(1));
  EXPECT_THAT(known(recorded_by::dead), IsEmpty()) << "a refusal leaves nothing";
}

TEST_F(HalfAdded, AFailedRenewalLeavesWhatWasAdded) {
  ASSERT_EQ(add(80, mapping_choice::nat_pmp).judged.answer, answer::yes);
  make_nat_pmp([](const nat_pmp_request&) { return std::string("nonsense"); });
  EXPECT_EQ(add(80, mapping_choice::nat_pmp).judged.answer, answer::unknown);
  EXPECT_THAT(known(recorded_by::added), SizeIs(1));
  EXPECT_NE(gateway_.mapping_requests().back().lifetime_s, 0U) << "it is not removed";
}

}  // namespace half_way_test
}  // namespace natcheck::mappings
