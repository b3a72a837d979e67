// Transaction ids for STUN.
#pragma once

#include <algorithm>

#include "net/random.hpp"
#include "protocols/stun/codec.hpp"

namespace natcheck::outside {

/// 96 random bits (RFC 8489 section 5: no one off the path is to guess them).
inline stun::transaction_id new_transaction() {
  stun::transaction_id id{};
  const std::string random = random_bytes(id.size());
  std::copy(random.begin(), random.end(), id.begin());
  return id;
}

}  // namespace natcheck::outside
