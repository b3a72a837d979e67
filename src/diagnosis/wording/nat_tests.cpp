// The path, the owner of an address, and the behavior of the NAT.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::hops_silent, "no answer to {} packets in {} ms"},
    {cause_code::hop_sent_back,
     "{} reported the destination as unreachable (ICMP type 3, code {})"},
    {cause_code::no_second_address, "{} has no second address"},
    {cause_code::unusable_second_address, "{} gives {} as its second address, which is not usable"},
    {cause_code::no_stun_over_udp, "no STUN server answered over UDP and IPv4"},
    {cause_code::mapping_untested, "mapping: {}"},
    {cause_code::filtering_untested, "filtering: {}"},
    {cause_code::hairpin_untested, "hairpin: {}"},
    {cause_code::lifetime_untested, "binding lifetime: {}"},
    {cause_code::server_too_slow, "the server did not answer in time"},
    {cause_code::mapped_addresses_contradict, "the mapped addresses contradict each other"},
    {cause_code::second_address_silent, "the server's second address did not answer"},
    {cause_code::port_may_depend_on_destination,
     "the NAT may use a different port for each destination"},
    {cause_code::not_decided_in_time, "timed out before this was decided"},
    {cause_code::server_stopped_answering, "the server stopped answering"},
    {cause_code::silence_means_nothing,
     "the server answered too few ordinary requests for its silence to mean anything"},
    {cause_code::second_address_refused,
     "the server cannot answer from its second address (error {})"},
    {cause_code::answered_from_elsewhere,
     "the server was asked to answer from {}, but answered from {}"},
    {cause_code::no_nat, "there is no NAT"},
    {cause_code::seen_as_not_public,
     "the server sees this machine as {}, which is not a public address"},
    {cause_code::response_port_ignored,
     "the server does not answer to another port (RESPONSE-PORT)"},
    {cause_code::binding_outlived_time, "timed out before the binding expired"},
};

constexpr operation_row operations[] = {
    {operation_code::asking_stun_rfc5780, "asking a STUN server (RFC 5780)"},
    {operation_code::tracing_path, "tracing the path to {}"},
    {operation_code::testing_owner, "testing who owns {}"},
    {operation_code::looking_for_first_hops, "looking for the first routers on the path"},
    {operation_code::looking_for_proxy, "looking for a proxy on the path"},
};

}  // namespace

topic nat_tests() { return {causes, operations}; }

}  // namespace natcheck::wording
