// PCP and NAT-PMP: what a gateway answers, and what becomes of mappings.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::no_answer_to_requests, "no answer to {} requests in {} ms"},
    {cause_code::no_answer_but_from,
     "no answer to {} requests in {} ms; an answer from {} was ignored"},

    {cause_code::empty_datagram, "an empty datagram"},
    {cause_code::other_version, "version {} instead of {}"},
    {cause_code::too_short_for_an_answer, "{} bytes, too short for an answer"},
    {cause_code::answer_too_short, "{} bytes; an answer has at least {}"},
    {cause_code::answer_to_too_short, "{} bytes; an answer to {} has at least {}"},
    {cause_code::pcp_too_long, "more than {} bytes, the maximum of PCP"},
    {cause_code::size_not_multiple_of_4, "{} bytes, which is not a multiple of 4"},
    {cause_code::request_not_answer, "a request, not an answer"},
    {cause_code::answer_to_undefined, "an answer to operation {}, which NAT-PMP does not define"},
    {cause_code::answer_to_another, "an answer to {} instead of {}"},
    {cause_code::answer_for_another_port, "an answer for internal port {} instead of {}"},
    {cause_code::answer_for_another_protocol, "an answer for protocol {} instead of {}"},
    {cause_code::another_nonce, "an answer with a different nonce"},
    {cause_code::external_port_zero, "grants external port 0"},
    {cause_code::option_too_long, "option {} claims {} bytes, but only {} are left"},
    {cause_code::speaks_pcp, "it speaks PCP (version {}), not NAT-PMP"},
    {cause_code::speaks_nat_pmp, "it speaks only NAT-PMP (version 0)"},
    {cause_code::speaks_draft_of_pcp, "it speaks only a draft of PCP (version 1)"},
    {cause_code::speaks_later_pcp, "it speaks only a later PCP (version {})"},

    {cause_code::result_success, "success"},
    {cause_code::result_unsupported_version, "the router does not support this version"},
    {cause_code::result_not_authorized,
     "not authorized: port mapping is turned off, or not allowed for this machine"},
    {cause_code::result_not_authorized_or_owner,
     "not authorized: port mapping is turned off, or not allowed for this machine, or the mapping "
     "belongs to another device"},
    {cause_code::result_malformed_request, "the router rejects the request as malformed"},
    {cause_code::result_unsupported_operation, "the router does not support this operation"},
    {cause_code::result_unsupported_option, "the router does not support a required option"},
    {cause_code::result_malformed_option, "the router rejects an option as malformed"},
    {cause_code::result_no_external_address, "the router has no usable external address"},
    {cause_code::result_no_wan_connection, "the router has no WAN connection"},
    {cause_code::result_table_full, "the router's mapping table is full"},
    {cause_code::result_no_resources,
     "the router has no resources: its table is full, or it has no usable external address"},
    {cause_code::result_unsupported_transport,
     "the router does not support this transport protocol"},
    {cause_code::result_over_quota, "this line or machine has reached its limit of ports"},
    {cause_code::result_external_not_available,
     "the router cannot provide this external port or address"},
    {cause_code::result_address_mismatch,
     "the router saw another source address: there is another NAT between this machine and the "
     "gateway"},
    {cause_code::result_too_many_peers, "the router cannot filter for that many peers"},
    {cause_code::result_authentication_required, "the router requires authentication (RFC 7652)"},
    {cause_code::result_undefined, "an error code that the protocol does not define"},

    {cause_code::zero_lifetime_granted, "it granted a mapping with a lifetime of 0 s"},
    {cause_code::other_port_granted, "it granted external port {} instead of {}"},
    {cause_code::other_port_not_returned,
     "it granted external port {} instead of {}, and that mapping could not be removed: {}"},
    {cause_code::mapping_kept, "the router keeps the mapping for {} s"},
    {cause_code::pinhole_kept,
     "the router keeps the pinhole until its lease expires, in at most {} s"},
    {cause_code::mappings_lost,
     "the router lost its port mappings {} s ago by its own clock: it restarted, or its address "
     "changed"},
    {cause_code::leads_to_another_host,
     "it leads to {}, and only that address can remove it; it stays on the router until its lease "
     "expires"},
    {cause_code::nonce_not_known, "the nonce that created it is not known"},
};

constexpr operation_row operations[] = {
    {operation_code::asking_for_presence, "asking {} for its presence ({})"},
    {operation_code::asking_for_external_address, "asking {} for its external address ({})"},
    {operation_code::asking_for_mapping, "asking {} for a mapping ({})"},
    {operation_code::asking_for_removal, "asking {} for removal of a mapping ({})"},
    {operation_code::asking_for_shorter_lease, "asking {} for a shorter lease ({})"},
    {operation_code::removing_mapping, "removing a mapping on {}"},
};

}  // namespace

topic port_control() { return {causes, operations}; }

}  // namespace natcheck::wording
