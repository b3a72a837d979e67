// Expected failures are values. They carry what was being done and to whom, so that a message
// never shrinks to a bare errno.
#pragma once

#include <boost/system/result.hpp>
#include <natcheck/cause.hpp>
#include <natcheck/mapping_refusal.hpp>
#include <string_view>

namespace natcheck {

/// How an operation ended when it did not succeed.
enum class outcome {
  timed_out,    ///< the whole schedule was sent and nothing usable came
  cut_short,    ///< the caller's deadline ended it before its own schedule did
  cancelled,    ///< the caller asked it to stop
  refused,      ///< the other side said no: ICMP, TCP reset on connect, a protocol's error code
  unreachable,  ///< no route, or a router said so
  reset,        ///< an established connection was torn down
  malformed,    ///< an answer came and is not what the protocol allows
  denied,       ///< this machine forbids it: permissions, a local firewall
  unavailable,  ///< this machine lacks it: the port is taken, no descriptor, no such interface
  unresolved,   ///< a name has no address
  invalid,      ///< an option of the caller has a value that cannot be; `operation` names it
};

std::string_view to_string(outcome value);

/// A failed operation.
struct failure {
  outcome kind = outcome::timed_out;
  natcheck::operation operation;  ///< what was tried, and with whom
  cause detail;                   ///< what happened
  /// The protocol's own error code where there is one (PCP result, UPnP errorCode), else 0.
  int code = 0;
  /// What that code means, where a mapping was asked for.
  mapping_refusal refusal = mapping_refusal::none;
};

/// "operation: cause"
std::string to_string(const failure& failed);

/// The whole of a failure as the cause of another: "operation: detail".
cause cause_of(const failure& failed);

template <class T>
using result = boost::system::result<T, failure>;

/// Lets `result::value()` compile; a failure that nobody looked at is a bug and throws logic_error.
[[noreturn]] void throw_exception_from_error(const failure& error,
                                             const boost::source_location& where);

}  // namespace natcheck
