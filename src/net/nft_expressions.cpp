#include "net/nft_expressions.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "net/attributes.hpp"

namespace natcheck::net {
namespace {

/// nftables has its numbers in network order.
std::optional<std::uint32_t> number_in(message_view from, unsigned type) {
  const auto value = attributes::find_number<std::uint32_t>(from, type);
  return value ? std::optional(ntohl(*value)) : std::nullopt;
}

/// NFTA_DATA_VALUE of a nested NFTA_DATA_ATTRIBUTES.
std::optional<message_view> value_in(message_view from, unsigned type) {
  const auto nested = attributes::find(from, type);
  return nested ? attributes::find(*nested, NFTA_DATA_VALUE) : std::nullopt;
}

/// A port in network order, as the packet has it.
std::optional<std::uint16_t> port_in(message_view bytes) {
  const auto raw = attributes::read<std::uint16_t>(bytes);
  return raw ? std::optional(ntohs(*raw)) : std::nullopt;
}

std::uint8_t number_of(transport protocol) {
  return protocol == transport::tcp ? IPPROTO_TCP : IPPROTO_UDP;
}

std::optional<address> address_of(message_view bytes, bool ipv6) {
  if (ipv6) {
    boost::asio::ip::address_v6::bytes_type raw;
    if (bytes.size() < raw.size()) return std::nullopt;
    std::memcpy(raw.data(), bytes.data(), raw.size());
    return address(boost::asio::ip::address_v6(raw));
  }
  const auto raw = attributes::read<std::uint32_t>(bytes);
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

std::optional<port_range> range_of_match(const std::string& name, message_view info) {
  if (name == "tcp") {
    const auto tcp = attributes::read<xt_tcp>(info);
    if (!tcp) return std::nullopt;
    return port_range{tcp->dpts[0], tcp->dpts[1], (tcp->invflags & XT_TCP_INV_DSTPT) != 0};
  }
  const auto udp = attributes::read<xt_udp>(info);
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

void nft_expressions::read(message_view list) {
  while (const auto element = attributes::take_attribute(list)) {
    if (element->type != NFTA_LIST_ELEM) continue;
    const auto data = attributes::find(element->payload, NFTA_EXPR_DATA);
    if (data) read_one(attributes::find_string(element->payload, NFTA_EXPR_NAME), *data);
  }
}

void nft_expressions::read_one(const std::string& name, message_view data) {
  if (name == "meta") return read_meta(data);
  if (name == "payload") return read_payload(data);
  if (name == "cmp") return read_cmp(data);
  if (name == "range") return read_range(data);
  if (name == "immediate") return read_immediate(data);
  if (name == "nat") return read_nat(data);
  if (name == "redir") return read_redirection(data);
  if (name == "match") return read_match(data);
  if (name == "target") return read_target(data);
  // What these put into a register is nothing that is known here.
  if (name == "bitwise") return forget(data, NFTA_BITWISE_DREG);
  if (name == "byteorder") return forget(data, NFTA_BYTEORDER_DREG);
  if (name == "lookup") return forget(data, NFTA_LOOKUP_DREG);
  if (name == "ct") return forget(data, NFTA_CT_DREG);
  if (name == "fib") return forget(data, NFTA_FIB_DREG);
}

void nft_expressions::forget(message_view data, unsigned attribute) {
  if (const auto number = number_in(data, attribute)) of_number(*number) = {};
}

void nft_expressions::note_port_test(bool holds) {
  rule_.applies = rule_.applies && holds;
  rule_.names_port = rule_.names_port || holds;
}

void nft_expressions::read_meta(message_view data) {
  const auto number = number_in(data, NFTA_META_DREG);
  if (!number) return;
  const bool protocol = number_in(data, NFTA_META_KEY) == NFT_META_L4PROTO;
  of_number(*number) = {protocol ? content::protocol : content::unknown, {}, 0};
}

void nft_expressions::read_payload(message_view data) {
  const auto number = number_in(data, NFTA_PAYLOAD_DREG);
  if (!number) return;
  const auto base = number_in(data, NFTA_PAYLOAD_BASE);
  const auto offset = number_in(data, NFTA_PAYLOAD_OFFSET);
  const auto length = number_in(data, NFTA_PAYLOAD_LEN);
  const bool network = base == NFT_PAYLOAD_NETWORK_HEADER;
  reg& to = of_number(*number);
  to = {};
  if (base == NFT_PAYLOAD_TRANSPORT_HEADER && offset == 2U && length == 2U) to.is = content::port;
  if (!network) return;
  if (!asked_.ipv6 && offset == 9U && length == 1U) to.is = content::protocol;
  if (!asked_.ipv6 && offset == 16U && length == 4U) to.is = content::destination;
  if (asked_.ipv6 && offset == 24U && length == 16U) to.is = content::destination;
}

void nft_expressions::read_cmp(message_view data) {
  const auto number = number_in(data, NFTA_CMP_SREG);
  const auto op = number_in(data, NFTA_CMP_OP);
  const auto value = value_in(data, NFTA_CMP_DATA);
  if (!number || !op || !value) return;
  switch (of_number(*number).is) {
    case content::port:
      if (const auto port = port_in(*value)) {
        note_port_test(compare(*op, int{asked_.port} - int{*port}));
      }
      return;
    case content::protocol:
      if (const auto protocol = attributes::read<std::uint8_t>(*value)) {
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

void nft_expressions::read_range(message_view data) {
  const auto number = number_in(data, NFTA_RANGE_SREG);
  const auto from = value_in(data, NFTA_RANGE_FROM_DATA);
  const auto to = value_in(data, NFTA_RANGE_TO_DATA);
  if (!number || !from || !to || of_number(*number).is != content::port) return;
  const auto first = port_in(*from);
  const auto last = port_in(*to);
  const bool inverted = number_in(data, NFTA_RANGE_OP) == NFT_RANGE_NEQ;
  if (first && last) note_port_test(port_range{*first, *last, inverted}.holds(asked_.port));
}

void nft_expressions::read_immediate(message_view data) {
  const auto number = number_in(data, NFTA_IMMEDIATE_DREG);
  const auto nested = attributes::find(data, NFTA_IMMEDIATE_DATA);
  if (!number || !nested) return;
  if (const auto verdict = attributes::find(*nested, NFTA_DATA_VERDICT)) {
    rule_.jumps_to = attributes::find_string(*verdict, NFTA_VERDICT_CHAIN);
    return;
  }
  const auto value = attributes::find(*nested, NFTA_DATA_VALUE);
  if (!value) return;
  reg& to = of_number(*number);
  to = {content::constant, {}, std::min(value->size(), to.bytes.size())};
  std::copy_n(value->begin(), to.length, to.bytes.begin());
}

std::optional<address> nft_expressions::address_in(const reg& from) const {
  if (from.is != content::constant) return std::nullopt;
  return address_of(message_view(from.bytes).first(from.length), asked_.ipv6);
}

void nft_expressions::read_nat(message_view data) {
  if (number_in(data, NFTA_NAT_TYPE) != NFT_NAT_DNAT) return;
  nat_rule to;
  if (const auto number = number_in(data, NFTA_NAT_REG_ADDR_MIN))
    to.to = address_in(of_number(*number));
  if (const auto number = number_in(data, NFTA_NAT_REG_PROTO_MIN)) {
    const reg& from = of_number(*number);
    if (from.is == content::constant)
      to.to_port = port_in(message_view(from.bytes).first(from.length));
  }
  rule_.to = to;
}

void nft_expressions::read_redirection(message_view data) {
  nat_rule to;
  if (const auto number = number_in(data, NFTA_REDIR_REG_PROTO_MIN)) {
    const reg& from = of_number(*number);
    if (from.is == content::constant)
      to.to_port = port_in(message_view(from.bytes).first(from.length));
  }
  rule_.to = to;
}

/// A match of iptables, in its own form.
void nft_expressions::read_match(message_view data) {
  const std::string name = attributes::find_string(data, NFTA_MATCH_NAME);
  const auto info = attributes::find(data, NFTA_MATCH_INFO);
  if (!info) return;
  if (name == "tcp" || name == "udp") {
    rule_.applies = rule_.applies && (name == "tcp") == (asked_.protocol == transport::tcp);
    const auto range = range_of_match(name, *info);
    const bool any_port = range && range->first == 0 && range->last == 0xffff;
    if (range && !any_port) note_port_test(range->holds(asked_.port));
  }
  if (name != "multiport") return;
  const auto match = attributes::read<xt_multiport_v1>(*info);
  if (match && match->flags != XT_MULTIPORT_SOURCE) {
    note_port_test(multiport_holds(*match, asked_.port));
  }
}

/// Of revision 0, which is for IPv4.
void nft_expressions::read_old_target(message_view info) {
  const auto range = attributes::read<nf_nat_ipv4_multi_range_compat>(info);
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
void nft_expressions::read_target(message_view data) {
  const std::string name = attributes::find_string(data, NFTA_TARGET_NAME);
  const auto info = attributes::find(data, NFTA_TARGET_INFO);
  if (!info || (name != "DNAT" && name != "REDIRECT")) return;
  const bool old = number_in(data, NFTA_TARGET_REV).value_or(0) == 0 && !asked_.ipv6;
  if (old) return read_old_target(*info);
  const auto range = attributes::read<nf_nat_range>(*info);
  if (!range) return;
  nat_rule to;
  if ((range->flags & NF_NAT_RANGE_MAP_IPS) != 0) {
    to.to = address_of(std::as_bytes(std::span(&range->min_addr, 1)), asked_.ipv6);
  }
  if ((range->flags & NF_NAT_RANGE_PROTO_SPECIFIED) != 0) to.to_port = ntohs(range->min_proto.all);
  rule_.to = to;
}

}  // namespace natcheck::net
