#include "portmap/xml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace natcheck::portmap {
namespace xml_test {

/// The values as "name=value".
std::vector<std::string> values(std::string_view xml) {
  std::vector<std::string> all;
  for (const xml_event& event : read_xml(xml)) {
    if (event.what == xml_event::kind::value) all.push_back(event.name + "=" + event.value);
  }
  return all;
}

/// "<a>" for the beginning of an element, "</a>" for its end, and the values in between.
std::string outline(std::string_view xml) {
  std::string text;
  for (const xml_event& event : read_xml(xml)) {
    if (event.what == xml_event::kind::opens) text += "<" + event.name + ">";
    if (event.what == xml_event::kind::value) text += event.value;
    if (event.what == xml_event::kind::closes) text += "</" + event.name + ">";
  }
  return text;
}

TEST(Xml, ValuesInEveryShape) {
  struct {
    const char* xml;
    std::vector<std::string> values;
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
      {"<b>&#233;&#x20ac;&#x1F600;</b>", {"b=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}},
      {"<b>&#0;&#x1b;&#xd800;&#x110000;&#99999999999;&#x;&#;</b>",
       {"b=&#0;&#x1b;&#xd800;&#x110000;&#99999999999;&#x;&#;"}},
      {"<!DOCTYPE b [<!ENTITY evil 'x'>]><b>&evil;</b>", {"b=&evil;"}},
  };
  for (const auto& row : table) EXPECT_EQ(values(row.xml), row.values) << row.xml;
}

TEST(Xml, ElementsInTheirOrder) {
  struct {
    const char* xml;
    const char* outline;
  } const table[] = {
      {"<?x?><s:E a='b'><s:B><u:Do/></s:B></s:E>", "<E><B><Do></Do></B></E>"},
      {"<a b='c' d><b/>x</a>", "<a><b></b></a>"},
      {"<a>x < y</a>", "<a>x < y</a>"},
      {"<a>x <3 & y</a>", "<a>x <3 & y</a>"},
      {"<a>x<</a>", "<a>x<</a>"},
      {"<a><b>x</a>", "<a><b>x</a>"},
      {"<a><b>x<c>y</c></a>", "<a><b>x<c>y</c></a>"},
      {"<a>x</b></a>", "<a>x</b></a>"},
      {"</a><a>x</a></a>", "</a><a>x</a></a>"},
      {"<a><!-- <b> --><![CDATA[<b>&]]></a>", "<a><b>&</a>"},
      {"junk<?xml?><!DOCTYPE a><a>x</a>junk", "<a>x</a>"},
      {"<a><b>cut", "<a><b>"},
      {"<a>cut<!-- ", "<a>"},
      {"<a>cut<![CDATA[x", "<a>"},
      {"<m:a>x</ m:a></m:a>", "<a>x</ m:a></a>"},
  };
  for (const auto& row : table) EXPECT_EQ(outline(row.xml), row.outline) << row.xml;
}

TEST(Xml, WhatIsEscapedIsReadTheSame) {
  const std::string text = "</a> & <b c=\"d\"> 'e' &amp; \xc3\xa9";
  EXPECT_EQ(values("<a>" + escape_xml(text) + "</a>"), std::vector{"a=" + text});
}

TEST(Xml, OfMuchMarkup) {
  for (const std::string piece : {"<", "<b>", "</b>", "<b c='", "&", "&#", "<!--", "<![CDATA["}) {
    std::string xml;
    while (xml.size() < 250'000) xml += piece;
    EXPECT_LE(read_xml(xml).size(), 90'000U) << piece;
  }
}

TEST(Xml, CutAnywhereItSaysNothingElse) {
  const std::string whole =
      "<?xml version=\"1.0\"?><s:Envelope><s:Body><u:R x='y'><NewA>12345</NewA><!-- c -->"
      "<NewB> 5.5.5.5 </NewB><NewC><![CDATA[ab]]></NewC></u:R></s:Body></s:Envelope>";
  const auto all = values(whole);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    for (const auto& value : values(whole.substr(0, size))) {
      EXPECT_THAT(all, ::testing::Contains(value)) << "cut at " << size;
    }
  }
}

TEST(Xml, SurvivesMutation) {
  std::mt19937 engine(20'260'801);  // NOLINT: the same inputs in every run
  const std::string seed = "<a x='1'><b>1 &amp; 2</b><!-- c --><d><![CDATA[e]]></d><f/></a>";
  constexpr std::string_view likely = "<>/!-[]&;'\" ab\n";
  for (int i = 0; i < 20'000; ++i) {
    std::string text = seed;
    for (int n = 0; n < 6; ++n) text[engine() % text.size()] = likely[engine() % likely.size()];
    for (const xml_event& event : read_xml(text)) EXPECT_FALSE(event.name.empty()) << text;
  }
}

}  // namespace xml_test
}  // namespace natcheck::portmap
