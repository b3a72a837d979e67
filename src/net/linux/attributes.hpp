// The parts of netlink(7) messages, read and written by libmnl: a header, a fixed body, then
// attributes. Pure.
//
// Nothing here reads past the end: an attribute of an impossible length ends the list. Messages
// begin at an address that is a multiple of four.
#pragma once

#include <libmnl/libmnl.h>
#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>

#include "net/route_messages.hpp"

namespace natcheck::net::attributes {

/// Netlink pads every header and every attribute to four bytes.
inline message_view skip(message_view bytes, std::size_t length) {
  return bytes.subspan(std::min<std::size_t>(MNL_ALIGN(length), bytes.size()));
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
  const auto* first = reinterpret_cast<const nlattr*>(rest.data());
  if (!mnl_attr_ok(first, static_cast<int>(rest.size()))) return std::nullopt;
  const attribute taken{mnl_attr_get_type(first),
                        rest.subspan(MNL_ATTR_HDRLEN, mnl_attr_get_payload_len(first))};
  rest = skip(rest, mnl_attr_get_len(first));
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

/// The message that `bytes` begins with; null where it does not fit.
inline const nlmsghdr* first_message(message_view bytes) {
  const auto* first = reinterpret_cast<const nlmsghdr*>(bytes.data());
  // libmnl before 1.0.5 takes a length of 2 GiB or more for a negative one.
  const bool fits =
      mnl_nlmsg_ok(first, static_cast<int>(bytes.size())) && first->nlmsg_len <= bytes.size();
  return fits ? first : nullptr;
}

template <class Body>
struct opened {
  Body body;
  message_view attributes;
};

/// Splits a message of `type` into its fixed part and its attributes.
template <class Body>
std::optional<opened<Body>> open(message_view bytes, unsigned type) {
  const nlmsghdr* const header = first_message(bytes);
  if (header == nullptr || header->nlmsg_type != type) return std::nullopt;
  const message_view inside = bytes.first(header->nlmsg_len).subspan(MNL_NLMSG_HDRLEN);
  const auto body = read<Body>(inside);
  if (!body) return std::nullopt;
  return opened<Body>{*body, skip(inside, sizeof(Body))};
}

/// A request, put together part by part. Sequence number and port id are left 0.
class request_builder {
 public:
  template <class Body>
  request_builder(unsigned type, unsigned flags, const Body& body) {
    header_->nlmsg_type = static_cast<std::uint16_t>(type);
    header_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    std::memcpy(mnl_nlmsg_put_extra_header(header_, sizeof body), &body, sizeof body);
  }
  request_builder(const request_builder&) = delete;
  request_builder& operator=(const request_builder&) = delete;

  /// What does not fit is left out.
  template <class T>
  void add(unsigned type, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    add_bytes(type, sizeof value, &value);
  }
  void add(unsigned type, const address& value) {
    if (value.is_v4()) return add(type, value.to_v4().to_bytes());
    add(type, value.to_v6().to_bytes());
  }
  void add(unsigned type, const std::string& text) {
    add_bytes(type, text.size() + 1, text.c_str());
  }

  message finish() const {
    const auto* begin = bytes_.data();
    return {begin, begin + header_->nlmsg_len};
  }

 private:
  void add_bytes(unsigned type, std::size_t length, const void* value) {
    mnl_attr_put_check(header_, bytes_.size(), static_cast<std::uint16_t>(type), length, value);
  }

  alignas(nlmsghdr) std::array<std::byte, 1024> bytes_{};  // the kernel's names have 256 at most
  nlmsghdr* header_ = mnl_nlmsg_put_header(bytes_.data());
};

}  // namespace natcheck::net::attributes
