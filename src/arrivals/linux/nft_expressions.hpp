// The expressions of one rule of nftables, as far as they matter for one port. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include "arrivals/linux/nft_sets.hpp"
#include "arrivals/nat_rules.hpp"

namespace natcheck::arrivals {

/// Reads them in order, as the kernel would run them, and notes in `rule` what follows.
class nft_expressions {
 public:
  /// `sets`: of the rule's table.
  nft_expressions(const port_question& asked, const std::vector<nft_set>& sets, nft_rule& rule)
      : asked_(asked), sets_(sets), rule_(rule) {}

  /// NFTA_RULE_EXPRESSIONS.
  void read(net::message_view list);

 private:
  /// What four bytes of the registers hold: a part of the packet, or a constant.
  enum class content { unknown, port, protocol, destination, constant };
  struct slot {
    content is = content::unknown;
    std::array<std::byte, 4> bytes{};  ///< of a constant
  };
  using slots = std::span<slot>;

  void read_one(const std::string& name, net::message_view data);
  void read_meta(net::message_view data);
  void read_payload(net::message_view data);
  void read_cmp(net::message_view data);
  void read_range(net::message_view data);
  void read_immediate(net::message_view data);
  void read_nat(net::message_view data);
  void read_redirection(net::message_view data);
  void read_match(net::message_view data);
  void read_target(net::message_view data);
  void read_old_target(net::message_view info);
  void read_lookup(net::message_view data);
  void take_found(net::message_view data, const std::vector<const nft_element*>& found);
  bool may_be(const nft_element& element, slots key) const;
  void forget(net::message_view data, unsigned attribute);

  /// The slots from that register on: of the old ones, 16 bytes each, or the new ones, of 4.
  slots from(std::uint32_t number);
  void put(std::uint32_t number, content what, std::size_t length);
  void put_constant(std::uint32_t number, net::message_view bytes);
  net::message constant_in(std::uint32_t number);
  content content_of(std::uint32_t number);
  void note_port_test(bool holds);
  std::optional<std::uint16_t> port_of(net::message_view data, unsigned attribute);

  const port_question& asked_;
  const std::vector<nft_set>& sets_;
  nft_rule& rule_;
  std::array<slot, 16> registers_{};
};

}  // namespace natcheck::arrivals
