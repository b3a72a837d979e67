#include "net/own_addresses.hpp"

#include <algorithm>
#include <natcheck/operations.hpp>

#include "net/linux/netlink.hpp"

namespace natcheck::net {

std::vector<address> read_own_addresses() {
  std::vector<address> all;
  auto socket = netlink_socket::open();
  if (!socket) return all;
  const auto answer = socket->request(addresses_request(), operation_code::asking_for_addresses);
  if (!answer) return all;
  for (const message& one : *answer) {
    if (const auto parsed = parse_address(one)) all.push_back(parsed->ip);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace natcheck::net
