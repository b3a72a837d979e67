// What natcheck left open on gateways: removed by the next run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <natcheck/serve.hpp>
#include <optional>
#include <vector>

#include "portmap/port_mapper.hpp"

namespace natcheck::mappings {

/// Whom this host can ask, and as whom.
struct surroundings {
  std::vector<portmap::gateway_access> gateways;
  std::vector<address> own;  ///< this host's addresses
};

surroundings surroundings_of(const host_network& host);

/// How to ask the gateway of `record`, from the address that the mapping leads to where this host
/// still has it. Empty in another network.
std::optional<portmap::gateway_access> access_for(const mapping_record& record,
                                                  const surroundings& here);

/// The record as a mapping to tell of. Its external address is not known.
mapping mapping_of(const mapping_record& record);

/// Why a mapping is left alone that may be used by someone else on this machine; what was `asked`
/// is repeated in the command that removes it anyway.
cause why_not_touched(const mapping_record& record, const asked_options& asked);

/// Removes one mapping, by `deadline` and in 12 s at most. Succeeds also when it was not there any
/// more, and when someone else's is in its place.
boost::asio::awaitable<result<void>> remove_record(
    mapping_record record, portmap::gateway_access access,
    net::steady_time deadline = net::steady_time::max());

/// What a dead run left is not touched where someone may use it: what a server listens for here
/// (another user's natcheck, which has its files elsewhere), and what leads to an address that this
/// machine had once.
struct removal_policy {
  std::uint16_t own_port = 0;                ///< this process listens on it itself; 0: on none
  std::optional<std::uint16_t> asked_for{};  ///< an outside port that is to be closed anyway
  asked_options asked{};                     ///< for advised commands
};

/// Removes what dead runs left behind on the gateways of this network, all at the same time, and
/// tells what became of it. What cannot be removed stays for the next run, and so does what is in
/// another network. What a living run or `mappings add` has made its own is theirs.
///
/// Waits up to 5 s where another natcheck is at the same work.
boost::asio::awaitable<std::vector<events::stale_mapping>> remove_stale_mappings(
    surroundings here, std::filesystem::path directory, removal_policy with = {});

}  // namespace natcheck::mappings
