#include "mapping/external_addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace natcheck::mappings {
namespace external_addresses_test {

using ::testing::IsEmpty;
using ::testing::SizeIs;

address ip(const char* text) { return boost::asio::ip::make_address(text); }

class ExternalAddresses : public ::testing::Test {
 protected:
  /// The router opens port 1234; what `mapped` tells to type.
  std::string open(std::optional<address> router_says) {
    mapping entry;
    entry.internal = {ip("192.168.77.10"), 1234};
    entry.external_port = 1234;
    entry.external_address = router_says;
    std::string command;
    addresses_.open(entry, command, external_);
    addresses_.settle();
    return command;
  }
  /// A server outside sees that, or is being asked.
  void outside_sees(const char* seen) {
    external_evidence known;
    known.local = ip("192.168.77.10");
    known.gateway = ip("192.168.77.1");
    known.asking = seen == nullptr;
    if (seen != nullptr) {
      stun_evidence server;
      server.server = "stun.example.org:3478";
      server.address = {ip("9.9.0.7"), 3478};
      server.state = service_state::answered;
      server.seen_as = {ip(seen), 40000};
      known.stun = {server};
    }
    addresses_.know(known);
    addresses_.settle();
  }

  std::vector<events::external_address> told_;
  std::optional<endpoint> external_;
  external_addresses addresses_{[this](const auto& e) { told_.push_back(e); }};
};

TEST_F(ExternalAddresses, TheAnswerFromOutsideCorrectsTheCommand) {
  outside_sees(nullptr);
  EXPECT_EQ(open(ip("5.5.5.5")), "natcheck probe 5.5.5.5:1234");
  EXPECT_THAT(told_, IsEmpty()) << "somebody is being asked";
  EXPECT_FALSE(addresses_.confirmed(transport::tcp));
  outside_sees("5.5.6.9");
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].probe_command, "natcheck probe 5.5.6.9:1234");
  EXPECT_TRUE(told_[0].corrects);
  EXPECT_EQ(addresses_.of(transport::tcp), (endpoint{ip("5.5.6.9"), 1234}));
  EXPECT_FALSE(addresses_.confirmed(transport::tcp)) << "the router says otherwise";
  outside_sees("5.5.6.9");
  EXPECT_THAT(told_, SizeIs(1)) << "nothing new";
}

TEST_F(ExternalAddresses, TheAnswerThatWasThereBefore) {
  outside_sees("5.5.5.5");
  EXPECT_EQ(open(ip("192.168.77.1")), "natcheck probe 5.5.5.5:1234");
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_FALSE(told_[0].corrects);
  EXPECT_EQ(told_[0].judged.doubt.value().code, "sources-disagree");
}

TEST_F(ExternalAddresses, NoCommandForAPrivateAddress) {
  addresses_.know({});
  EXPECT_EQ(open(ip("192.168.50.2")), "");
  EXPECT_FALSE(external_);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].probe_command, "");
  EXPECT_FALSE(told_[0].external);
  EXPECT_EQ(told_[0].judged.doubt.value().code, "external-address-unknown");
}

TEST_F(ExternalAddresses, NobodyWasToBeAsked) {
  addresses_.know({});
  EXPECT_EQ(open(ip("5.5.5.5")), "natcheck probe 5.5.5.5:1234");
  EXPECT_EQ(told_.at(0).judged.doubt.value().code, "external-address-unconfirmed");
  EXPECT_EQ(addresses_.confirmed(transport::tcp), (endpoint{ip("5.5.5.5"), 1234}));
}

TEST_F(ExternalAddresses, WhereThePortWouldBe) {
  outside_sees("5.5.5.5");
  addresses_.fail(transport::udp, 1234);
  addresses_.settle();
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].probe_command, "natcheck probe --protocol udp 5.5.5.5:1234");
  EXPECT_FALSE(told_[0].corrects) << "it is not open";
  EXPECT_FALSE(addresses_.of(transport::udp));
}

TEST_F(ExternalAddresses, LostAndOpenedAgainIsToldAgain) {
  outside_sees("5.5.5.5");
  open(ip("5.5.5.5"));
  addresses_.lose(transport::tcp);
  EXPECT_FALSE(addresses_.of(transport::tcp));
  open(ip("5.5.5.5"));
  EXPECT_THAT(told_, SizeIs(2));
}

}  // namespace external_addresses_test
}  // namespace natcheck::mappings
