// What a TCP server knows of the packet that opened a connection.
#pragma once

#include <optional>

namespace natcheck::net {

/// Has a listening socket keep the header of each connection request (TCP_SAVE_SYN, tcp(7)).
void save_requests(int listening);

/// The TTL (IPv6: the hop limit) that the request of an accepted connection arrived with. Tells it
/// once; empty where the kernel kept nothing, as under a flood of requests (SYN cookies).
std::optional<unsigned> ttl_of_request(int connection);

}  // namespace natcheck::net
