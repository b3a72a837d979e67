// Expected failures are values. They say what was being done and with whom, so that a message is
// never a bare errno.
#pragma once

#include <boost/system/result.hpp>
#include <natcheck/cause.hpp>
#include <natcheck/mapping_refusal.hpp>
#include <string_view>

namespace natcheck {

/// How an operation ended when it did not succeed.
enum class outcome {
  timed_out,    ///< no usable answer to the whole schedule
  cut_short,    ///< stopped by the caller's deadline before its schedule was over
  cancelled,    ///< the caller asked it to stop
  refused,      ///< rejected: ICMP, TCP reset on connect, a protocol's error code
  unreachable,  ///< no route, or a router said so
  reset,        ///< an established connection was broken
  malformed,    ///< an answer arrived that the protocol does not allow
  denied,       ///< this machine forbids it: permissions, a local firewall
  unavailable,  ///< this machine lacks it: the port is taken, no descriptor, no such interface
  unresolved,   ///< a name has no address
  invalid,      ///< an option has an invalid value; `operation` names it
};

std::string_view to_string(outcome value);

/// A failed operation.
struct failure {
  outcome kind = outcome::timed_out;
  natcheck::operation operation;  ///< what was tried, and with whom
  cause detail;                   ///< what happened
  /// The protocol's error code (PCP result, UPnP errorCode); 0: none.
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

/// Lets `result::value()` compile; to use it on a failure is a bug and throws logic_error.
[[noreturn]] void throw_exception_from_error(const failure& error,
                                             const boost::source_location& where);

}  // namespace natcheck
