// What was learnt upstream of the gateway, as parts of the JSON of `discover`.
#pragma once

#include "report/json.hpp"

namespace natcheck::report {

json::array stun_part(const std::vector<stun_evidence>& servers);
json::object nat_part(const nat_evidence& nat);
json::array path_part(const path_evidence& path);
json::object owner_part(const owner_evidence& owner, tested gateway_owns_address);
json::object web_part(const web_evidence& web);

}  // namespace natcheck::report
