#include "portmap/xml_repair.hpp"

#include <gtest/gtest.h>

#include <array>
#include <pugixml.hpp>
#include <random>

namespace natcheck::portmap {
namespace {

TEST(RepairXml, UnderstandsWhatRoutersWrite) {
  struct {
    const char* xml;
    const char* repaired;
  } const table[] = {
      {"<a><b>x</b></a>", "<a><b>x</b></a>"},
      {"<a b='c' d><b/>x</a>", "<a><b></b>x</a>"},
      {"<a>x < y</a>", "<a>x &lt; y</a>"},
      {"<a>x <3 & y</a>", "<a>x &lt;3 & y</a>"},
      {"<a>x<</a>", "<a>x&lt;</a>"},
      {"<a><b>x</a>", "<a><b>x</b></a>"},
      {"<a><b>x<c>y</c></a>", "<a><b>x<c>y</c></b></a>"},
      {"<a>x</b></a>", "<a>x</a>"},
      {"</a><a>x</a></a>", "<a>x</a>"},
      {"<a><!-- <b> --><![CDATA[<b>&]]></a>", "<a>&lt;b>&amp;</a>"},
      {"junk<?xml?><!DOCTYPE a><a>x</a>junk", "<a>x</a>"},
      {"<a><b>x</b>", "<a><b>x</b></a>"},
      {"<a><b>cut", "<a><b></b></a>"},
      {"<a><b>cut</", "<a><b></b></a>"},
      {"<a>cut<!-- ", "<a></a>"},
      {"<a>cut<![CDATA[x", "<a></a>"},
      {"<m:a>x</ m:a></m:a>", "<m:a>x&lt;/ m:a></m:a>"},
      {"", ""},
      {"<", ""},
  };
  for (const auto& row : table) EXPECT_EQ(repair_xml(row.xml), row.repaired) << row.xml;
}

// Pieces of markup in any order, and every place to cut them at.
TEST(RepairXml, WhatComesOutIsWellFormed) {
  constexpr std::array pieces{"<a>",   "</a>", "<b c='d'>", "</b>",      "<c/>", "<",    ">",
                              "x",     "&",    "&amp;",     "<![CDATA[", "]]>",  "<!--", "-->",
                              "<?p?>", "/",    "\"",        "'",         "</",   "<1>",  " "};
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    std::string xml;
    for (int i = 0; i < 20; ++i) xml += pieces.at(random() % pieces.size());
    const std::string repaired = repair_xml(xml);
    pugi::xml_document document;
    const auto parsed = document.load_string(repaired.c_str(), pugi::parse_fragment);
    EXPECT_TRUE(parsed || parsed.status == pugi::status_no_document_element)
        << xml << "\n"
        << repaired << "\n"
        << parsed.description();
    EXPECT_EQ(repair_xml(repaired), repaired) << xml;
  }
}

}  // namespace
}  // namespace natcheck::portmap
