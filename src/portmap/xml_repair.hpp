// XML that no parser takes, made such that one does.
#pragma once

#include <string>
#include <string_view>

namespace natcheck::portmap {

/// The elements and texts of `xml` as well-formed XML, without attributes, comments and
/// declarations. What routers write and miniupnpc reads anyway is understood: a "<" in a
/// text, end tags that are missing, or that nothing was opened for. An element without an end holds
/// all up to the end of the one it stands in.
///
/// Where the document is cut, a text whose end was not seen is left out: part of it would pass for
/// the whole.
std::string repair_xml(std::string_view xml);

}  // namespace natcheck::portmap
