// The greeting: its client, and what a server says of its visitors.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::no_connection_in, "no answer to the connection request in {:.1f} s"},
    {cause_code::connection_reset_first, "the connection was reset before a greeting arrived"},
    {cause_code::server_closed_without_data, "it closed the connection without sending data"},
    {cause_code::no_greeting_in, "no greeting in {:.1f} s"},
    {cause_code::greeting_incomplete, "its greeting is incomplete: \"{}\""},
    {cause_code::greeting_malformed, "its greeting is malformed ({}): \"{}\""},
    {cause_code::echo_lost_in,
     "the greeting arrived, but only {} of {} bytes of the echo in {:.1f} s"},
    {cause_code::echo_closed_after,
     "the greeting arrived, but only {} of {} bytes of the echo before the connection was closed"},
    {cause_code::echo_altered_after, "the echo differs from the sent data after {} intact bytes"},
    {cause_code::payload_altered, "{} of {} bytes came back, the first {} of them intact"},
    {cause_code::only_smaller_greeting,
     "a greeting with {} bytes to echo got no answer, one with {} did"},
    {cause_code::only_smaller_datagram,
     "{} questions with {} bytes to echo got no answer, one with {} did"},
    {cause_code::only_plain_datagram,
     "{} questions with data to echo got no answer, a plain one did"},
    {cause_code::no_answer_within, "no answer in {:.1f} s"},
    {cause_code::no_answer_to_datagram_in, "no answer to 1 datagram in {:.1f} s"},
    {cause_code::no_answer_to_datagrams_in, "no answer to {} datagrams in {:.1f} s"},
    {cause_code::no_answer_to_smaller_in,
     "no answer to {} datagrams and {} smaller ones in {:.1f} s"},
    {cause_code::other_address_reached_first,
     "no answer in {:.1f} s; another address was reached first"},
    {cause_code::own_firewall_rejects, "a firewall on this machine rejects it"},
    {cause_code::another_natcheck_server, "another natcheck server, instance {}"},

    {cause_code::trailing_space, "a trailing space"},
    {cause_code::no_version_number, "no version number after \"natcheck/\""},
    {cause_code::invalid_key, "an invalid key"},
    {cause_code::invalid_value, "an invalid value of {}"},
    {cause_code::line_too_long, "a line longer than {} bytes"},

    {cause_code::unknown_protocol, "unknown protocol: {}"},
    {cause_code::evicted, "disconnected to make room for others"},
    {cause_code::closed_without_data, "closed without sending data"},
    {cause_code::closed_after, "closed after \"{}\""},
    {cause_code::sent_nothing_for, "sent nothing for {} s"},
    {cause_code::sent_nothing_more_for, "sent nothing more for {} s"},
    {cause_code::answer_not_acknowledged,
     "did not acknowledge the answer, so it may not have received it"},
    {cause_code::http_incomplete_after, "sent no complete HTTP request within {} s: {}"},
    {cause_code::http_rejected, "rejected with HTTP {}: {}"},
    {cause_code::datagram_rejected, "its datagram {}"},
    {cause_code::datagram_empty, "is empty"},
    {cause_code::datagram_unknown, "is of an unknown protocol: {}"},
    {cause_code::datagram_malformed, "is malformed: {}"},
    {cause_code::datagram_incomplete, "is incomplete: its line has no end"},
    {cause_code::datagram_size_wrong, "has {} bytes after its line but announces {}"},
    {cause_code::datagram_from_port_zero, "came from port 0, which cannot be answered"},
    {cause_code::datagram_source_forged, "has a forged source: this server's own port"},
    {cause_code::datagram_from_echo_port,
     "came from port {}, a service that answers everything it receives"},
    {cause_code::rate_limit_exceeded, "exceeds the rate limit of this server"},
    {cause_code::answer_not_sent, "the answer could not be sent: {}"},
    {cause_code::no_route_to_visitor, "no route to it"},
};

constexpr operation_row operations[] = {
    {operation_code::connecting, "connecting"},
    {operation_code::asking_over_udp, "asking over UDP"},
    {operation_code::sending_answer, "sending the answer"},
};

}  // namespace

topic greeting() { return {causes, operations}; }

}  // namespace natcheck::wording
