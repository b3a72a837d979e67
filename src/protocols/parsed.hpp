// What a parser gives: the value, or why there is none.
#pragma once

#include <boost/system/result.hpp>
#include <natcheck/cause.hpp>
#include <string>

namespace natcheck {

struct parse_fault {
  cause reason;  ///< a clause for people: "names another host, 10.0.0.9"
};

template <class T>
using parsed = boost::system::result<T, parse_fault>;

}  // namespace natcheck
