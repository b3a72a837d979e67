#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "evidence_builder.hpp"

namespace natcheck {
namespace findings_test {

using namespace natcheck::testing;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> codes(const discover_evidence& seen) {
  std::vector<std::string> all;
  for (const auto& f : diagnose(seen).findings) {
    EXPECT_FALSE(f.summary.empty() || f.advice.empty());
    all.push_back(f.code);
  }
  return all;
}

TEST(Findings, NoneInAnOrdinaryNetwork) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "5.5.5.5");
  EXPECT_THAT(codes(seen), IsEmpty());
}

TEST(Findings, SourcesDisagree) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "6.6.6.6");
  ASSERT_THAT(codes(seen), ElementsAre("sources-disagree"));
  EXPECT_THAT(diagnose(seen).findings.front().summary,
              AllOf(HasSubstr("NAT-PMP says 5.5.5.5"), HasSubstr("UPnP says 6.6.6.6")));
}

TEST(Findings, SourcesDisagreeWithTheHost) {
  auto seen = home("5.5.5.5");
  nat_pmp_says(seen, "6.6.6.6");
  ASSERT_THAT(codes(seen), ElementsAre("sources-disagree"));
  EXPECT_THAT(diagnose(seen).findings.front().summary, HasSubstr("this machine has 5.5.5.5"));
}

TEST(Findings, EmptyAddress) {
  auto seen = home();
  upnp_says(seen, "");
  EXPECT_THAT(codes(seen), ElementsAre("upnp-empty-address"));
  upnp_says(seen, "", "Disconnected");
  EXPECT_THAT(codes(seen), IsEmpty());
}

TEST(Findings, ThePublicAddressOnAnotherInterface) {
  auto seen = home();
  seen_as(seen, "5.5.5.5");
  seen.host.interfaces.push_back(nic("kube-ipvs0", "5.5.5.5", false));
  EXPECT_THAT(codes(seen), ElementsAre("public-address-elsewhere"));
  EXPECT_THAT(diagnose(seen).findings.front().summary,
              AllOf(HasSubstr("kube-ipvs0"), ::testing::Not(HasSubstr("down"))));
  seen.host.interfaces.back().up = false;
  EXPECT_THAT(diagnose(seen).findings.front().summary, HasSubstr("kube-ipvs0, which is down,"));
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("stun"));

  auto direct = home("5.5.5.5");
  seen_as(direct, "5.5.5.5");
  direct.host.interfaces.push_back(nic("lo", "5.5.5.5", false));
  EXPECT_THAT(codes(direct), IsEmpty());
  EXPECT_THAT(diagnose(direct).external->sources, ElementsAre("interface", "stun"));
}

TEST(Findings, EqualRoutes) {
  auto seen = home();
  seen.host.ipv4->other_gateways = {ip("192.168.1.2")};
  ASSERT_THAT(codes(seen), ElementsAre("several-default-routes"));
  EXPECT_THAT(diagnose(seen).findings.front().summary,
              HasSubstr("several routers (192.168.1.1, 192.168.1.2)"));
}

TEST(Findings, UnusableAddress) {
  struct {
    const char* says;
    const char* what;
  } const table[] = {
      {"router.lan", "a host name"},       {"None", "not an IP address"},
      {"2a00::1", "an IPv6 address"},      {"192.168.1.1", "its own address on this network"},
      {"127.0.0.1", "a loopback address"},
  };
  for (const auto& row : table) {
    auto seen = home();
    upnp_says(seen, row.says);
    ASSERT_THAT(codes(seen), ElementsAre("unusable-external-address")) << row.says;
    EXPECT_THAT(diagnose(seen).findings.front().summary, HasSubstr(row.what));
    EXPECT_FALSE(diagnose(seen).external) << row.says;
    seen_as(seen, "5.5.5.5");
    EXPECT_EQ(diagnose(seen).external->ip, ip("5.5.5.5")) << row.says;
    EXPECT_EQ(diagnose(seen).main.code, verdict_code::single_nat) << row.says;
    EXPECT_THAT(diagnose(seen).findings.front().advice, HasSubstr("5.5.5.5"));
  }
}

TEST(Findings, AnUnusableAddressBesideAUsableOne) {
  auto seen = home();
  upnp_says(seen, "192.168.1.1");
  nat_pmp_says(seen, "5.5.5.5");
  seen_as(seen, "5.5.5.5");
  EXPECT_THAT(codes(seen), ElementsAre("unusable-external-address"));
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::single_nat);
  EXPECT_EQ(diagnose(seen).main.certainty, confidence::confirmed);
}

TEST(Findings, ARouterThatIsSeenAtItsInnerAddressNamesItRightly) {
  auto seen = home();
  seen.gateway->ip = ip("5.5.5.5");
  upnp_says(seen, "5.5.5.5");
  seen_as(seen, "5.5.5.5");
  EXPECT_THAT(codes(seen), IsEmpty());
  EXPECT_EQ(diagnose(seen).main.certainty, confidence::confirmed);
}

TEST(Findings, WrongDevice) {
  auto seen = home();
  seen.gateway->upnp.other_responders = {ip("192.168.1.7"), ip("192.168.1.8")};
  ASSERT_THAT(codes(seen), ElementsAre("upnp-wrong-device"));
  EXPECT_THAT(diagnose(seen).findings.front().summary, HasSubstr("192.168.1.7, 192.168.1.8"));
  seen.gateway->neighbor = neighbor_state::unanswered;
  EXPECT_THAT(codes(seen), IsEmpty()) << "the gateway is not there: the other may be the way out";
}

TEST(Findings, SeveralDefaultRoutes) {
  auto seen = home();
  seen.host.interfaces.push_back(nic("docker0", "172.17.0.1", false));
  EXPECT_THAT(codes(seen), IsEmpty());
  seen.host.interfaces.push_back(nic("wlan0", "10.0.0.5"));
  ASSERT_THAT(codes(seen), ElementsAre("several-default-routes"));
  EXPECT_THAT(diagnose(seen).findings.front().summary, HasSubstr("eth0 is used, wlan0 is not"));
}

TEST(PublicAddress, NamesThoseWhoSaidExactlyThat) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("nat-pmp"));
  upnp_says(seen, "5.5.5.5");
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("nat-pmp", "upnp"));
}

TEST(PublicAddress, OfTheHost) {
  auto seen = home("5.5.5.5");
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("interface"));
  upnp_says(seen, "5.5.5.5");
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("interface", "upnp"));
}

TEST(PublicAddress, IsWhatServersOutsideSaw) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "100.64.5.2");
  seen_as(seen, "5.5.5.5");
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("nat-pmp", "stun"));
  seen = home("5.5.5.5");
  seen_as(seen, "6.6.6.6");
  EXPECT_EQ(diagnose(seen).external->ip, ip("6.6.6.6"));
  EXPECT_THAT(diagnose(seen).external->sources, ElementsAre("stun"));
}

TEST(PublicAddress, IgnoresAnAddressInAnAnswerThatFailed) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  seen.gateway->nat_pmp.state = service_state::malformed;
  EXPECT_FALSE(diagnose(seen).external);
}

TEST(EvidenceLines, EscapeWhatCameFromTheNetwork) {
  auto seen = home();
  upnp_says(seen, "");
  seen.gateway->upnp.connection_status = "Conn\x1b[31m\n";
  seen.gateway->upnp.external_address_text = std::string(500, 'x') + "\x07";
  const auto lines = diagnose(seen).main.evidence;
  EXPECT_THAT(lines, Contains(AllOf(HasSubstr("\"Conn\\x1b[31m\\n\""), HasSubstr("xxx...\""))));
}

}  // namespace findings_test
}  // namespace natcheck
