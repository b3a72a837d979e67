// The firewall and the NAT rules of this host.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::packets_not_watched,
     "Cannot watch incoming packets ({}), so a local firewall cannot be told from a block "
     "upstream."},
    {cause_code::needs_net_raw, "it requires the capability CAP_NET_RAW"},
    {cause_code::rules_need_root, "reading them requires root"},
    {cause_code::rule_not_understood,
     "chain {} {} {} has a rule that natcheck does not understand"},
    {cause_code::legacy_rules, "iptables-legacy has NAT rules, which natcheck cannot read"},
};

constexpr operation_row operations[] = {
    {operation_code::opening_packet_socket, "opening a packet socket"},
    {operation_code::reading_nftables, "reading the rules of nftables"},
};

}  // namespace

topic firewall() { return {causes, operations}; }

}  // namespace natcheck::wording
