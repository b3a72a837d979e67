#include <gtest/gtest.h>

#include "arrivals/nat_rules.hpp"
#include "nat_set_captures.hpp"
#include "unit/net/from_hex.hpp"

namespace natcheck::arrivals {
namespace nat_sets_test {

port_question about(transport protocol, std::uint16_t port) {
  return {protocol, port, false, {boost::asio::ip::make_address("192.168.1.10")}};
}

std::vector<nft_set> all_sets() {
  std::vector<nft_set> sets;
  for (const auto& captured : set_captures::sets) {
    auto set = parse_set(net::from_hex(captured.set));
    if (!set) continue;
    set->elements = parse_elements({net::from_hex(captured.elements)});
    sets.push_back(std::move(*set));
  }
  return sets;
}

nat_rule_search search(const port_question& asked, const std::vector<nft_set>& sets) {
  std::vector<net::message> chains;
  for (const auto& hex : set_captures::chains) chains.push_back(net::from_hex(hex));
  std::vector<nft_rule> rules;
  for (const auto& hex : set_captures::rules) {
    if (auto rule = parse_rule(net::from_hex(hex), asked, sets)) rules.push_back(std::move(*rule));
  }
  return leading_away(chains, rules, asked);
}

/// "prerouting -> 172.17.0.2 80", "-" for no rule, "?" where that is not known.
std::string found(transport protocol, std::uint16_t port) {
  const auto seen = search(about(protocol, port), all_sets());
  if (!seen.found) return seen.able ? "-" : "?";
  return seen.found->chain + " -> " + (seen.found->to ? seen.found->to->to_string() : "here") +
         " " + (seen.found->to_port ? std::to_string(*seen.found->to_port) : "same");
}

TEST(NatSets, PortsInASet) {
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{80, 1234, 3000, 3010}) {
    EXPECT_EQ(found(transport::tcp, port), "prerouting -> 172.17.0.2 same") << port;
  }
  for (const std::uint16_t port : std::initializer_list<std::uint16_t>{79, 81, 1235, 2999, 3011}) {
    EXPECT_EQ(found(transport::tcp, port), "-") << port;
  }
  EXPECT_EQ(found(transport::udp, 1234), "-");
}

TEST(NatSets, PortsInAMap) {
  EXPECT_EQ(found(transport::udp, 53), "prerouting -> 172.17.0.4 same");
  EXPECT_EQ(found(transport::udp, 5353), "prerouting -> 172.17.0.5 same");
  EXPECT_EQ(found(transport::udp, 54), "-");
  EXPECT_EQ(found(transport::tcp, 6000), "prerouting -> here 8080");
  EXPECT_EQ(found(transport::tcp, 6001), "prerouting -> here 8081");
  EXPECT_EQ(found(transport::tcp, 6002), "-");
  EXPECT_EQ(found(transport::tcp, 7000), "prerouting -> 10.0.0.3 8000");
  EXPECT_EQ(found(transport::tcp, 7150), "prerouting -> 10.0.0.4 8001") << "an interval";
  EXPECT_EQ(found(transport::tcp, 7201), "-");
}

TEST(NatSets, AnExceptedRange) {
  EXPECT_EQ(found(transport::tcp, 30500), "prerouting -> 172.17.0.6 same");
  EXPECT_EQ(found(transport::tcp, 30501), "-");
}

TEST(NatSets, ChainsThatAMapLeadsTo) {
  EXPECT_EQ(found(transport::tcp, 4568), "-") << "for an address that is not this host's";
  EXPECT_EQ(found(transport::udp, 4569), "far -> 10.42.0.7 same");
  EXPECT_EQ(found(transport::tcp, 4569), "-");
  EXPECT_EQ(found(transport::tcp, 30080), "two -> 10.180.0.5 8000") << "one of two, at random";
  EXPECT_EQ(found(transport::udp, 30080), "-");
}

TEST(NatSets, WithoutTheElementsNoAnswerIsNo) {
  const auto seen = search(about(transport::tcp, 9999), {});
  EXPECT_FALSE(seen.found);
  EXPECT_FALSE(seen.able);
  EXPECT_NE(to_string(seen.doubt).find("chain ip nat prerouting"), std::string::npos)
      << to_string(seen.doubt);
}

TEST(NatSets, EveryTruncatedOneIsReadAsFarAsItGoes) {
  for (const auto& captured : set_captures::sets) {
    for (const auto hex : {captured.set, captured.elements}) {
      const net::message whole = net::from_hex(hex);
      for (std::size_t length = 0; length < whole.size(); ++length) {
        net::message cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_FALSE(parse_set(cut)) << "its length says more";
        EXPECT_TRUE(parse_elements({cut}).empty());
        if (length < 16) continue;
        cut[0] = static_cast<std::byte>(length & 0xff);
        cut[1] = static_cast<std::byte>(length >> 8);
        parse_set(cut);
        parse_elements({cut});
      }
    }
  }
}

TEST(NatSets, TheElementsOfOneSetAreAskedFor) {
  nft_set set;
  set.family = 2;
  set.table = "nat";
  set.name = "ports";
  EXPECT_EQ(elements_request(set), net::from_hex("280000000d0a0103000000000000000002000000"
                                                 "080001006e6174000a000200706f727473000000"));
}

}  // namespace nat_sets_test
}  // namespace natcheck::arrivals
