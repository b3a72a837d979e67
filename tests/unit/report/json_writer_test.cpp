#include "report/json_writer.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <limits>

namespace natcheck::report {
namespace json_writer_test {

namespace json = boost::json;

std::string one_line(const json::value& value) { return print_json(value, json_layout::one_line); }

TEST(JsonWriter, WritesNumbersAsPeopleDo) {
  const std::pair<double, const char*> rows[] = {
      {0, "0"},
      {31, "31"},
      {0.4, "0.4"},
      {30.2004, "30.2"},
      {12.3456, "12.346"},
      {1751.0625, "1751.062"},
      {100, "100"},
      {1e9, "1000000000"},
      {-0.0001, "0"},
      {-1.5, "-1.5"},
      {1e-12, "0"},
      {std::numeric_limits<double>::infinity(), "null"},
      {std::numeric_limits<double>::quiet_NaN(), "null"}};
  for (const auto& [number, expected] : rows) EXPECT_EQ(one_line(number), expected);
}

TEST(JsonWriter, WritesTheOtherKinds) {
  EXPECT_EQ(one_line(nullptr), "null");
  EXPECT_EQ(one_line(true), "true");
  EXPECT_EQ(one_line(-3), "-3");
  EXPECT_EQ(one_line(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(one_line("a \"quote\" and \\"), R"("a \"quote\" and \\")");
  EXPECT_EQ(one_line({{"a", {1, 2}}, {"b", json::object()}, {"c", json::array()}}),
            R"({"a":[1,2],"b":{},"c":[]})");
}

TEST(JsonWriter, IndentsByTwo) {
  const json::value value{{"a", {1, 2}}, {"b", {{"c", nullptr}}}, {"d", json::array()}};
  EXPECT_EQ(
      print_json(value, json_layout::indented),
      "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {\n    \"c\": null\n  },\n  \"d\": []\n}");
}

TEST(JsonWriter, NeverWritesControlCharactersOrBadUtf8) {
  EXPECT_EQ(one_line("\x1b[31m"), R"("\u001b[31m")");
  EXPECT_EQ(one_line("\x7f"), R"("\u007f")");
  EXPECT_EQ(one_line("\xc2\x9b"), R"("\u009b")");
  EXPECT_EQ(one_line("\xe2\x80\xae"), R"("\u202e")");
  EXPECT_EQ(one_line("\xff"), R"("\\xff")");
}

TEST(JsonWriter, WhatItWritesReadsBackTheSame) {
  const json::value value{{"text", "Küche \x01 \xc2\x9b \n"}, {"list", {1, 2.5, nullptr, true}}};
  for (const auto layout : {json_layout::one_line, json_layout::indented}) {
    EXPECT_EQ(json::parse(print_json(value, layout)), value);
  }
}

}  // namespace json_writer_test
}  // namespace natcheck::report
