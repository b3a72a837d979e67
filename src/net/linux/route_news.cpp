#include "net/linux/route_news.hpp"

#include <linux/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "net/linux/attributes.hpp"

namespace natcheck::net {
namespace {

using attributes::find;

// Kinds of what is known, first in the key.
constexpr char link_kind = 'l';
constexpr char address_kind = 'a';
constexpr char route_kind = 'r';

/// As many as any host has that is no router of the Internet's core; more are news each time.
constexpr std::size_t max_known = 4096;
constexpr std::size_t max_states = 64;  // of one key

/// The flags that say whether packets can pass.
constexpr unsigned passing = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

template <class T>
void append(std::string& out, const T& value) {
  static_assert(std::is_trivially_copyable_v<T>);
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void append(std::string& out, std::optional<message_view> payload) {
  if (!payload) return out.push_back('-');
  append(out, payload->size());
  out.append(reinterpret_cast<const char*>(payload->data()), payload->size());
}

/// Counters and lifetimes, which differ each time.
bool is_volatile(unsigned type) {
  return type == RTA_CACHEINFO || type == RTA_EXPIRES || type == RTA_MFC_STATS;
}

}  // namespace

/// Something has a state, or is no more.
struct route_news::statement {
  std::string key;
  std::string state;
  bool removed = false;
  bool beside_others = false;  ///< the key may have several states: routes of equal metric
};

namespace {

std::string link_key(const ifinfomsg& body) {
  std::string key{link_kind};
  append(key, body.ifi_index);
  return key;
}

std::string link_state(const ifinfomsg& body, message_view rest) {
  std::string state;
  append(state, body.ifi_flags & passing);
  append(state, find(rest, IFLA_IFNAME));
  return state;
}

std::string address_key(const ifaddrmsg& body, message_view rest) {
  std::string key{address_kind};
  append(key, body.ifa_index);
  append(key, body.ifa_prefixlen);
  append(key, find(rest, IFA_LOCAL));
  append(key, find(rest, IFA_ADDRESS));
  return key;
}

std::string address_state(const ifaddrmsg& body, message_view rest) {
  std::string state;
  append(state, attributes::find_number<std::uint32_t>(rest, IFA_FLAGS).value_or(body.ifa_flags));
  return state;
}

std::string route_key(const rtmsg& body, message_view rest) {
  std::string key{route_kind};
  append(key, body.rtm_family);
  append(key, body.rtm_table);
  append(key, body.rtm_tos);
  append(key, body.rtm_dst_len);
  for (const unsigned type : {RTA_DST, RTA_TABLE, RTA_PRIORITY}) append(key, find(rest, type));
  return key;
}

std::string route_state(const rtmsg& body, message_view rest) {
  std::string state;
  append(state, body);
  while (const auto next = attributes::take_attribute(rest)) {
    if (is_volatile(next->type)) continue;
    append(state, next->type);
    append(state, std::optional{next->payload});
  }
  return state;
}

/// Not the copies that the kernel keeps for itself, and not what each address brings along.
bool matters(const rtmsg& body) {
  return (body.rtm_flags & RTM_F_CLONED) == 0 && body.rtm_table != RT_TABLE_LOCAL &&
         (body.rtm_family == AF_INET || body.rtm_family == AF_INET6);
}

}  // namespace

std::optional<route_news::statement> route_news::read(message_view bytes) {
  const auto header = *attributes::read<nlmsghdr>(bytes);
  const unsigned type = header.nlmsg_type;
  if (type == RTM_NEWLINK || type == RTM_DELLINK) {
    const auto parts = attributes::open<ifinfomsg>(bytes, type);
    // A bridge tells of its ports in the same words.
    if (!parts || parts->body.ifi_family != AF_UNSPEC) return std::nullopt;
    return statement{link_key(parts->body), link_state(parts->body, parts->attributes),
                     type == RTM_DELLINK};
  }
  if (type == RTM_NEWADDR || type == RTM_DELADDR) {
    const auto parts = attributes::open<ifaddrmsg>(bytes, type);
    if (!parts) return std::nullopt;
    return statement{address_key(parts->body, parts->attributes),
                     address_state(parts->body, parts->attributes), type == RTM_DELADDR};
  }
  if (type == RTM_NEWROUTE || type == RTM_DELROUTE) {
    const auto parts = attributes::open<rtmsg>(bytes, type);
    if (!parts || !matters(parts->body)) return std::nullopt;
    return statement{route_key(parts->body, parts->attributes),
                     route_state(parts->body, parts->attributes), type == RTM_DELROUTE,
                     (header.nlmsg_flags & NLM_F_REPLACE) == 0};
  }
  return std::nullopt;
}

bool route_news::take(const statement& said) {
  if (said.removed) {
    known_.erase(said.key);
    return true;
  }
  if (known_.size() >= max_known && known_.count(said.key) == 0) return true;
  auto& states = known_[said.key];
  if (said.beside_others) {
    if (states.size() >= max_states) states.clear();
    return states.insert(said.state).second;
  }
  const std::set<std::string> now{said.state};
  return std::exchange(states, now) != now;
}

bool route_news::take(message_view datagram) {
  bool news = false;
  while (const auto header = attributes::read<nlmsghdr>(datagram)) {
    if (header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) break;
    const auto said = read(datagram.first(header->nlmsg_len));
    datagram = attributes::skip(datagram, header->nlmsg_len);
    if (!said || !take(*said)) continue;
    news = true;
    // When a link or an address goes, IPv4 routes go with it without a word. Their kind sorts last.
    if (said->key.front() != route_kind) {
      known_.erase(known_.lower_bound(std::string{route_kind}), known_.end());
    }
  }
  return news;
}

}  // namespace natcheck::net
