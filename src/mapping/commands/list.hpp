// What the commands on mappings do, once it is known where.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <natcheck/mappings.hpp>
#include <optional>

#include "mapping/journal/mapping_journal.hpp"
#include "mapping/stale_mappings.hpp"
#include "portmap/port_mapper.hpp"

namespace natcheck::mappings {

/// Where a command works, and until when.
struct workplace {
  surroundings here;
  std::optional<portmap::gateway_access> gateway;  ///< the IPv4 one; empty: there is none
  std::filesystem::path state;                     ///< the directory of records
  net::steady_time deadline;
  asked_options asked{};  ///< for advised commands
};

// None of these fills in the fields that say when and from where; left-overs are removed first.
net::asio::awaitable<add_report> add(workplace place, add_options options);
net::asio::awaitable<removal_report> remove(workplace place, remove_options options);
net::asio::awaitable<removal_report> clean(workplace place);

/// Fills in what this user's files tell of the table that was read.
void recognize(const std::vector<journal::known_record>& known, mappings_report& report);

}  // namespace natcheck::mappings
