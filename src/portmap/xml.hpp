// XML as routers write it (docs/decisions/0005). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace natcheck::portmap {

/// What a document has, in its order.
struct xml_event {
  enum class kind {
    opens,   ///< an element begins
    value,   ///< the text of an element with no other inside; comes before the element closes
    closes,  ///< an element ends
  };
  kind what = kind::opens;
  std::string name;   ///< of the element, without a prefix
  std::string value;  ///< entities decoded, without white space around it; empty but for a value
};

/// Reads as leniently as miniupnpc: a `<` that begins no tag and a bare `&` are text, attributes
/// and prefixes do not matter, end tags need no beginning, and an element that is never closed has
/// its value where the next tag begins. No entity of the document's own is expanded.
///
/// A value that is cut off by the end of the document is none: part of it would pass for the whole.
std::vector<xml_event> read_xml(std::string_view xml);

/// A text as the value of an element (XML 1.0 section 4.6).
std::string escape_xml(std::string_view text);

}  // namespace natcheck::portmap
