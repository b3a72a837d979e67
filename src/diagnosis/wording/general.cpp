// What several protocols have in common.
#include "diagnosis/wording/rows.hpp"

namespace natcheck::wording {
namespace {

constexpr cause_row causes[] = {
    {cause_code::quoted, "{}"},
    {cause_code::operation_failed, "{}: {}"},
    {cause_code::longer_than, "is longer than {} bytes"},
    {cause_code::not_answered_in_time, "timed out before it answered"},
    {cause_code::table_not_read_in_time, "timed out before the whole table was read"},
    {cause_code::stopped_before_an_answer, "stopped before an answer arrived"},
    {cause_code::router_too_slow, "the router did not answer in time"},
    {cause_code::no_answer_in, "timed out after {} ms without an answer"},
};

constexpr operation_row operations[] = {
    {operation_code::quoted, "{}"},
};

}  // namespace

topic general() { return {causes, operations}; }

}  // namespace natcheck::wording
