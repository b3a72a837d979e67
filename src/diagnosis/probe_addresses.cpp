#include "diagnosis/probe_addresses.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/findings.hpp"
#include "diagnosis/probe_words.hpp"

namespace natcheck::judging {
namespace {

/// What became of one address, as if it were the only one. Empty: the verdict tells, or it was
/// reached, or it was not asked, for a reason on this machine.
std::string failure_of(const address_attempt& one, const probe_evidence& seen) {
  const bool told = seen.address && seen.address->ip == one.ip;
  if (told || one.handshake.reached() || one.handshake.local_fault) return {};
  probe_evidence alone;
  alone.target = seen.target;
  alone.protocol = seen.protocol;
  alone.address = endpoint{one.ip, seen.address ? seen.address->port : std::uint16_t{0}};
  std::string sentence = words_for(one.handshake, alone).summary;
  sentence.pop_back();
  return sentence;
}

std::string family_of(const address& ip) { return ip.is_v6() ? "IPv6" : "IPv4"; }

}  // namespace

std::vector<std::string> address_lines(const probe_evidence& seen) {
  std::vector<std::string> lines;
  for (const auto& one : seen.attempts) {
    if (auto line = failure_of(one, seen); !line.empty()) lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<finding> address_findings(const probe_evidence& seen) {
  std::vector<finding> found;
  if (!std::ranges::any_of(seen.handshakes, &handshake_evidence::reached)) return found;
  for (const auto& one : seen.attempts) {
    const auto failed = failure_of(one, seen);
    if (failed.empty()) continue;
    found.push_back(
        {other_address_fails,
         fmt::format("The name has another address, where the server was not reached: {} ({}).",
                     failed, family_of(one.ip)),
         fmt::format("Make the server listen on {} and open the port for {}, or remove that "
                     "address from the name: programs that try it first fail.",
                     one.ip.to_string(), family_of(one.ip))});
  }
  return found;
}

}  // namespace natcheck::judging
