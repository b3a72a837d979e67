// Text from anywhere as text that a terminal and a JSON parser accept.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace natcheck::report {

/// One code point of UTF-8 text.
struct code_point {
  char32_t value = 0;
  std::size_t length = 1;  ///< in bytes; 1 when invalid
  bool valid = false;
};

/// The code point that `text`, which is not empty, begins with. Overlong forms, surrogates and cut
/// sequences are invalid (RFC 3629).
code_point decode(std::string_view text);

/// What a terminal obeys, or shows as nothing: control characters (C1 and DEL among them), format
/// characters, which turn the direction of writing, separators of lines and paragraphs, variation
/// selectors and everything else that is invisible by its Unicode property, private use, and
/// noncharacters.
bool is_control(char32_t value);

/// `text` with such characters and invalid bytes escaped (`\x1b`); without `unicode` also
/// everything outside ASCII.
std::string printable(std::string_view text, bool unicode);

/// `text` as valid UTF-8: each invalid byte becomes `\x..`.
std::string valid_utf8(std::string_view text);

/// `text`, or its beginning and "..." where it is longer than `most` bytes: a device that sends a
/// novel for its name shall not drown the report.
std::string clipped(std::string_view text, std::size_t most);

/// The columns that `text` takes on a terminal, ANSI colours not counted.
std::size_t columns(std::string_view text);

}  // namespace natcheck::report
