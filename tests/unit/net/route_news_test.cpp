#include "net/linux/route_news.hpp"

#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstring>

namespace natcheck::net {
namespace {

using boost::asio::ip::make_address_v4;
using boost::asio::ip::make_address_v6;

template <class T>
void put(message& out, const T& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), begin, begin + sizeof(T));
}

template <class T>
void put_attribute(message& out, int type, const T& value) {
  static_assert(sizeof(T) % 4 == 0);
  put(out, rtattr{static_cast<unsigned short>(sizeof(rtattr) + sizeof(T)),
                  static_cast<unsigned short>(type)});
  put(out, value);
}

/// A message; `add` appends its attributes.
template <class Body, class Add>
message make(int type, const Body& body, Add add, int flags = 0) {
  message out;
  nlmsghdr header{};
  header.nlmsg_type = static_cast<std::uint16_t>(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(flags);
  put(out, header);
  put(out, body);
  add(out);
  const auto length = static_cast<std::uint32_t>(out.size());
  std::memcpy(out.data(), &length, sizeof(length));
  return out;
}

message link_message(unsigned flags, int type = RTM_NEWLINK, int family = AF_UNSPEC) {
  ifinfomsg body{};
  body.ifi_family = static_cast<unsigned char>(family);
  body.ifi_index = 2;
  body.ifi_flags = flags;
  return make(type, body, [](message& out) {
    put_attribute(out, IFLA_IFNAME, std::array<char, 4>{'e', 't', 'h'});
  });
}

message address_message(const char* ip, std::uint32_t valid_s, std::uint32_t flags = 0,
                        int type = RTM_NEWADDR) {
  ifaddrmsg body{};
  body.ifa_family = AF_INET6;
  body.ifa_prefixlen = 64;
  body.ifa_index = 2;
  return make(type, body, [&](message& out) {
    put_attribute(out, IFA_ADDRESS, make_address_v6(ip).to_bytes());
    put_attribute(out, IFA_CACHEINFO, ifa_cacheinfo{valid_s, valid_s, 1, 1});
    put_attribute(out, IFA_FLAGS, flags);
  });
}

struct route_change {
  const char* gateway = "192.168.1.1";
  std::uint32_t age = 0;
  int type = RTM_NEWROUTE;
  unsigned char table = RT_TABLE_MAIN;
  unsigned flags = 0;
  int message_flags = 0;
};

message route_message(const route_change& change) {
  rtmsg body{};
  body.rtm_family = AF_INET;
  body.rtm_table = change.table;
  body.rtm_flags = change.flags;
  return make(
      change.type, body,
      [&](message& out) {
        put_attribute(out, RTA_OIF, std::uint32_t{2});
        put_attribute(out, RTA_GATEWAY, make_address_v4(change.gateway).to_bytes());
        put_attribute(out, RTA_CACHEINFO, rta_cacheinfo{change.age, 1, 2, 3, 4, 5, 6, 7});
      },
      change.message_flags);
}

constexpr unsigned up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

struct row {
  const char* name;
  std::vector<message> before;
  message last;
  bool news;
};

std::vector<row> rows() {
  const route_change plain;
  const route_change other{"192.168.1.2"};
  route_change replaced = plain;
  replaced.message_flags = NLM_F_REPLACE;
  route_change replaced_by_other = other;
  replaced_by_other.message_flags = NLM_F_REPLACE;
  const auto route = [](const route_change& change) { return route_message(change); };
  const message gone = route({.type = RTM_DELROUTE});
  const message address = address_message("2001:db8::1", 100);
  return {
      {"a link", {}, link_message(up), true},
      {"the same link", {link_message(up)}, link_message(up), false},
      {"other counters of it", {link_message(up)}, link_message(up | IFF_PROMISC), false},
      {"a cable pulled", {link_message(up)}, link_message(IFF_UP), true},
      {"and plugged in", {link_message(up), link_message(IFF_UP)}, link_message(up), true},
      {"a link removed", {link_message(up)}, link_message(0, RTM_DELLINK), true},
      {"the port of a bridge", {}, link_message(up, RTM_NEWLINK, AF_BRIDGE), false},
      {"an address", {}, address, true},
      {"another lifetime of it", {address}, address_message("2001:db8::1", 99), false},
      {"it is deprecated", {address}, address_message("2001:db8::1", 99, IFA_F_DEPRECATED), true},
      {"another address", {address}, address_message("2001:db8::2", 100), true},
      {"an address removed", {address}, address_message("2001:db8::1", 0, 0, RTM_DELADDR), true},
      {"and back", {address, address_message("2001:db8::1", 0, 0, RTM_DELADDR)}, address, true},
      {"a route", {}, route(plain), true},
      {"the same route", {route(plain)}, route({.age = 9}), false},
      {"the same route in its own place", {route(plain)}, route(replaced), false},
      {"another gateway", {route(plain)}, route(replaced_by_other), true},
      {"and the first again", {route(plain), route(replaced_by_other)}, route(replaced), true},
      {"a route of equal metric beside it", {route(plain)}, route(other), true},
      {"and the same two again", {route(plain), route(other)}, route(plain), false},
      {"a route removed", {route(plain)}, gone, true},
      {"and back", {route(plain), gone}, route(plain), true},
      {"a route that went with its link", {route(plain), link_message(up)}, route(plain), true},
      {"a route that went with its address", {route(plain), address}, route(plain), true},
      {"a host's own route", {}, route({.table = RT_TABLE_LOCAL}), false},
      {"the copy of a route", {}, route({.flags = RTM_F_CLONED}), false},
      {"a neighbour", {}, make(RTM_NEWNEIGH, ndmsg{}, [](message&) {}), false},
      {"the end of a dump", {}, make(NLMSG_DONE, std::uint32_t{0}, [](message&) {}), false},
  };
}

TEST(RouteNews, TellsChangesFromRepetitions) {
  for (const auto& [name, before, last, news] : rows()) {
    route_news known;
    for (const message& one : before) known.take(one);
    EXPECT_EQ(known.take(last), news) << name;
  }
}

TEST(RouteNews, AllMessagesOfADatagramCount) {
  route_news known;
  message both = link_message(up);
  const message address = address_message("2001:db8::1", 100);
  both.insert(both.end(), address.begin(), address.end());
  EXPECT_TRUE(known.take(both));
  EXPECT_FALSE(known.take(both));
  EXPECT_FALSE(known.take(address)) << "it was the second";
}

TEST(RouteNews, ForgettingMakesEverythingNews) {
  route_news known;
  known.take(link_message(up));
  known.forget();
  EXPECT_TRUE(known.take(link_message(up)));
}

TEST(RouteNews, NothingIsReadPastTheEnd) {
  for (const message& whole :
       {link_message(up), address_message("2001:db8::1", 1), route_message({})}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      route_news known;
      EXPECT_FALSE(known.take(message_view(whole).first(size))) << size;
      // The same bytes with a length that fits: fewer attributes, and no fault.
      message cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto length = static_cast<std::uint32_t>(size);
      if (size >= sizeof(length)) std::memcpy(cut.data(), &length, sizeof(length));
      known.take(cut);
    }
  }
}

TEST(RouteNews, RemembersNoMoreThanItMay) {
  route_news known;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    auto bytes = make_address_v6("2001:db8::").to_bytes();
    std::memcpy(bytes.data() + 12, &i, sizeof(i));
    const auto ip = boost::asio::ip::address_v6(bytes).to_string();
    known.take(address_message(ip.c_str(), 1));
  }
  EXPECT_FALSE(known.take(address_message("2001:db8::", 1)));
  EXPECT_TRUE(known.take(address_message("2001:db8:ffff::", 1)));
  EXPECT_TRUE(known.take(address_message("2001:db8:ffff::", 1))) << "it was not remembered";
}

}  // namespace
}  // namespace natcheck::net
