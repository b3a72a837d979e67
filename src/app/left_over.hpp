// What natcheck left open on gateways: removed by the next run.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <natcheck/serve.hpp>
#include <optional>
#include <vector>

#include "portmap/port_mapper.hpp"

namespace natcheck {

/// Whom this host can ask, and as whom.
struct surroundings {
  std::vector<portmap::gateway_access> gateways;
  std::vector<address> own;  ///< this host's addresses
};

surroundings surroundings_of(const host_network& host);

/// How to ask the gateway of `claim`, from the address that the mapping leads to where this host
/// still has it. Empty in another network.
std::optional<portmap::gateway_access> access_for(const mapping_claim& claim,
                                                  const surroundings& here);

/// The claim as a mapping to tell of. Its outside address is not known.
mapping mapping_of(const mapping_claim& claim);

/// Removes one mapping, in 3 s at most. Succeeds also when it was not there any more, and when
/// somebody else's is in its place.
boost::asio::awaitable<result<void>> remove_claim(mapping_claim claim,
                                                  portmap::gateway_access access);

/// Removes what dead runs left behind on the gateways of this network, all at the same time, and
/// tells what became of it. What cannot be removed stays for the next run, and so does what is in
/// another network. What a living run or `mappings add` has made its own is theirs.
///
/// Waits up to 5 s where another natcheck is at the same work.
boost::asio::awaitable<std::vector<events::left_over>> remove_left_overs(
    surroundings here, std::filesystem::path directory);

inline boost::asio::awaitable<std::vector<events::left_over>> remove_left_overs(
    const host_network& host, std::filesystem::path directory) {
  return remove_left_overs(surroundings_of(host), std::move(directory));
}

}  // namespace natcheck
