// What a lease writes down, and how it heeds what others have written down.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/mapping/remembered_mapping.hpp"
#include "portmap/port_control.hpp"

namespace natcheck::mappings {
namespace remembered_mappings_test {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class RememberingKeeper : public RememberedLease {
 protected:
  /// What `mappings add` notes when it has made a mapping to the same port here.
  void remember_added(mapping_protocol via, std::uint16_t external_port) {
    mapping_record added;
    added.via = via;
    added.gateway = gateway_.access().gateway;
    added.internal = {gateway_.access().from.local, 4321};
    added.external_port = external_port;
    added.lifetime = 1h;
    ASSERT_TRUE(journal::keep_added(directory_, added, journal::system_now()));
  }
};

TEST_F(RememberingKeeper, RemembersWhatItAsksFor) {
  make_nat_pmp_answer(0);
  keep_remembered();
  next<events::mapped>();
  ASSERT_THAT(records(), SizeIs(1));
  EXPECT_EQ(records()[0].record.via, mapping_protocol::nat_pmp);
  EXPECT_EQ(records()[0].record.external_port, 1234);
  EXPECT_EQ(records()[0].record.gateway, gateway_.access().gateway);
  cancel();
  release();
  EXPECT_THAT(records(), SizeIs(0));
}

TEST_F(RememberingKeeper, WhatWasRefusedIsForgotten) {
  make_nat_pmp_answer(2);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep_remembered();
  next<events::map_failed>();
  EXPECT_THAT(records(), SizeIs(0)) << "or it would keep others from removing what is theirs";
  cancel();
}

TEST_F(RememberingKeeper, WhatWasAddedToStayStays) {
  remember_added(mapping_protocol::upnp, 1234);
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep_remembered(upnp_only);
  next<events::mapped>();
  cancel();
  release();
  EXPECT_FALSE(next<events::unmapped>().removed);
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U);
  ASSERT_THAT(records(), SizeIs(1));
  EXPECT_EQ(records()[0].owner, journal::recorded_by::added);
}

// A PCP server does for a mapping only what the owner of its nonce asks (RFC 6887 section 11.2.1).
TEST_F(RememberingKeeper, WhatWasAddedByPcpIsRenewedByItsNonceAndForItsTime) {
  mapping_request request{transport::tcp, 4321, 1234, 2h};
  portmap::port_control_mapper adder(gateway_.access(), pcp::codec);
  ASSERT_TRUE(loop_.await(adder.map(request)));
  ASSERT_TRUE(journal::keep_added(directory_, adder.record(request), journal::system_now()));
  mapping_options pcp_only;
  pcp_only.via = mapping_choice::pcp;
  keep_remembered(pcp_only);
  EXPECT_GT(next<events::mapped>().entry.asked_lifetime, 1h);
  cancel();
  release();
  EXPECT_FALSE(next<events::unmapped>().removed);
  EXPECT_TRUE(loop_.await(adder.map(request))) << "it is still there, and still of that nonce";
}

TEST_F(RememberingKeeper, WhatWasAddedUnderAnotherNumberIsNotClosed) {
  remember_added(mapping_protocol::nat_pmp, 8080);
  mapping_options nat_pmp_only;
  nat_pmp_only.via = mapping_choice::nat_pmp;
  keep_remembered(nat_pmp_only);
  const auto failed = next<events::map_failed>();
  EXPECT_EQ(failed.judged.main.code, verdict_code::port_conflict);
  EXPECT_THAT(failed.judged.main.evidence, ::testing::Contains(HasSubstr("as external port 8080")));
  cancel();
  release();
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0));
}

}  // namespace remembered_mappings_test
}  // namespace natcheck::mappings
