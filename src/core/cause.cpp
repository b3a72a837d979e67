#include <natcheck/causes.hpp>
#include <natcheck/error.hpp>
#include <natcheck/operations.hpp>

namespace natcheck {

cause_value detail::to_cause_value(std::int64_t value) { return value; }
cause_value detail::to_cause_value(double value) { return value; }
cause_value detail::to_cause_value(std::string value) { return value; }
cause_value detail::to_cause_value(std::string_view value) { return std::string(value); }
cause_value detail::to_cause_value(const char* value) { return std::string(value); }
cause_value detail::to_cause_value(const address& value) { return value; }
cause_value detail::to_cause_value(const endpoint& value) { return value; }
cause_value detail::to_cause_value(const cause& value) { return std::vector<cause>{value}; }
cause_value detail::to_cause_value(const operation& value) { return std::vector<operation>{value}; }

cause::cause() = default;
cause::cause(cause_code because) : code(because) {}
cause::cause(const char* text) : cause(std::string(text)) {}
cause::cause(std::string text) {
  if (text.empty()) return;
  code = cause_code::quoted;
  values.emplace_back(std::move(text));
}

operation::operation() = default;
operation::operation(operation_code tried) : code(tried) {}

cause cause_of(const failure& failed) {
  return {cause_code::operation_failed, failed.operation, failed.detail};
}

bool operator==(const cause& a, const cause& b) { return a.code == b.code && a.values == b.values; }
bool operator==(const operation& a, const operation& b) {
  return a.code == b.code && a.values == b.values;
}

}  // namespace natcheck
