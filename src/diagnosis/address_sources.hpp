// Who reports which address of this host: this host, its router, external servers.
#pragma once

#include "diagnosis/facts.hpp"

namespace natcheck::judging {

/// The address that the Internet sees, as far as it is known (see discover_diagnosis).
std::optional<public_address> public_address_of(const facts& s);

/// Who reports `external`, a clause; if it is empty, why it is not known.
std::string external_source(const facts& s, const std::optional<public_address>& external);

/// Which servers saw this host's IPv6 address, or another in its place: "seen by stun.a".
std::string ipv6_source(const facts& s);

}  // namespace natcheck::judging
