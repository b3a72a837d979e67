// From what came of the tests of RFC 5780 to the behaviour of RFC 4787. Pure.
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <vector>

#include "outside/behavior.hpp"

namespace natcheck::outside {

/// What the server's addresses saw of one socket of ours (RFC 5780 section 4.3). Empty: no answer.
struct mapping_seen {
  endpoint local;
  std::optional<endpoint> by_primary;        ///< test I: A1:P1
  std::optional<endpoint> by_other_address;  ///< test II: A2:P1
  std::optional<endpoint> by_other;          ///< test III: A2:P2
};

nat_behavior mapping_of(const mapping_seen& seen, std::vector<cause>& doubts);

/// What came of asking the server to answer from elsewhere (RFC 5780 section 4.4).
enum class change_result {
  untested,  ///< see the doubt
  answered,  ///< from where it was asked to
  silent,    ///< while ordinary questions were answered
};

struct change_test {
  change_result result = change_result::untested;
  cause doubt;           ///< why it is untested
  bool starved = false;  ///< untested, since too few ordinary questions were answered
};

/// The test with the server's second address, whose silence tells of no filter where that address
/// has answered no one.
change_test doubted(change_test both, const mapping_seen& seen);

/// `translated`: the NAT gives the sockets other endpoints than their own. `both` asked for the
/// other address and port (test II), `port` for the other port alone (test III).
nat_behavior filtering_of(bool translated, const change_test& both, const change_test& port,
                          std::vector<cause>& doubts);

struct hairpin_test {
  tested result = tested::not_tested;
  cause doubt;           ///< why it is not tested
  bool starved = false;  ///< as for change_test
};

/// Whether `mapped` may be an address of ours as a server at `server` sees it: a public one, or one
/// of the server's own kind where that is not public. Else nothing is to be sent there.
bool is_credible_mapped(const address& mapped, const address& server);

/// The filters were opened towards the endpoints that the server saw: where the NAT has another one
/// for each destination, they keep out what a hairpin would deliver, and silence is no "no".
tested hairpin_of(hairpin_test test, nat_behavior mapping, std::vector<cause>& doubts);

/// A socket of ours, and how the server saw it.
struct seen_socket {
  endpoint local, mapped;
};

/// RFC 4787 section 4.2.1; not tested where nothing is translated.
tested port_preservation_of(const std::vector<seen_socket>& sockets);

}  // namespace natcheck::outside
