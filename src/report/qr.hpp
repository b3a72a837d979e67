// A URL as a QR code that a phone reads off the terminal.
#pragma once

#include <natcheck/report.hpp>
#include <string>
#include <string_view>

namespace natcheck::report {

/// Two modules to a character, one above the other; ends with a newline. Empty where it does not
/// fit into `style.width`, where there is no Unicode, and for what is too long for a QR code.
///
/// With colours, dark is black on white whatever the theme. Without, the terminal is taken to be
/// dark: the light modules are drawn, the dark ones left out.
std::string qr_text(std::string_view url, const text_style& style);

}  // namespace natcheck::report
