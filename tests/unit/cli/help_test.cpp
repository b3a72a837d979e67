#include "cli/help.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "cli/options.hpp"

namespace natcheck::cli {
namespace help_test {

using testing::HasSubstr;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string golden(topic about) {
  const std::string name = about == topic::overview ? "overview" : std::string(name_of(about));
  std::ifstream file(std::string(GOLDEN_DIR) + "/" + name + ".txt");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The words of an example line up to its explanation, without "natcheck" and what follows "&&".
std::vector<std::string> words_of_example(const std::string& line) {
  const std::string command = line.substr(2, line.find("   ", 2) - 2);
  std::istringstream stream(command);
  std::vector<std::string> words;
  for (std::string word; stream >> word && word != "&&";) words.push_back(word);
  words.erase(words.begin());
  return words;
}

class Help : public testing::TestWithParam<topic> {};

// Changed on purpose? Then natcheck COMMAND --help > tests/unit/cli/golden/COMMAND.txt
TEST_P(Help, IsTheGoldenText) { EXPECT_EQ(help_text(GetParam()), golden(GetParam())); }

TEST_P(Help, FitsEightyColumns) {
  const std::string text = help_text(GetParam());
  EXPECT_TRUE(text.ends_with("\n"));
  for (const std::string& line : lines_of(text)) {
    EXPECT_LE(line.size(), 80u) << line;
    EXPECT_FALSE(line.ends_with(" ")) << line;
  }
}

TEST_P(Help, EveryExampleIsAValidCommandLine) {
  unsigned examples = 0;
  for (const std::string& line : lines_of(help_text(GetParam()))) {
    if (!line.starts_with("  natcheck ")) continue;
    ++examples;
    const auto parsed = parse_command_line(words_of_example(line));
    const auto* error = std::get_if<usage_error>(&parsed);
    EXPECT_EQ(error, nullptr) << line << "\n" << (error ? error->message : "");
  }
  EXPECT_GE(examples, 3u);
}

TEST_P(Help, ListsTheOptionsOfTheCommand) {
  const std::string text = help_text(GetParam());
  for (const option_row& row : option_table()) {
    if (takes(row, GetParam())) {
      EXPECT_THAT(text, HasSubstr("--" + row.name));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Topics, Help,
                         testing::Values(topic::overview, topic::discover, topic::serve,
                                         topic::probe, topic::mappings),
                         [](const auto& param) {
                           return param.param == topic::overview
                                      ? std::string("overview")
                                      : std::string(name_of(param.param));
                         });

TEST(OptionTable, NamesNoOptionTwiceForOneCommand) {
  for (const topic command : commands) {
    std::set<std::string> names;
    std::set<char> letters;
    for (const option_row& row : option_table()) {
      if (!takes(row, command)) continue;
      EXPECT_TRUE(names.insert(row.name).second) << row.name;
      EXPECT_TRUE(row.letter == '\0' || letters.insert(row.letter).second) << row.letter;
    }
  }
}

}  // namespace help_test
}  // namespace natcheck::cli
