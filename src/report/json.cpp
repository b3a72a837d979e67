#include "report/json.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "report/names.hpp"
#include "report/printable.hpp"

namespace natcheck {

std::string_view version() { return NATCHECK_VERSION; }

namespace report {

json::value or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : to_value(std::string_view(text));
}

json::value or_null(const cause& why) { return or_null(to_string(why)); }

json::value foreign(const std::string& text) {
  constexpr std::size_t longest = 256;
  return to_value(std::string_view(clipped(text, longest)));
}

json::value foreign(const std::optional<std::string>& text) {
  return text ? foreign(*text) : nullptr;
}

json::value to_value(const std::vector<std::string>& texts) {
  return list_of(texts, [](std::string_view text) { return to_value(text); });
}

json::value to_value(const std::vector<cause>& all) {
  json::array words;
  for (const cause& each : all) words.push_back(to_value(std::string_view(to_string(each))));
  return words;
}

json::object to_value(const verdict& judged) {
  return {{"code", to_value(to_string(judged.code))},
          {"confidence", to_value(to_string(judged.certainty))},
          {"summary", judged.summary},
          {"evidence", to_value(judged.evidence)},
          {"advice", to_value(judged.advice)}};
}

json::value to_value(const std::vector<mapping_attempt>& attempts) {
  json::array all;
  for (const auto& attempt : attempts) {
    all.push_back({{"via", name_of(attempt.via)},
                   {"outcome", name_of(attempt.state)},
                   {"detail", or_null(attempt.detail)}});
  }
  return all;
}

json::value to_value(const finding& found) {
  return {{"code", found.code}, {"summary", found.summary}, {"advice", found.advice}};
}

json::value to_value(const std::vector<finding>& findings) {
  return list_of(findings, [](const finding& found) { return to_value(found); });
}

json::value external_part(const mapping& entry) {
  return or_null(entry.external_address, [&](const address& ip) {
    return to_value(endpoint{ip, entry.external_port});
  });
}

std::string timestamp(std::chrono::system_clock::time_point at) {
  using std::chrono::milliseconds;
  const auto since = std::chrono::floor<milliseconds>(at.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(static_cast<std::time_t>(seconds.count())),
                     (since - seconds).count());
}

}  // namespace report
}  // namespace natcheck
