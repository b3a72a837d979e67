// The port mappings on the gateway: list, add and remove.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/diagnosis.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mapping.hpp>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

// --- list ----------------------------------------------------------------------------------

/// A row of the gateway's table, as UPnP's GetGenericPortMappingEntry returns it.
struct table_entry {
  transport protocol = transport::tcp;
  std::uint16_t external_port = 0;
  std::string remote_host;  ///< the only host that may use it, as the gateway writes it; empty: any
  std::string internal_client;                 ///< as the gateway writes it: usually an address
  std::optional<std::uint16_t> internal_port;  ///< empty: it is not a valid port
  bool enabled = true;
  std::string description;
  std::optional<std::uint32_t> lease_s;  ///< the rest of it; 0: permanent
  bool ours = false;                     ///< made by natcheck for this host
};

/// `list` and `clean`.
struct mappings_options {
  std::string interface;           ///< empty: the interface of the default route
  std::optional<address> gateway;  ///< empty: the gateway of the default route
  std::chrono::milliseconds timeout{30'000};
};

struct mappings_report {
  asked_options asked;
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  std::optional<route_info> egress_route;
  std::optional<address> gateway;  ///< empty: there is no IPv4 gateway
  service_evidence upnp;           ///< whether the gateway has a table to read, and why not
  std::string service;             ///< serviceType that was asked; empty when none answered
  std::optional<address> external_address;
  std::vector<table_entry> entries;
  bool complete = false;  ///< the whole table was read; otherwise see `incomplete_because`
  cause incomplete_because;
  /// What was unusual about the table, and how it was interpreted.
  std::vector<cause> notes;
  /// What killed runs left behind, here or in another network, as far as this user's files show;
  /// the other commands on mappings remove it.
  std::vector<mapping> stale_mappings;
  /// Yes: the table was read to its end. No: there is none, as the gateway's refusal, its silence
  /// or its absence prove. Unknown: it was not tested, or only a part of the table was read. Only
  /// if no gateway showed a table, the verdict says why, and what to do. It has no code.
  diagnosis judged;
};

// Each of these calls runs on a strand of its own over the executor of the awaiting coroutine,
// which may be that of a thread pool. They fail with `invalid` for an invalid option, and otherwise
// only for reasons of this machine.

/// Reads the gateway's table by UPnP; changes nothing. NAT-PMP and PCP cannot list mappings.
boost::asio::awaitable<result<mappings_report>> list_mappings(mappings_options options);

// --- add -----------------------------------------------------------------------------------

struct add_options {
  std::uint16_t external_port = 0;
  std::uint16_t internal_port = 0;
  std::vector<transport> protocols{transport::tcp};  ///< at least one
  mapping_choice via = mapping_choice::automatic;
  std::chrono::seconds lifetime{3600};  ///< nobody renews it
  bool any_port = false;  ///< accept another external port if the requested one is not available
  std::string interface;  ///< as for list_mappings
  std::optional<address> gateway;  ///< the same
  std::chrono::milliseconds timeout{30'000};
};

/// The result for one port that was to be opened.
struct added_mapping {
  mapping_evidence evidence;
  std::optional<mapping> entry;            ///< empty: it could not be made; `judged` says why
  std::string probe_command;               ///< if there is an entry with a public external address
  diagnosis judged;                        ///< without: why; with: what is odd about it
  std::chrono::seconds asked_lifetime{0};  ///< 0: no end
};

/// What the commands that change mappings have in common.
struct change_report {
  asked_options asked;
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  std::optional<route_info> egress_route;             ///< IPv4
  std::vector<events::stale_mapping> stale_mappings;  ///< what was removed first
  diagnosis judged;
};

/// The answer is yes if all were made; no if none was, and the gateway said so, or there is none;
/// unknown if one of two was made, or the gateway did not say. The verdicts are those of the
/// mappings.
struct add_report : change_report {
  std::vector<added_mapping> mappings;  ///< one for each protocol
  /// Why natcheck will not recognize them, so that they can only be removed on the router; empty:
  /// it will.
  cause not_remembered;
};

/// Opens a port on the IPv4 gateway that stays open after the call, until its lease ends or
/// remove_mappings() is called. First removes what dead runs left behind.
boost::asio::awaitable<result<add_report>> add_mappings(add_options options);

// --- remove and clean ----------------------------------------------------------------------

struct remove_options {
  std::uint16_t external_port = 0;
  std::vector<transport> protocols{transport::tcp, transport::udp};  ///< at least one
  std::string interface;                                             ///< as for list_mappings
  std::optional<address> gateway;                                    ///< the same
  std::chrono::milliseconds timeout{30'000};
};

/// The result for a mapping that was to be removed.
enum class removal {
  removed,    ///< or it was already gone
  failed,     ///< it is natcheck's, and most likely still there
  in_use,     ///< a running natcheck keeps it: left in place
  elsewhere,  ///< it is natcheck's, on the router of another network
  foreign,    ///< not natcheck's: left in place
};

struct removed_mapping {
  mapping entry;
  removal outcome = removal::removed;
  cause detail;  ///< why; empty for `removed`
};

/// Of `remove` and of `clean`. The answer of one port is yes if something was removed, and no if
/// there was nothing of natcheck's that could be. Of all it is yes, unless something is left.
/// Unknown: a removal failed, or not all was seen. The verdict is a sentence, and what to do if
/// something is left. It has no code.
struct removal_report : change_report {
  std::optional<std::uint16_t> external_port;  ///< empty: all of natcheck's were to be removed
  std::vector<removed_mapping> mappings;
  /// Why the router's table was not read completely, so that there may be more; empty if it was, or
  /// if the router has none.
  cause not_seen;
  bool no_table = false;  ///< the router has none
};

/// Removes the mappings on one external port that natcheck made for this host: those of
/// add_mappings(), those of dead runs, and entries of the gateway's table with natcheck's
/// description that lead here. Changes nothing else.
boost::asio::awaitable<result<removal_report>> remove_mappings(remove_options options);

/// The same for all ports. An entry of the table that is not in this user's files stays if
/// something listens on its internal port: it may be another user's.
boost::asio::awaitable<result<removal_report>> clean_mappings(mappings_options options);

}  // namespace natcheck
