// The words of causes and operations: one row for each code, one table for each topic.
#pragma once

#include <natcheck/causes.hpp>
#include <span>
#include <vector>

namespace natcheck::wording {

/// `words` in the syntax of fmt, with a place for each value.
struct cause_row {
  cause_code code;
  const char* words;
};

struct operation_row {
  operation_code code;
  const char* words;
};

struct topic {
  std::span<const cause_row> causes;
  std::span<const operation_row> operations;
};

topic general();
topic commands();
topic greeting();
topic port_control();

std::vector<cause_row> all_causes();
std::vector<operation_row> all_operations();

}  // namespace natcheck::wording
