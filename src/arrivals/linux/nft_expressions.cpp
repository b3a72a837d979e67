#include "arrivals/linux/nft_expressions.hpp"

#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "arrivals/linux/nft_messages.hpp"

namespace natcheck::arrivals {
namespace {

/// NFTA_DATA_VALUE of a nested NFTA_DATA_ATTRIBUTES.
std::optional<net::message_view> value_in(net::message_view from, unsigned type) {
  const auto nested = net::attributes::find(from, type);
  return nested ? net::attributes::find(*nested, NFTA_DATA_VALUE) : std::nullopt;
}

/// A port in network order, as the packet has it.
std::optional<std::uint16_t> port_in(net::message_view bytes) {
  const auto raw = net::attributes::read<std::uint16_t>(bytes);
  return raw ? std::optional(ntohs(*raw)) : std::nullopt;
}

std::uint8_t number_of(transport protocol) {
  return protocol == transport::tcp ? IPPROTO_TCP : IPPROTO_UDP;
}

std::optional<address> address_of(net::message_view bytes, bool ipv6) {
  if (ipv6) {
    boost::asio::ip::address_v6::bytes_type raw;
    if (bytes.size() < raw.size()) return std::nullopt;
    std::memcpy(raw.data(), bytes.data(), raw.size());
    return address(boost::asio::ip::address_v6(raw));
  }
  const auto raw = net::attributes::read<std::uint32_t>(bytes);
  return raw ? std::optional<address>(boost::asio::ip::address_v4(ntohl(*raw))) : std::nullopt;
}

bool compare(std::uint32_t op, int order) {
  switch (op) {
    case NFT_CMP_EQ:
      return order == 0;
    case NFT_CMP_NEQ:
      return order != 0;
    case NFT_CMP_LT:
      return order < 0;
    case NFT_CMP_LTE:
      return order <= 0;
    case NFT_CMP_GT:
      return order > 0;
    default:
      return order >= 0;
  }
}

struct port_range {
  std::uint16_t first = 0, last = 0;
  bool inverted = false;

  bool holds(std::uint16_t port) const { return (port >= first && port <= last) != inverted; }
};

std::optional<port_range> range_of_match(const std::string& name, net::message_view info) {
  if (name == "tcp") {
    const auto tcp = net::attributes::read<xt_tcp>(info);
    if (!tcp) return std::nullopt;
    return port_range{tcp->dpts[0], tcp->dpts[1], (tcp->invflags & XT_TCP_INV_DSTPT) != 0};
  }
  const auto udp = net::attributes::read<xt_udp>(info);
  if (!udp) return std::nullopt;
  return port_range{udp->dpts[0], udp->dpts[1], (udp->invflags & XT_UDP_INV_DSTPT) != 0};
}

/// Ports from the first to the last, where XT_MULTIPORT marks the first of two.
bool multiport_holds(const xt_multiport_v1& match, std::uint16_t port) {
  bool found = false;
  const auto count = std::min<std::size_t>(match.count, XT_MULTI_PORTS);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t first = match.ports[i];
    const bool is_range = match.pflags[i] != 0 && i + 1 < count;
    const std::uint16_t last = is_range ? match.ports[++i] : first;
    found = found || (port >= first && port <= last);
  }
  return found != (match.invert != 0);
}

}  // namespace

void nft_expressions::read(net::message_view list) {
  while (const auto element = net::attributes::take_attribute(list)) {
    if (element->type != NFTA_LIST_ELEM) continue;
    const auto data = net::attributes::find(element->payload, NFTA_EXPR_DATA);
    if (data) read_one(net::attributes::find_string(element->payload, NFTA_EXPR_NAME), *data);
  }
}

void nft_expressions::read_one(const std::string& name, net::message_view data) {
  if (name == "meta") return read_meta(data);
  if (name == "payload") return read_payload(data);
  if (name == "cmp") return read_cmp(data);
  if (name == "range") return read_range(data);
  if (name == "immediate") return read_immediate(data);
  if (name == "nat") return read_nat(data);
  if (name == "redir") return read_redirection(data);
  if (name == "match") return read_match(data);
  if (name == "target") return read_target(data);
  if (name == "lookup") return read_lookup(data);
  // What these put into a register is nothing that is known here.
  if (name == "bitwise") return forget(data, NFTA_BITWISE_DREG);
  if (name == "byteorder") return forget(data, NFTA_BYTEORDER_DREG);
  if (name == "ct") return forget(data, NFTA_CT_DREG);
  if (name == "fib") return forget(data, NFTA_FIB_DREG);
}

nft_expressions::slots nft_expressions::from(std::uint32_t number) {
  std::size_t first = registers_.size();
  if (number >= NFT_REG_1 && number <= NFT_REG_4) first = (number - NFT_REG_1) * std::size_t{4};
  if (number >= NFT_REG32_00 && number <= NFT_REG32_15) first = number - NFT_REG32_00;
  return slots(registers_).subspan(first);
}

void nft_expressions::put(std::uint32_t number, content what, std::size_t length) {
  const slots all = from(number);
  const std::size_t count = std::min((length + 3) / 4, all.size());
  for (slot& each : all.first(count)) each = {what, {}};
}

void nft_expressions::put_constant(std::uint32_t number, net::message_view bytes) {
  for (slot& each : from(number)) {
    if (bytes.empty()) return;
    each = {content::constant, {}};
    const std::size_t length = std::min(bytes.size(), each.bytes.size());
    std::copy_n(bytes.begin(), length, each.bytes.begin());
    bytes = bytes.subspan(length);
  }
}

net::message nft_expressions::constant_in(std::uint32_t number) {
  net::message bytes;
  for (const slot& each : from(number)) {
    if (each.is != content::constant) break;
    bytes.insert(bytes.end(), each.bytes.begin(), each.bytes.end());
  }
  return bytes;
}

nft_expressions::content nft_expressions::content_of(std::uint32_t number) {
  const slots all = from(number);
  return all.empty() ? content::unknown : all.front().is;
}

void nft_expressions::forget(net::message_view data, unsigned attribute) {
  constexpr std::size_t longest = 16;
  if (const auto number = find_be32(data, attribute)) put(*number, content::unknown, longest);
}

void nft_expressions::note_port_test(bool holds) {
  rule_.applies = rule_.applies && holds;
  rule_.names_port = rule_.names_port || holds;
}

void nft_expressions::read_meta(net::message_view data) {
  const auto number = find_be32(data, NFTA_META_DREG);
  if (!number) return;
  const bool protocol = find_be32(data, NFTA_META_KEY) == NFT_META_L4PROTO;
  put(*number, protocol ? content::protocol : content::unknown, 1);
}

void nft_expressions::read_payload(net::message_view data) {
  const auto number = find_be32(data, NFTA_PAYLOAD_DREG);
  if (!number) return;
  const auto base = find_be32(data, NFTA_PAYLOAD_BASE);
  const auto offset = find_be32(data, NFTA_PAYLOAD_OFFSET);
  const auto length = find_be32(data, NFTA_PAYLOAD_LEN);
  const bool network = base == NFT_PAYLOAD_NETWORK_HEADER;
  content what = content::unknown;
  if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 2U && length == 2U) what = content::port;
  if (network && !asked_.ipv6 && offset == 9U && length == 1U) what = content::protocol;
  if (network && !asked_.ipv6 && offset == 16U && length == 4U) what = content::destination;
  if (network && asked_.ipv6 && offset == 24U && length == 16U) what = content::destination;
  put(*number, what, length.value_or(1));
}

void nft_expressions::read_cmp(net::message_view data) {
  const auto number = find_be32(data, NFTA_CMP_SREG);
  const auto op = find_be32(data, NFTA_CMP_OP);
  const auto value = value_in(data, NFTA_CMP_DATA);
  if (!number || !op || !value) return;
  switch (content_of(*number)) {
    case content::port:
      if (const auto port = port_in(*value)) {
        note_port_test(compare(*op, int{asked_.port} - int{*port}));
      }
      return;
    case content::protocol:
      if (const auto protocol = net::attributes::read<std::uint8_t>(*value)) {
        rule_.applies =
            rule_.applies && compare(*op, int{number_of(asked_.protocol)} - int{*protocol});
      }
      return;
    case content::destination:
      if (const auto ip = address_of(*value, asked_.ipv6); ip && *op == NFT_CMP_EQ) {
        rule_.applies =
            rule_.applies && std::binary_search(asked_.own.begin(), asked_.own.end(), *ip);
      }
      return;
    default:
      return;
  }
}

void nft_expressions::read_range(net::message_view data) {
  const auto number = find_be32(data, NFTA_RANGE_SREG);
  const auto from = value_in(data, NFTA_RANGE_FROM_DATA);
  const auto to = value_in(data, NFTA_RANGE_TO_DATA);
  if (!number || !from || !to || content_of(*number) != content::port) return;
  const auto first = port_in(*from);
  const auto last = port_in(*to);
  const bool inverted = find_be32(data, NFTA_RANGE_OP) == NFT_RANGE_NEQ;
  if (first && last) note_port_test(port_range{*first, *last, inverted}.holds(asked_.port));
}

void nft_expressions::read_immediate(net::message_view data) {
  const auto number = find_be32(data, NFTA_IMMEDIATE_DREG);
  const auto nested = net::attributes::find(data, NFTA_IMMEDIATE_DATA);
  if (!number || !nested) return;
  if (const auto verdict = net::attributes::find(*nested, NFTA_DATA_VERDICT)) {
    auto chain = net::attributes::find_string(*verdict, NFTA_VERDICT_CHAIN);
    if (!chain.empty()) rule_.jumps.push_back(std::move(chain));
    return;
  }
  const auto value = net::attributes::find(*nested, NFTA_DATA_VALUE);
  if (value) put_constant(*number, *value);
}

/// Whether the element stands for a packet to this host's port: what the key has besides the port,
/// the protocol and the destination excludes nothing.
bool nft_expressions::may_be(const nft_element& element, slots key) const {
  const std::uint8_t protocol = number_of(asked_.protocol);
  for (std::size_t i = 0; i < key.size(); ++i) {
    const part_of_key part{element, i * 4};
    if (key[i].is == content::port && !part.holds_port(asked_.port)) return false;
    if (key[i].is == content::protocol && !part.holds(std::as_bytes(std::span(&protocol, 1)))) {
      return false;
    }
    if (key[i].is != content::destination) continue;
    if (std::none_of(asked_.own.begin(), asked_.own.end(),
                     [&](const address& ip) { return part.holds_address(ip, asked_.ipv6); })) {
      return false;
    }
    if (asked_.ipv6) i += 3;
  }
  return true;
}

/// The value of the one element that was found, or the chains that they lead to.
void nft_expressions::take_found(net::message_view data,
                                 const std::vector<const nft_element*>& found) {
  const auto number = find_be32(data, NFTA_LOOKUP_DREG);
  if (!number) return;
  for (const nft_element* each : found) {
    if (!each->chain.empty()) rule_.jumps.push_back(each->chain);
  }
  if (*number == NFT_REG_VERDICT) return;
  forget(data, NFTA_LOOKUP_DREG);
  if (found.size() == 1) put_constant(*number, found.front()->data);
}

void nft_expressions::read_lookup(net::message_view data) {
  const auto number = find_be32(data, NFTA_LOOKUP_SREG);
  const auto name = net::attributes::find_string(data, NFTA_LOOKUP_SET);
  const auto set = std::find_if(sets_.begin(), sets_.end(),
                                [&](const nft_set& each) { return each.name == name; });
  if (!number || set == sets_.end()) {
    rule_.doubtful = rule_.doubtful || find_be32(data, NFTA_LOOKUP_DREG) == NFT_REG_VERDICT;
    return forget(data, NFTA_LOOKUP_DREG);
  }
  const slots all = from(*number);
  const slots key = all.first(std::min((set->key_length + 3) / 4, all.size()));
  const auto holds = [&](content what) {
    return std::any_of(key.begin(), key.end(), [=](const slot& each) { return each.is == what; });
  };
  std::vector<const nft_element*> found;
  for (const nft_element& each : set->elements) {
    if (!each.catch_all && may_be(each, key)) found.push_back(&each);
  }
  for (const nft_element& each : set->elements) {
    if (each.catch_all && found.empty()) found.push_back(&each);
  }
  const bool inverted = (find_be32(data, NFTA_LOOKUP_FLAGS).value_or(0) & NFT_LOOKUP_F_INV) != 0;
  const bool partly = holds(content::unknown) || holds(content::constant);
  if (inverted && partly) return;
  const bool passes = found.empty() == inverted;
  if (holds(content::port)) {
    note_port_test(passes);
  } else {
    rule_.applies = rule_.applies && passes;
  }
  take_found(data, found);
}

void nft_expressions::read_nat(net::message_view data) {
  if (find_be32(data, NFTA_NAT_TYPE) != NFT_NAT_DNAT) return;
  nat_rule to;
  if (const auto number = find_be32(data, NFTA_NAT_REG_ADDR_MIN)) {
    to.to = address_of(constant_in(*number), asked_.ipv6);
  }
  to.to_port = port_of(data, NFTA_NAT_REG_PROTO_MIN);
  rule_.to = to;
}

std::optional<std::uint16_t> nft_expressions::port_of(net::message_view data, unsigned attribute) {
  const auto number = find_be32(data, attribute);
  return number ? port_in(constant_in(*number)) : std::nullopt;
}

void nft_expressions::read_redirection(net::message_view data) {
  nat_rule to;
  to.to_port = port_of(data, NFTA_REDIR_REG_PROTO_MIN);
  rule_.to = to;
}

/// A match of iptables, in its own form.
void nft_expressions::read_match(net::message_view data) {
  const std::string name = net::attributes::find_string(data, NFTA_MATCH_NAME);
  const auto info = net::attributes::find(data, NFTA_MATCH_INFO);
  if (!info) return;
  if (name == "tcp" || name == "udp") {
    rule_.applies = rule_.applies && (name == "tcp") == (asked_.protocol == transport::tcp);
    const auto range = range_of_match(name, *info);
    const bool any_port = range && range->first == 0 && range->last == 0xffff;
    if (range && !any_port) note_port_test(range->holds(asked_.port));
  }
  if (name != "multiport") return;
  const auto match = net::attributes::read<xt_multiport_v1>(*info);
  if (match && match->flags != XT_MULTIPORT_SOURCE) {
    note_port_test(multiport_holds(*match, asked_.port));
  }
}

/// Of revision 0, which is for IPv4.
void nft_expressions::read_old_target(net::message_view info) {
  const auto range = net::attributes::read<nf_nat_ipv4_multi_range_compat>(info);
  if (!range) return;
  const auto& first = range->range[0];
  nat_rule to;
  if ((first.flags & NF_NAT_RANGE_MAP_IPS) != 0) {
    to.to = address(boost::asio::ip::address_v4(ntohl(first.min_ip)));
  }
  if ((first.flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0) to.to_port = ntohs(first.min.all);
  rule_.to = to;
}

/// A target of iptables.
void nft_expressions::read_target(net::message_view data) {
  const std::string name = net::attributes::find_string(data, NFTA_TARGET_NAME);
  const auto info = net::attributes::find(data, NFTA_TARGET_INFO);
  if (!info || (name != "DNAT" && name != "REDIRECT")) return;
  const bool old = find_be32(data, NFTA_TARGET_REV).value_or(0) == 0 && !asked_.ipv6;
  if (old) return read_old_target(*info);
  const auto range = net::attributes::read<nf_nat_range>(*info);
  if (!range) return;
  nat_rule to;
  if ((range->flags & NF_NAT_RANGE_MAP_IPS) != 0) {
    to.to = address_of(std::as_bytes(std::span(&range->min_addr, 1)), asked_.ipv6);
  }
  if ((range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0) to.to_port = ntohs(range->min_proto.all);
  rule_.to = to;
}

}  // namespace natcheck::arrivals
