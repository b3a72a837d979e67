// Whether someone else has a port of this machine.
#pragma once

#include <natcheck/endpoint.hpp>

#include "net/sockets.hpp"

namespace natcheck::net {

/// Whether a server of this machine, whoever's it is, may listen at `local`: also where that cannot
/// be found out, as for ports below 1024 without root.
bool may_be_listened_on(const asio::any_io_executor& executor, transport protocol,
                        const endpoint& local);

}  // namespace natcheck::net
