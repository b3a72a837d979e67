// The expressions of one rule of nftables, as far as they matter for one port. Pure.
#pragma once

#include <array>
#include <cstddef>

#include "net/nat_rules.hpp"

namespace natcheck::net {

/// Reads them in order, as the kernel would run them, and notes in `rule` what follows.
class nft_expressions {
 public:
  nft_expressions(const port_question& asked, nft_rule& rule) : asked_(asked), rule_(rule) {}

  /// NFTA_RULE_EXPRESSIONS.
  void read(message_view list);

 private:
  /// What a register holds of the packet, or a constant.
  enum class content { unknown, port, protocol, destination, constant };
  struct reg {
    content is = content::unknown;
    std::array<std::byte, 16> bytes{};
    std::size_t length = 0;
  };

  void read_one(const std::string& name, message_view data);
  void read_meta(message_view data);
  void read_payload(message_view data);
  void read_cmp(message_view data);
  void read_range(message_view data);
  void read_immediate(message_view data);
  void read_nat(message_view data);
  void read_redirection(message_view data);
  void read_match(message_view data);
  void read_target(message_view data);
  void read_old_target(message_view info);
  void forget(message_view data, unsigned attribute);

  reg& of_number(std::uint32_t number) { return registers_.at(number % registers_.size()); }
  void note_port_test(bool holds);
  std::optional<address> address_in(const reg& from) const;

  const port_question& asked_;
  nft_rule& rule_;
  std::array<reg, 24> registers_{};
};

}  // namespace natcheck::net
