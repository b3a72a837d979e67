#include <fmt/args.h>

#include <algorithm>
#include <array>
#include <natcheck/error.hpp>

#include "core/text.hpp"
#include "diagnosis/wording/rows.hpp"

namespace natcheck {
namespace {

using arguments = fmt::dynamic_format_arg_store<fmt::format_context>;

template <class Part>
std::string joined(const std::vector<Part>& all) {
  std::string text;
  for (const Part& each : all) text += (text.empty() ? "" : "; ") + to_string(each);
  return text;
}

/// What others sent, without control characters; a backslash may be one of an escape already.
std::string printable(const std::string& text) {
  std::string shown;
  for (const char each : text) shown += each == '\\' ? "\\" : escape_bytes({&each, 1});
  return shown;
}

/// Numbers stay numbers: the row says how they are written.
void add(const cause_value& value, arguments& to) {
  std::visit(
      [&to](const auto& each) {
        using type = std::decay_t<decltype(each)>;
        if constexpr (std::is_arithmetic_v<type>) {
          to.push_back(each);
        } else if constexpr (std::is_same_v<type, std::string>) {
          to.push_back(printable(each));
        } else if constexpr (std::is_same_v<type, address>) {
          to.push_back(each.to_string());
        } else if constexpr (std::is_same_v<type, endpoint>) {
          to.push_back(to_string(each));
        } else {
          to.push_back(joined(each));
        }
      },
      value);
}

std::string filled(const char* words, const std::vector<cause_value>& values) {
  arguments all;
  for (const cause_value& each : values) add(each, all);
  return fmt::vformat(words, all);
}

/// Every table of words; a new topic is a row here.
constexpr std::array topics{&wording::commands, &wording::external_address,
                            &wording::firewall, &wording::general,
                            &wording::greeting, &wording::http,
                            &wording::mappings, &wording::nat_tests,
                            &wording::network,  &wording::port_control,
                            &wording::stun,     &wording::upnp};

template <class Row>
std::vector<Row> joined_rows(std::span<const Row> wording::topic::*part) {
  std::vector<Row> all;
  for (const auto each : topics) {
    const auto rows = each().*part;
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

bool fits(const wording::operation_row& row, const operation& tried) {
  return row.code == tried.code;
}

bool fits(const wording::cause_row& row, const cause& why) {
  return row.code == why.code &&
         (!row.number || (!why.values.empty() && why.values.front() == cause_value(*row.number)));
}

/// The words of a code, of its first row that fits. Empty for none.
template <class Row, class Coded>
std::string in_words(std::span<const Row> wording::topic::*part, const Coded& meant) {
  for (const auto each : topics) {
    const auto rows = each().*part;
    const auto found = std::ranges::find_if(rows, [&](const Row& row) { return fits(row, meant); });
    if (found != rows.end()) return filled(found->words, meant.values);
  }
  return {};
}

}  // namespace

std::vector<wording::cause_row> wording::all_causes() { return joined_rows(&topic::causes); }
std::vector<wording::operation_row> wording::all_operations() {
  return joined_rows(&topic::operations);
}

std::string to_string(const cause& why) { return in_words(&wording::topic::causes, why); }
std::string to_string(const operation& tried) {
  return in_words(&wording::topic::operations, tried);
}

std::string to_string(const failure& failed) {
  return to_string(failed.operation) + ": " + to_string(failed.detail);
}

}  // namespace natcheck
