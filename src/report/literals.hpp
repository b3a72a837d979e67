// Addresses in sentences.
#pragma once

#include <functional>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck::report {

/// Gives what is to stand in an address's place; empty leaves it as it is.
using replacement = std::function<std::optional<address>(const address&)>;

/// `text` with its IPv4 and IPv6 literals replaced, whatever is around them: ports, brackets, a
/// prefix length, a URL, an escape such as `\x1b`. It rather takes a number for an address than an
/// address for a number, since it is there to hide them.
std::string replace_literals(std::string_view text, const replacement& replace);

}  // namespace natcheck::report
