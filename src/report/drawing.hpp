// The way from this host to the Internet as a drawing.
#pragma once

#include <natcheck/report.hpp>

#include "report/page.hpp"

namespace natcheck::report {

/// Draws the path after a blank line; nothing when there is no egress route to draw.
void draw_path(page& out, const std::vector<station>& path);

}  // namespace natcheck::report
