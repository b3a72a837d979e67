#include "portmap/xml_outline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace natcheck::portmap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The leaves as "name=value".
std::vector<std::string> leaves(std::string_view xml) {
  std::vector<std::string> all;
  for (const xml_leaf& leaf : outline_of(xml).leaves) all.push_back(leaf.name + "=" + leaf.value);
  return all;
}

TEST(XmlOutline, LeavesInEveryShape) {
  struct {
    const char* xml;
    std::vector<std::string> leaves;
  } const table[] = {
      {"<a><b>1</b><c>2</c></a>", {"b=1", "c=2"}},
      {"<s:a><m:b x='1' y=\"2\">1</m:b></s:a>", {"b=1"}},
      {"<b x='1>2' y=\">3>\">1</b>", {"b=1"}},
      {"<b x='>'/><c y='>' >2</c>", {"b=", "c=2"}},
      {"<b x=' y=1>2</b>", {"b=2"}},
      {"<b it's>2</b>", {"b=2"}},
      {"<a>\r\n  <b>\r\n 1 2\t</b>\n</a>", {"b=1 2"}},
      {"<a><b></b><c/><d /></a>", {"b=", "c=", "d="}},
      {"<b>Tom & Jerry &amp; &lt;&#65;&#x42;&gt; &unknown; &#7; &</b>",
       {"b=Tom & Jerry & <AB> &unknown; &#7; &"}},
      {"<b>1 < 2 <3> <-</b>", {"b=1 < 2 <3> <-"}},
      {"<b>a<b</b>", {"b=a<b"}},
      {"<b><![CDATA[<x>&amp;]]></b>", {"b=<x>&amp;"}},
      {"<b>1<!-- <c>2</c> -->3</b>", {"b=13"}},
      {"<?xml version='1.0'?><!DOCTYPE b><b>1</b>", {"b=1"}},
      {"<a><b>1<c>2</c></a>", {"b=1", "c=2"}},  // b is never closed
      {"<a><b>1</b><c>2</a>", {"b=1", "c=2"}},  // nor is c
      {"<b>1</b", {"b=1"}},
      {"<b>1</", {"b=1"}},
      {"<b>1<", {}},
      {"<b>1", {}},
      {"<b", {}},
      {"<", {}},
      {"", {}},
      {"no XML", {}},
      {"</a></b>", {}},
      {"<!-- <b>1</b>", {}},
      {"<b><![CDATA[1", {}},
  };
  for (const auto& row : table) EXPECT_EQ(leaves(row.xml), row.leaves) << row.xml;
}

TEST(XmlOutline, NamesAllElements) {
  const auto outline = outline_of("<?x?><s:Envelope a='b'><s:Body><u:Do/></s:Body></s:Envelope>");
  EXPECT_THAT(outline.elements, ElementsAre("Envelope", "Body", "Do"));
}

TEST(XmlOutline, IsBounded) {
  const auto leaf = outline_of("<b>" + std::string(5000, 'x') + "</b>").leaves;
  ASSERT_EQ(leaf.size(), 1U);
  EXPECT_EQ(leaf.front().value, std::string(256, 'x'));
  std::string many;
  for (int i = 0; i < 100'000; ++i) many += "<b>";
  EXPECT_LE(outline_of(many).elements.size(), 2000U);
  EXPECT_THAT(outline_of(std::string(250'000, '<')).elements, IsEmpty());
}

TEST(XmlOutline, CutAnywhereItSaysNothingElse) {
  const std::string whole =
      "<?xml version=\"1.0\"?><s:Envelope><s:Body><u:R x='y'><NewA>12345</NewA><!-- c -->"
      "<NewB> 5.5.5.5 </NewB><NewC><![CDATA[ab]]></NewC></u:R></s:Body></s:Envelope>";
  const auto all = leaves(whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const auto& leaf : leaves(whole.substr(0, size))) {
      EXPECT_THAT(all, ::testing::Contains(leaf)) << "cut at " << size;
    }
  }
}

TEST(XmlOutline, SurvivesMutation) {
  std::mt19937 engine(20'260'801);  // NOLINT: the same inputs in every run
  const std::string seed = "<a x='1'><b>1 &amp; 2</b><!-- c --><d><![CDATA[e]]></d><f/></a>";
  constexpr std::string_view likely = "<>/!-[]&;'\" ab\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seed;
    for (int n = 0; n < 6; ++n) text[engine() % text.size()] = likely[engine() % likely.size()];
    for (const xml_leaf& leaf : outline_of(text).leaves) {
      EXPECT_LE(leaf.value.size(), 256U) << text;
      EXPECT_FALSE(leaf.name.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace natcheck::portmap
