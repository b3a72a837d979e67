// The parts of netlink(7) messages: a fixed head, then attributes. Pure.
//
// Nothing here reads past the end: an attribute of an impossible length ends the list.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>

#include "net/route_messages.hpp"

namespace natcheck::net::attributes {

/// Netlink pads every header and every attribute to four bytes.
constexpr std::size_t aligned(std::size_t length) { return (length + 3) & ~std::size_t{3}; }

inline message_view skip(message_view bytes, std::size_t length) {
  return bytes.subspan(std::min(aligned(length), bytes.size()));
}

template <class T>
std::optional<T> read(message_view bytes) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (bytes.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

struct attribute {
  unsigned type = 0;
  message_view payload;
};

/// Takes the first attribute off `rest`; nullopt at the end, and where a length is impossible.
inline std::optional<attribute> take_attribute(message_view& rest) {
  const auto header = read<rtattr>(rest);
  if (!header || header->rta_len < sizeof(rtattr) || header->rta_len > rest.size()) {
    return std::nullopt;
  }
  constexpr unsigned type_mask = 0xffff & NLA_TYPE_MASK;
  const attribute taken{header->rta_type & type_mask,
                        rest.subspan(sizeof(rtattr), header->rta_len - sizeof(rtattr))};
  rest = skip(rest, header->rta_len);
  return taken;
}

inline std::optional<message_view> find(message_view attributes, unsigned type) {
  while (const auto next = take_attribute(attributes)) {
    if (next->type == type) return next->payload;
  }
  return std::nullopt;
}

template <class T>
std::optional<T> find_number(message_view attributes, unsigned type) {
  const auto payload = find(attributes, type);
  return payload ? read<T>(*payload) : std::nullopt;
}

/// The kernel's strings end with a zero byte, which is counted in the length.
inline std::string find_string(message_view attributes, unsigned type) {
  const auto payload = find(attributes, type);
  if (!payload) return {};
  const auto* begin = reinterpret_cast<const char*>(payload->data());
  return {begin, std::find(begin, begin + payload->size(), '\0')};
}

template <class Body>
struct opened {
  Body body;
  message_view attributes;
};

/// Splits a message of `type` into its fixed part and its attributes.
template <class Body>
std::optional<opened<Body>> open(message_view bytes, unsigned type) {
  const auto header = read<nlmsghdr>(bytes);
  if (!header || header->nlmsg_type != type || header->nlmsg_len > bytes.size() ||
      header->nlmsg_len < sizeof(nlmsghdr)) {
    return std::nullopt;
  }
  const message_view inside = skip(bytes.first(header->nlmsg_len), sizeof(nlmsghdr));
  const auto body = read<Body>(inside);
  if (!body) return std::nullopt;
  return opened<Body>{*body, skip(inside, sizeof(Body))};
}

}  // namespace natcheck::net::attributes
