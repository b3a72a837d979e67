// STUN: its messages, its servers, and the survey of them.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::stun_fingerprint_wrong, "its fingerprint is wrong: it was modified in transit"},
    {cause_code::stun_undefined_error, "has an error code that STUN does not define"},
    {cause_code::stun_unknown_attribute, "requires the unknown attribute 0x{:04x}"},
    {cause_code::stun_attribute_without_address, "attribute 0x{:04x} contains no address"},
    {cause_code::stun_no_address, "contains no address"},
    {cause_code::stun_error_without_code, "an error without a code"},
    {cause_code::stun_attribute_too_long, "an attribute is longer than the message"},
    {cause_code::stun_no_cookie, "not a STUN message: the cookie is missing"},
    {cause_code::stun_wrong_type, "type 0x{:04x} is not an answer to a binding request"},
    {cause_code::stun_wrong_length, "{} bytes, but its header says {}"},
    {cause_code::stun_other_request, "an answer to another request"},
    {cause_code::stun_not_stun, "not a STUN message"},
    {cause_code::stun_too_long, "a message of {} bytes"},
    {cause_code::stun_rejected, "it answered with error {}"},
    {cause_code::stun_rejected_saying, "it answered with error {} ({})"},
    {cause_code::stun_silent_over_tcp, "no answer in {} ms"},
    {cause_code::another_server_answered, "not needed: another server answered first"},
    {cause_code::udp_answered, "not needed: UDP answered"},
    {cause_code::in_own_network, "not asked: it is in this machine's own network"},
    {cause_code::no_route_to_internet, "this machine has no IPv{} route to the Internet"},
    {cause_code::name_without_address, "the name has no address"},
    {cause_code::resolved_too_late, "its name was not resolved before the others were"},
    {cause_code::resolves_to_own_network, "its name resolves to {}, which is not on the Internet"},
};

constexpr operation_row operations[] = {
    {operation_code::asking_stun_servers, "asking STUN servers"},
    {operation_code::asking_stun_over_udp, "asking {} ({}) over UDP (STUN)"},
    {operation_code::asking_stun_over_tcp, "asking {} ({}) over TCP (STUN)"},
};

}  // namespace

topic stun() { return {causes, operations}; }

}  // namespace natcheck::wording
