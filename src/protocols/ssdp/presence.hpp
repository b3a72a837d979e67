// What the announcements of a gateway tell that was not known before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/ssdp/codec.hpp"

namespace natcheck::ssdp {

/// Remembers what the parts of one gateway announced last. Each part speaks for itself: a FRITZ!Box
/// describes its gateway of version 1 and that of version 2 at two places.
class presence {
 public:
  /// Says what is new about it; empty where nothing is. News are: it goes, it is back, it restarted
  /// (another BOOTID), it moved (another LOCATION). What is heard for the first time is there
  /// already, and no news.
  std::string_view take(const notification& announced);

 private:
  struct part {
    std::string usn;
    bool gone = false;
    std::string location;
    std::optional<std::uint32_t> boot_id;
  };
  part* find(const std::string& usn);

  std::vector<part> parts_;
};

}  // namespace natcheck::ssdp
