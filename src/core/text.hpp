// Text from the network: showing and comparing it.
#pragma once

#include <string>
#include <string_view>

namespace natcheck {

/// Bytes from the network as printable ASCII: `\r`, `\n`, `\t` and `\\` by name, everything else
/// outside 0x20..0x7e as `\x16`. The result holds no control character, whatever came.
std::string escape_bytes(std::string_view bytes);

/// Without the white space around it (space, tab, CR, LF).
std::string_view trimmed(std::string_view text);

/// Compares the letters of ASCII without their case, whatever the locale.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// Whether `part` stands somewhere in `text`; the same letters of ASCII whatever their case.
bool contains_ignoring_case(std::string_view text, std::string_view part);

/// "stun.example.org:3478" and "[2001:db8::1]:3478" without port and brackets.
std::string without_port(std::string_view server);

}  // namespace natcheck
