#include "cli/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <set>

#include "cli/nearest.hpp"
#include "cli/options.hpp"
#include "cli/values.hpp"
#include "report/printable.hpp"

namespace natcheck::cli {
namespace {

namespace po = boost::program_options;

const std::vector<std::string> command_words = {"discover", "serve", "probe", "mappings"};
const std::vector<std::string> later_words = {"vantage", "doctor"};

const std::vector<std::string> mappings_words = {"list", "add", "remove", "clean"};

/// What Program_options calls the words that are no options.
constexpr const char* operand_key = "operand";

po::options_description describe_options() {
  po::options_description description;
  std::set<std::string> seen;
  for (const option_row& row : option_table()) {
    if (!seen.insert(row.name).second) continue;
    const std::string names = row.letter ? fmt::format("{},{}", row.name, row.letter) : row.name;
    if (row.value.empty()) {
      description.add_options()(names.c_str(), "");
    } else {
      description.add_options()(names.c_str(), po::value<std::string>(), "");
    }
  }
  description.add_options()(operand_key, po::value<std::vector<std::string>>(), "");
  return description;
}

usage_error unknown_option(const std::string& token) {
  const std::string spelling = token.substr(0, token.find('='));
  std::vector<std::string> names;
  for (const option_row& row : option_table()) names.push_back("--" + row.name);
  // "-json" is one dash short.
  const auto letters = spelling.find_first_not_of('-');
  const std::string hint =
      letters == std::string::npos ? "" : did_you_mean("--" + spelling.substr(letters), names);
  return {fmt::format("unknown option {}{}", printable(spelling),
                      hint.empty() ? "; natcheck --help lists the options" : hint)};
}

usage_error wrong_syntax(const po::invalid_command_line_syntax& error) {
  const std::string option = error.get_option_name();
  const auto name = option.substr(std::min(option.find_first_not_of('-'), option.size()));
  const option_row* row = find_option(name, topic::overview);
  if (row == nullptr || row->value.empty()) {
    return {fmt::format("{} takes no value", printable(option))};
  }
  return {fmt::format("--{} needs a value; expected {}", row->name, row->value)};
}

po::parsed_options run_parser(const std::vector<std::string>& arguments) {
  const po::options_description description = describe_options();
  po::positional_options_description operands;
  operands.add(operand_key, -1);
  // Guessing would break a script the day a second option begins with the same letters.
  const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::command_line_parser parser(arguments);
  parser.options(description).positional(operands).style(style).allow_unregistered();
  po::parsed_options parsed = parser.run();
  parsed.description = nullptr;  // it ends with this function
  return parsed;
}

/// The long name: Program_options reports "-v" where only the letter was seen.
std::string long_name(const std::string& key) {
  if (key.size() != 2 || key[0] != '-') return key;
  const auto row = std::ranges::find(option_table(), key[1], &option_row::letter);
  return row == option_table().end() ? key : row->name;
}

given_option read_given(const po::option& option) {
  const std::string token =
      option.original_tokens.empty() ? option.string_key : option.original_tokens.front();
  if (option.unregistered || option.string_key == operand_key) throw unknown_option(token);
  const std::string name = long_name(option.string_key);
  const std::string value = option.value.empty() ? "" : option.value.front();
  if (value.starts_with("--")) {
    throw usage_error{fmt::format("--{} needs a value; expected {}", name,
                                  find_option(name, topic::overview)->value)};
  }
  return {name, value};
}

/// Takes the command, and the word "help" before it, from the front of the operands.
void take_command(argument_list& list) {
  if (!list.operands.empty() && list.operands.front() == "help") {
    list.help = true;
    list.operands.erase(list.operands.begin());
  }
  if (list.operands.empty()) return;
  const std::string word = list.operands.front();
  const auto found = std::ranges::find(commands, word, name_of);
  if (found == std::end(commands)) {
    if (std::ranges::find(later_words, word) != later_words.end()) {
      throw usage_error{fmt::format("this version does not have the command {}; expected {}", word,
                                    one_of(command_words))};
    }
    throw usage_error{fmt::format("unknown command {}; expected {}{}", printable(word),
                                  one_of(command_words), did_you_mean(word, command_words))};
  }
  list.command = *found;
  list.operands.erase(list.operands.begin());
}

/// `mappings` alone lists, too.
void check_mappings_word(const std::string& word) {
  if (std::ranges::find(mappings_words, word) != mappings_words.end()) return;
  throw usage_error{fmt::format("unknown word {} after mappings; expected {}{}", printable(word),
                                one_of(mappings_words), did_you_mean(word, mappings_words))};
}

void check_mappings_operands(const std::vector<std::string>& operands) {
  if (operands.empty()) return;
  const std::string& word = operands.front();
  check_mappings_word(word);
  const bool takes_port = word == "add" || word == "remove";
  const std::size_t allowed = takes_port ? 2 : 1;
  if (operands.size() <= allowed) return;
  throw usage_error{fmt::format("unexpected argument {}; mappings {} takes {}",
                                printable(operands[allowed]), word,
                                takes_port ? "one port" : "none")};
}

void check_operands(const argument_list& given) {
  if (given.command == topic::mappings) return check_mappings_operands(given.operands);
  // "probe HOST PORT" is what people paste.
  const bool two_words = given.operands.size() == 2 && read_port(given.operands[1]).has_value();
  const std::size_t allowed = given.command == topic::probe ? (two_words ? 2 : 1) : 0;
  if (given.operands.size() <= allowed) return;
  const std::string& extra = given.operands[allowed];
  if (given.command == topic::probe) {
    throw usage_error{fmt::format("unexpected argument {}; expected one target, HOST or HOST:PORT",
                                  printable(extra))};
  }
  const bool port = given.command == topic::serve && read_ports(extra).has_value();
  throw usage_error{fmt::format("unexpected argument {}; {} takes none{}", printable(extra),
                                name_of(given.command),
                                port ? fmt::format("; did you mean --map {}?", extra) : "")};
}

/// "discover, serve and mappings"
std::string owners_of(const std::string& option) {
  std::vector<std::string> owners;
  for (const topic command : commands) {
    if (takes(*find_option(option, command), command)) owners.emplace_back(name_of(command));
  }
  return all_of(owners);
}

}  // namespace

unsigned argument_list::count(std::string_view name) const {
  return static_cast<unsigned>(std::ranges::count(options, name, &given_option::name));
}

const std::string* argument_list::value_of(std::string_view name) const {
  const auto found = std::find_if(options.rbegin(), options.rend(),
                                  [&](const given_option& option) { return option.name == name; });
  return found == options.rend() ? nullptr : &found->value;
}

std::vector<std::string> argument_list::values_of(std::string_view name) const {
  std::vector<std::string> values;
  for (const given_option& option : options) {
    if (option.name == name) values.push_back(option.value);
  }
  return values;
}

argument_list split_arguments(const std::vector<std::string>& arguments) {
  argument_list list;
  try {
    for (const po::option& option : run_parser(arguments).options) {
      if (option.position_key >= 0) {
        list.operands.push_back(option.value.front());
      } else {
        list.options.push_back(read_given(option));
      }
    }
  } catch (const po::invalid_command_line_syntax& error) {
    throw wrong_syntax(error);
  }
  take_command(list);
  return list;
}

void check_arguments(const argument_list& given) {
  if (given.command == topic::overview) return;
  for (const given_option& option : given.options) {
    const option_row* row = find_option(option.name, given.command);
    if (takes(*row, given.command)) continue;
    throw usage_error{fmt::format("{} has no option --{}; it belongs to {}", name_of(given.command),
                                  option.name, owners_of(option.name))};
  }
  check_operands(given);
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const auto next = report::decode(text);
    const bool harmless = next.valid && !report::is_control(next.value);
    shown += harmless ? text.substr(0, next.length) : "?";
    text.remove_prefix(next.length);
  }
  return shown.empty() ? "\"\"" : shown;
}

}  // namespace natcheck::cli
