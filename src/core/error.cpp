#include <natcheck/error.hpp>
#include <stdexcept>

namespace natcheck {

std::string_view to_string(outcome value) {
  switch (value) {
    case outcome::timed_out:
      return "timed out";
    case outcome::cut_short:
      return "cut short";
    case outcome::cancelled:
      return "cancelled";
    case outcome::refused:
      return "refused";
    case outcome::unreachable:
      return "unreachable";
    case outcome::reset:
      return "reset";
    case outcome::malformed:
      return "malformed";
    case outcome::denied:
      return "denied";
    case outcome::unavailable:
      return "unavailable";
    case outcome::unresolved:
      return "unresolved";
    case outcome::invalid:
      return "invalid";
  }
  return "unknown";
}

void throw_exception_from_error(const failure& error, const boost::source_location& where) {
  throw std::logic_error(to_string(error) + " (at " + where.to_string() + ")");
}

}  // namespace natcheck
