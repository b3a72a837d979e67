// URLs and HTTP.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::url_with_control_character, "contains a control character"},
    {cause_code::url_not_http, "is not an http URL"},
    {cause_code::url_with_user, "contains a user name"},
    {cause_code::url_without_host, "names no host"},
    {cause_code::url_with_bad_host, "has an invalid host, \"{}\""},
    {cause_code::url_with_bad_port, "has an invalid port, \"{}\""},
    {cause_code::url_without_address, "has the host \"{}\", which is not an IP address"},
    {cause_code::url_of_another_host, "names another host, {}"},
    {cause_code::url_of_another_network, "names a host outside this network, {}"},
    {cause_code::web_url_unusable, "the URL {}"},
    {cause_code::web_host_without_address, "it has no IPv{} address"},
    {cause_code::http_connecting_took, "timed out after {:.2g} s while connecting"},
    {cause_code::http_sending_took, "timed out after {:.2g} s while sending the request"},
    {cause_code::http_answering_took, "timed out after {:.2g} s while waiting for the answer"},
    {cause_code::http_status, "HTTP {}"},
    {cause_code::http_answer_not_http, "the answer is not HTTP"},
    {cause_code::http_chunk_without_size, "the answer is not HTTP: a chunk has no size"},
    {cause_code::http_answer_too_long, "the answer exceeds {} KiB"},
    {cause_code::http_closed_unanswered, "closed the connection without answering"},
};

constexpr operation_row operations[] = {
    {operation_code::asking_for_page, "asking {} for {}"},
};

}  // namespace

topic http() { return {causes, operations}; }

}  // namespace natcheck::wording
