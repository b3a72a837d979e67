// Answers that tell little, late or nothing: what counts is the router's table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/portmap/upnp_router.hpp"

namespace natcheck::portmap {
namespace upnp_answers_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ending = http_answer::ending;

class UpnpAnswers : public UpnpRouter {
 protected:
  void SetUp() override { gateway_.times = {500ms, 500ms, 600ms}; }

  /// The gateway makes the entry, and answers this.
  void makes_it_and_says(const http_answer& answer) {
    gateway_.answers["AddPortMapping"] = answer;
    gateway_.on_request = [this](const http_request& request) {
      if (request.action == "AddPortMapping") gateway_.table[key] = ours();
    };
  }
  std::unique_ptr<upnp_mapper> fresh() { return std::make_unique<upnp_mapper>(gateway_.access()); }
};

std::vector<http_answer> unclear_answers() {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  return {http_page(""),
          http_page("<html>Please log in</html>"),
          http_page("", "500 Internal Server Error"),
          {"HTTP/1.1 200"},
          {interim},
          {interim, ending::hang},
          {""},
          {"", ending::reset},
          {"", ending::hang},
          {"SSH-2.0-dropbear\r\n"}};
}

TEST_F(UpnpAnswers, AnEntryThatIsThereIsThereWhateverTheAnswer) {
  for (const http_answer& answer : unclear_answers()) {
    SCOPED_TRACE(answer.bytes);
    gateway_.table.clear();
    makes_it_and_says(answer);
    const auto mapper = fresh();
    const auto made = loop_.await(mapper->map(strict));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_TRUE(made->verified);
    ASSERT_TRUE(loop_.await(mapper->unmap()));
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpAnswers, WithoutAnEntryItMayYetCome) {
  gateway_.answers["AddPortMapping"] = http_page("");
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().kind, outcome::refused) << "then it would be forgotten";
  gateway_.table[key] = ours();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpAnswers, AForeignEntryIsNotTakenForOurs) {
  gateway_.answers["AddPortMapping"] = http_page("");
  gateway_.on_request = [this](const http_request& request) {
    if (request.action == "AddPortMapping") gateway_.table[key] = foreign();
  };
  EXPECT_FALSE(map());
  EXPECT_FALSE(unmap()) << "it is not ours";
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpAnswers, AConnectionThatBreaksBeforeAnyByteIsTriedOnceMore) {
  for (const auto how : {ending::reset, ending::close}) {
    gateway_.requests.clear();
    gateway_.answers["AddPortMapping"] = {"", how};
    gateway_.on_request = [this](const http_request&) {
      if (gateway_.count("AddPortMapping") == 2) gateway_.answers.erase("AddPortMapping");
    };
    const auto mapper = fresh();
    const auto made = loop_.await(mapper->map(strict));
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(gateway_.count("AddPortMapping"), 2);
  }
}

TEST_F(UpnpAnswers, AnEntryThatShowsLateCounts) {
  gateway_.answers["GetSpecificPortMappingEntry"] = soap_fault(714);
  gateway_.on_request = [this](const http_request&) {
    if (gateway_.count("GetSpecificPortMappingEntry") == 4) gateway_.answers.clear();
  };
  gateway_.times.settling = 10s;
  const auto mapper = fresh();
  const auto made = loop_.await(mapper->map(strict));
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_TRUE(made->verified);
}

http_answer switched_off() {
  return soap_response(
      "GetSpecificPortMappingEntry",
      "<NewInternalPort>4321</NewInternalPort><NewInternalClient>127.0.0.1</NewInternalClient>"
      "<NewEnabled>0</NewEnabled><NewPortMappingDescription>natcheck"
      "</NewPortMappingDescription><NewLeaseDuration>3600</NewLeaseDuration>");
}

TEST_F(UpnpAnswers, AnEntryThatIsSwitchedOffIsAddedOnceMore) {
  gateway_.answers["GetSpecificPortMappingEntry"] = switched_off();
  gateway_.on_request = [this](const http_request&) {
    if (gateway_.count("AddPortMapping") == 2) gateway_.answers.clear();
  };
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_TRUE(made->verified);
  EXPECT_FALSE(made->switched_off);
}

TEST_F(UpnpAnswers, AnEntryThatStaysSwitchedOffIsNotVerified) {
  gateway_.answers["GetSpecificPortMappingEntry"] = switched_off();
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_FALSE(made->verified);
  EXPECT_TRUE(made->switched_off);
  EXPECT_EQ(gateway_.count("AddPortMapping"), 2);
  gateway_.answers.clear();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpAnswers, ATableThatHangsLeavesItUnverifiedAndIsEmptiedAllTheSame) {
  gateway_.answers["GetSpecificPortMappingEntry"] = {"", ending::hang};
  const auto mapper = fresh();
  const auto made = loop_.await(mapper->map(strict));
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_FALSE(made->verified);
  ASSERT_TRUE(loop_.await(mapper->unmap()));
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpAnswers, ARemovalThatFailsInAnyWayIsAFailure) {
  auto answers = unclear_answers();
  for (const int code : {402, 501, 606, 714, 718}) answers.push_back(soap_fault(code));
  answers.push_back(soap_response("DeletePortMapping", ""));  // and it stays
  for (const http_answer& answer : answers) {
    SCOPED_TRACE(answer.bytes);
    gateway_.answers.clear();
    const auto mapper = fresh();
    ASSERT_TRUE(loop_.await(mapper->map(strict)));
    gateway_.answers["DeletePortMapping"] = answer;
    EXPECT_FALSE(loop_.await(mapper->unmap())) << "the entry is still there";
    gateway_.answers.clear();
    ASSERT_TRUE(loop_.await(mapper->unmap())) << "and can be removed later";
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
}

TEST_F(UpnpAnswers, ARemovalThatTheTableShowsIsOne) {
  for (const http_answer& answer : unclear_answers()) {
    SCOPED_TRACE(answer.bytes);
    gateway_.answers.clear();
    const auto mapper = fresh();
    ASSERT_TRUE(loop_.await(mapper->map(strict)));
    gateway_.answers["DeletePortMapping"] = answer;
    gateway_.on_request = [this](const http_request& request) {
      if (request.action == "DeletePortMapping") gateway_.table.clear();
    };
    const auto removed = loop_.await(mapper->unmap());
    EXPECT_TRUE(removed) << to_string(removed.error());
  }
}

}  // namespace upnp_answers_test
}  // namespace natcheck::portmap
