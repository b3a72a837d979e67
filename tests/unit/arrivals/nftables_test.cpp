#include "arrivals/nftables.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "unit/net/from_hex.hpp"

namespace natcheck::arrivals {
namespace nftables_test {

using manager = firewall_evidence::manager;

// Answers of a Linux 6.18 kernel to NFT_MSG_GETCHAIN.

/// chain inet filter input { type filter hook input priority 0; policy drop; ... }, three rules.
constexpr std::string_view input_that_drops =
    "70000000030a02000500000010000000010000020b00010066696c74657200000a000300696e7075740000000c0002"
    "000000000000000001140004000800010000000001080002000000000008000500000000000b00070066696c746572"
    "000008000a00000000010800060000000003";
/// chain inet filter forward { type filter hook forward priority 0; policy accept; }
constexpr std::string_view forward =
    "70000000030a02000500000010000000010000020b00010066696c74657200000c000300666f7277617264000c0002"
    "000000000000000002140004000800010000000002080002000000000008000500000000010b00070066696c746572"
    "000008000a00000000010800060000000000";
/// chain inet filter own, no base chain, one rule.
constexpr std::string_view no_base =
    "3c000000030a02000500000010000000010000020b00010066696c7465720000080003006f776e000c000200000000"
    "00000000030800060000000001";
/// chain ip6 six INPUT { type filter hook input priority 10; policy accept; counter }
constexpr std::string_view ipv6_input =
    "6c000000030a020005000000100000000a00000208000100736978000a000300494e5055540000000c000200000000"
    "0000000001140004000800010000000001080002000000000a08000500000000010b00070066696c74657200000800"
    "0a00000000010800060000000001";
/// chain netdev n i { type filter hook ingress device v0 priority 0; policy accept; }
constexpr std::string_view ingress =
    "7c000000030a0200050000001000000005000002060001006e00000006000300690000000c00020000000000000000"
    "0128000400080001000000000008000200000000000c00040007000100763000000700030076300000080005000000"
    "00"
    "010b00070066696c746572000008000a00000000010800060000000000";

TEST(NftChain, FromCapture) {
  EXPECT_EQ(parse_chain(net::from_hex(input_that_drops)),
            (nft_chain{"inet", "filter", "input", true, true, 3}));
  EXPECT_EQ(parse_chain(net::from_hex(forward)),
            (nft_chain{"inet", "filter", "forward", false, false, 0}));
  EXPECT_EQ(parse_chain(net::from_hex(no_base)),
            (nft_chain{"inet", "filter", "own", false, false, 1}));
  EXPECT_EQ(parse_chain(net::from_hex(ipv6_input)),
            (nft_chain{"ip6", "six", "INPUT", true, false, 1}));
  EXPECT_EQ(parse_chain(net::from_hex(ingress)), std::nullopt)
      << "no packet for a server comes there";
}

TEST(NftChain, EveryTruncatedOneIsNothing) {
  const net::message whole = net::from_hex(input_that_drops);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_chain(net::message_view(whole).first(length))) << length;
  }
}

TEST(NftChain, AnotherMessageIsNothing) {
  net::message bytes = net::from_hex(input_that_drops);
  bytes[4] = std::byte{0};  // NFT_MSG_NEWTABLE
  EXPECT_FALSE(parse_chain(bytes));
}

TEST(NftChain, SurvivesMutations) {
  std::mt19937 random{20240607};
  for (int round = 0; round < 20'000; ++round) {
    net::message bytes = net::from_hex(input_that_drops);
    for (int change = 0; change < 3; ++change) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    }
    const auto chain = parse_chain(bytes);
    EXPECT_LE(chain ? chain->name.size() : 0U, bytes.size());
  }
}

TEST(ChainsRequest, IsADumpOfAllFamilies) {
  EXPECT_EQ(chains_request(), net::from_hex("14000000040a0103000000000000000000000000"));
}

struct firewall_case {
  const char* name;
  std::vector<nft_chain> chains;
  bool ipv6;
  manager by;
  const char* family;
  const char* table;
  const char* chain;
};

const firewall_case cases[] = {
    {"nothing", {}, false, manager::none, "", "", ""},
    {"no input chain",
     {{"inet", "f", "forward", false, true, 9}},
     false,
     manager::none,
     "",
     "",
     ""},
    {"the one that drops",
     {{"ip", "a", "in", true, false, 99}, {"inet", "b", "in", true, true, 1}},
     false,
     manager::nftables,
     "inet",
     "b",
     "in"},
    {"the one with the most rules",
     {{"ip", "a", "in", true, false, 1}, {"inet", "b", "in", true, false, 7}},
     false,
     manager::nftables,
     "inet",
     "b",
     "in"},
    {"another version of IP does not count",
     {{"ip6", "a", "in", true, true, 99}, {"inet", "b", "in", true, false, 7}},
     false,
     manager::nftables,
     "inet",
     "b",
     "in"},
    {"for IPv6 it does",
     {{"ip6", "a", "in", true, true, 99}, {"inet", "b", "in", true, false, 7}},
     true,
     manager::nftables,
     "ip6",
     "a",
     "in"},
    {"IPv4's rules do not count for IPv6",
     {{"ip", "a", "in", true, true, 9}},
     true,
     manager::none,
     "",
     "",
     ""},
    {"ufw",
     {{"ip", "filter", "INPUT", true, true, 6},
      {"ip", "filter", "ufw-before-input", false, false, 1}},
     false,
     manager::ufw,
     "ip",
     "filter",
     "INPUT"},
    {"ufw's IPv6",
     {{"ip6", "filter", "INPUT", true, true, 6},
      {"ip6", "filter", "ufw6-before-input", false, false, 1}},
     true,
     manager::ufw,
     "ip6",
     "filter",
     "INPUT"},
    {"firewalld",
     {{"inet", "firewalld", "filter_INPUT", true, false, 6}},
     false,
     manager::firewalld,
     "inet",
     "firewalld",
     "filter_INPUT"},
};

TEST(Firewall, IsToldByItsChains) {
  for (const firewall_case& row : cases) {
    for (const bool turned : {false, true}) {
      auto chains = row.chains;
      if (turned) std::reverse(chains.begin(), chains.end());
      const auto found = firewall_of(chains, row.ipv6);
      EXPECT_EQ(found.by, row.by) << row.name;
      EXPECT_EQ(found.family, row.family) << row.name;
      EXPECT_EQ(found.table, row.table) << row.name;
      EXPECT_EQ(found.chain, row.chain) << row.name;
    }
  }
}

}  // namespace nftables_test
}  // namespace natcheck::arrivals
