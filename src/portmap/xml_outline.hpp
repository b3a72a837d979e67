// What a piece of XML says, however broken it is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace natcheck::portmap {

/// An element with a text and no element inside.
struct xml_leaf {
  std::string name;   ///< without a prefix
  std::string value;  ///< entities decoded, without white space around it, 256 bytes at most
};

struct xml_outline {
  std::vector<std::string> elements;  ///< the names of all, without prefixes, in document order
  std::vector<xml_leaf> leaves;
};

/// Reads as leniently as miniupnpc: a `<` that begins no tag and a bare `&` are text, attributes
/// and prefixes do not matter, and an element that is never closed ends where the next tag begins.
/// A value that is cut off by the end of the document is none.
xml_outline outline_of(std::string_view xml);

}  // namespace natcheck::portmap
