// The port mappings in the gateway's table.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/diagnosis.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

/// A row of the gateway's table, as UPnP's GetGenericPortMappingEntry tells it.
struct gateway_mapping {
  transport protocol = transport::tcp;
  std::uint16_t external_port = 0;
  std::string remote_host;      ///< empty: any; else who alone may use it, as the gateway has it
  std::string internal_client;  ///< as the gateway has it: an address on most
  std::uint16_t internal_port = 0;
  bool enabled = true;
  std::string description;
  std::optional<std::uint32_t> lease_s;  ///< what is left of it; 0: for ever
  bool ours = false;                     ///< made by natcheck for this host
};

struct mappings_options {
  std::string interface;           ///< empty: the interface of the default route
  std::optional<address> gateway;  ///< empty: the gateway of the default route
  std::chrono::milliseconds timeout{30'000};
};

struct mappings_report {
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  std::optional<route_info> way_out;
  std::optional<address> gateway;  ///< empty: there is no IPv4 gateway to ask
  service_evidence upnp;           ///< whether the gateway has a table to read, and why not
  std::string service;             ///< serviceType that was asked; empty when none answered
  std::optional<address> external_address;
  std::vector<gateway_mapping> entries;
  bool complete = false;  ///< the end of the table was reached; else `incomplete_because`
  std::string incomplete_because;
};

/// Reads the gateway's table by UPnP; changes nothing. NAT-PMP and PCP have no way to list.
///
/// Runs on the executor of the awaiting coroutine. Fails only for reasons of this machine.
boost::asio::awaitable<result<mappings_report>> list_mappings(mappings_options options);

/// Yes: the table was read to its end. No: there is none, as the gateway's refusal, its silence or
/// its absence prove. Unknown: it was not tested, or only a part of the table was read.
answer answer_of(const mappings_report& report);

/// Why there is no table to show, and what to do. Only where no gateway showed one.
verdict judge_absence(const mappings_report& report);

}  // namespace natcheck
