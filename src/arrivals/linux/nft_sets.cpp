#include "arrivals/linux/nft_sets.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "arrivals/linux/nft_messages.hpp"

namespace natcheck::arrivals {
namespace {

net::message bytes_in(net::message_view from, unsigned type) {
  const auto nested = net::attributes::find(from, type);
  const auto value = nested ? net::attributes::find(*nested, NFTA_DATA_VALUE) : std::nullopt;
  return value ? net::message(value->begin(), value->end()) : net::message();
}

std::string chain_in(net::message_view from) {
  const auto data = net::attributes::find(from, NFTA_SET_ELEM_DATA);
  const auto verdict = data ? net::attributes::find(*data, NFTA_DATA_VERDICT) : std::nullopt;
  return verdict ? net::attributes::find_string(*verdict, NFTA_VERDICT_CHAIN) : std::string();
}

/// An element as the kernel tells of it: perhaps only the end of an interval, which is not in it.
struct raw_element {
  nft_element value;
  bool ends = false;
};

raw_element read_element(net::message_view bytes) {
  const std::uint32_t flags = find_be32(bytes, NFTA_SET_ELEM_FLAGS).value_or(0);
  raw_element read;
  read.ends = (flags & NFT_SET_ELEM_INTERVAL_END) != 0;
  read.value.first = bytes_in(bytes, NFTA_SET_ELEM_KEY);
  read.value.last = bytes_in(bytes, NFTA_SET_ELEM_KEY_END);
  if (read.value.last.empty()) read.value.last = read.value.first;
  read.value.data = bytes_in(bytes, NFTA_SET_ELEM_DATA);
  read.value.chain = chain_in(bytes);
  constexpr std::uint32_t catch_all = 2;  // NFT_SET_ELEM_CATCHALL, of Linux 5.13
  read.value.catch_all = (flags & catch_all) != 0;
  return read;
}

/// The key before that one, as numbers in network order.
net::message before(net::message key) {
  for (auto byte = key.rbegin(); byte != key.rend(); ++byte) {
    const auto value = std::to_integer<unsigned>(*byte);
    *byte = static_cast<std::byte>(value - 1);
    if (value != 0) break;
  }
  return key;
}

std::vector<nft_element> joined(std::vector<raw_element> all) {
  // Where one interval ends and the next begins, the end comes first.
  std::stable_sort(all.begin(), all.end(), [](const raw_element& a, const raw_element& b) {
    return std::tuple(a.value.first, !a.ends) < std::tuple(b.value.first, !b.ends);
  });
  std::vector<nft_element> elements;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].ends) continue;
    auto& one = elements.emplace_back(std::move(all[i].value));
    if (one.catch_all) continue;
    const bool open = i + 1 == all.size();
    one.last =
        open ? net::message(one.first.size(), std::byte{0xff}) : before(all[i + 1].value.first);
  }
  return elements;
}

}  // namespace

bool part_of_key::holds(std::span<const std::byte> value) const {
  if (std::min(element.first.size(), element.last.size()) < at + value.size()) return true;
  const auto order_to = [&](const net::message& bound) {
    return std::memcmp(value.data(), bound.data() + at, value.size());
  };
  return order_to(element.first) >= 0 && order_to(element.last) <= 0;
}

bool part_of_key::holds_port(std::uint16_t port) const {
  const std::uint16_t in_network_order = htons(port);
  return holds(std::as_bytes(std::span(&in_network_order, 1)));
}

bool part_of_key::holds_address(const address& ip, bool ipv6) const {
  if (ip.is_v6() != ipv6) return false;
  const auto v4 = ipv6 ? boost::asio::ip::address_v4::bytes_type{} : ip.to_v4().to_bytes();
  const auto v6 = ipv6 ? ip.to_v6().to_bytes() : boost::asio::ip::address_v6::bytes_type{};
  return ipv6 ? holds(std::as_bytes(std::span(v6))) : holds(std::as_bytes(std::span(v4)));
}

net::message elements_request(const nft_set& set) {
  auto request = dump_request(NFT_MSG_GETSETELEM, set.family);
  request.add(NFTA_SET_ELEM_LIST_TABLE, set.table);
  request.add(NFTA_SET_ELEM_LIST_SET, set.name);
  return request.finish();
}

std::optional<nft_set> parse_set(net::message_view bytes) {
  const auto parts = net::attributes::open<nfgenmsg>(bytes, nft_type(NFT_MSG_NEWSET));
  if (!parts) return std::nullopt;
  nft_set set;
  set.family = parts->body.nfgen_family;
  set.table = net::attributes::find_string(parts->attributes, NFTA_SET_TABLE);
  set.name = net::attributes::find_string(parts->attributes, NFTA_SET_NAME);
  set.key_length = find_be32(parts->attributes, NFTA_SET_KEY_LEN).value_or(0);
  if (set.table.empty() || set.name.empty() || set.key_length == 0) return std::nullopt;
  return set;
}

std::vector<nft_element> parse_elements(const std::vector<net::message>& answer) {
  std::vector<raw_element> all;
  for (const net::message& one : answer) {
    const auto parts = net::attributes::open<nfgenmsg>(one, nft_type(NFT_MSG_NEWSETELEM));
    if (!parts) continue;
    auto list = net::attributes::find(parts->attributes, NFTA_SET_ELEM_LIST_ELEMENTS)
                    .value_or(net::message_view{});
    while (const auto element = net::attributes::take_attribute(list)) {
      if (element->type == NFTA_LIST_ELEM) all.push_back(read_element(element->payload));
    }
  }
  if (std::any_of(all.begin(), all.end(), [](const raw_element& each) { return each.ends; })) {
    return joined(std::move(all));
  }
  std::vector<nft_element> elements;
  for (raw_element& each : all) elements.push_back(std::move(each.value));
  return elements;
}

}  // namespace natcheck::arrivals
