// Where an XML document ends that comes in pieces. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace natcheck::http {

/// Looks for the end of the root element, by its name alone: what is inside may be broken.
class xml_end {
 public:
  /// Whether `document`, which only grows from call to call, has come to its end.
  bool reached(std::string_view document);

 private:
  void find_root(std::string_view document);

  std::string closing_;         ///< "</root"; empty while the root was not seen
  std::size_t looked_at_ = 0;   ///< bytes that are done with
  bool is_xml_ = true;          ///< or may be
  bool closes_itself_ = false;  ///< <root/>
};

}  // namespace natcheck::http
