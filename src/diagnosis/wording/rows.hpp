// The words of causes and operations: one row for each code, one table for each topic.
#pragma once

#include <cstdint>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <optional>
#include <span>
#include <vector>

namespace natcheck::wording {

/// `words` in the syntax of fmt, with a place for each value.
struct cause_row {
  cause_code code;
  const char* words;
  /// Where the words are only for this first value, an error number of a protocol; another row of
  /// the code has those for all others.
  std::optional<std::int64_t> number = std::nullopt;
};

struct operation_row {
  operation_code code;
  const char* words;
};

struct topic {
  std::span<const cause_row> causes;
  std::span<const operation_row> operations;
};

topic commands();
topic external_address();
topic firewall();
topic general();
topic greeting();
topic http();
topic mappings();
topic nat_tests();
topic network();
topic port_control();
topic stun();
topic upnp();

std::vector<cause_row> all_causes();
std::vector<operation_row> all_operations();

}  // namespace natcheck::wording
