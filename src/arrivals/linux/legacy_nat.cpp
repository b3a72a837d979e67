#include "arrivals/linux/legacy_nat.hpp"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

// After <net/if.h>, whose structs it would define again.
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <optional>
#include <string>

namespace natcheck::arrivals {
namespace {

constexpr char nat_table[] = "nat";

/// The policies of its four chains, and the entry that ends every table.
constexpr unsigned entries_of_an_empty_table = 5;

bool is_loaded(const char* file) {
  std::ifstream names(file);
  for (std::string name; std::getline(names, name);) {
    if (name == nat_table) return true;
  }
  return false;
}

template <class Info>
std::optional<unsigned> count_entries(int family, int level, int option) {
  const int descriptor = ::socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (descriptor < 0) return std::nullopt;
  Info info{};
  std::copy(std::begin(nat_table), std::end(nat_table), info.name);
  socklen_t length = sizeof info;
  const int failed = ::getsockopt(descriptor, level, option, &info, &length);
  ::close(descriptor);
  if (failed != 0) return std::nullopt;
  return info.num_entries;
}

}  // namespace

bool has_legacy_nat_rules(bool ipv6) {
  if (!is_loaded(ipv6 ? "/proc/net/ip6_tables_names" : "/proc/net/ip_tables_names")) return false;
  const auto entries = ipv6 ? count_entries<ip6t_getinfo>(AF_INET6, IPPROTO_IPV6, IP6T_SO_GET_INFO)
                            : count_entries<ipt_getinfo>(AF_INET, IPPROTO_IP, IPT_SO_GET_INFO);
  return !entries || *entries > entries_of_an_empty_table;
}

}  // namespace natcheck::arrivals
