// Where a visitor is, as far as its address and its TTL prove it.
#pragma once

#include <natcheck/visit_page.hpp>

namespace natcheck::judging {

visitor_location location_of(const page_facts& facts);

}  // namespace natcheck::judging
