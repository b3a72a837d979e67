#include <fmt/format.h>

#include <natcheck/diagnosis.hpp>

#include "diagnosis/firewall_remedies.hpp"

namespace natcheck {

diagnosis diagnose(const redirect_evidence& evidence) {
  const std::string port =
      fmt::format("{} port {}", judging::name_of(evidence.protocol), evidence.port);
  const int other = evidence.port == 65535 ? 65534 : evidence.port + 1;
  verdict judged{verdict_code::host_firewall,
                 confidence::likely,
                 fmt::format("A NAT rule on this machine redirects {} to {}, so connections from "
                             "outside may never reach this server.",
                             port, judging::destination(evidence.rule)),
                 {"the rule: " + judging::describe(evidence.rule)},
                 {fmt::format("use another port: natcheck serve --map {}:{}", evidence.port, other),
                  "or remove the rule, or stop the container that published the port: " +
                      judging::show_rules(evidence.rule)}};
  return {std::move(judged), {}, answer::no};
}

}  // namespace natcheck
