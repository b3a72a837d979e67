#include "protocols/ssdp/presence.hpp"

#include <algorithm>
#include <utility>

namespace natcheck::ssdp {
namespace {

/// A gateway has a dozen parts; whoever invents more is not remembered.
constexpr std::size_t max_parts = 32;

/// True where both are known and differ. What a part leaves out it has not taken back.
template <class Value>
bool replaces(const Value& before, const Value& now) {
  return before != Value{} && now != Value{} && before != now;
}

}  // namespace

presence::part* presence::find(const std::string& usn) {
  const auto match = std::find_if(parts_.begin(), parts_.end(),
                                  [&](const part& known) { return known.usn == usn; });
  return match == parts_.end() ? nullptr : &*match;
}

std::string_view presence::take(const notification& announced) {
  part* known = find(announced.usn);
  const bool goes = announced.kind == notice::byebye;
  if (known == nullptr) {
    if (parts_.size() < max_parts) {
      parts_.push_back({announced.usn, goes, announced.location, announced.boot_id});
      return goes ? "it says that it goes" : "";
    }
    return "";
  }
  const bool was_gone = std::exchange(known->gone, goes);
  if (goes) return was_gone ? "" : "it says that it goes";
  const bool restarted = replaces(known->boot_id, announced.boot_id);
  const bool moved = replaces(known->location, announced.location);
  if (announced.boot_id) known->boot_id = announced.boot_id;
  if (!announced.location.empty()) known->location = announced.location;
  if (was_gone) return "it is back";
  if (restarted) return "it restarted";
  return moved ? "it moved" : "";
}

}  // namespace natcheck::ssdp
