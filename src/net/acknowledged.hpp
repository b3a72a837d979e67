// How much of what a TCP socket sent the other side has acknowledged.
#pragma once

#include <cstdint>
#include <optional>

namespace natcheck::net {

/// Bytes, of all that was sent (and one more for a FIN), also where the connection was reset since.
/// Empty where the kernel does not tell (before Linux 4.1).
std::optional<std::uint64_t> acknowledged_bytes(int descriptor);

}  // namespace natcheck::net
