#include "server/self_test.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <utility>

#include "client/handshake.hpp"
#include "client/udp_handshake.hpp"

namespace natcheck::serving {
namespace {

using net::asio::awaitable;
using meeting = std::optional<handshake_evidence>;

constexpr std::chrono::seconds answer_limit{2};

/// Of the family in which the server is asked otherwise.
address loopback_for(const std::optional<address>& lan) {
  if (lan && lan->is_v6()) return boost::asio::ip::address_v6::loopback();
  return boost::asio::ip::address_v4::loopback();
}

/// Two, since one datagram may be lost for no reason.
constexpr unsigned questions = 2;

bool is_reached(const handshake_evidence& one) { return one.result == probe_result::reached; }

awaitable<handshake_evidence> shake_hands_by(transport protocol,
                                             client::handshake_options options) {
  if (protocol == transport::tcp) co_return co_await shake_hands(std::move(options));
  const auto all = co_await ask_by_datagram(std::move(options), questions);
  const auto reached = std::ranges::find_if(all, is_reached);
  co_return reached == all.end() ? all.front() : *reached;
}

awaitable<void> greet(meeting& met, transport protocol, std::optional<endpoint> target,
                      std::string session) {
  if (!target) co_return;
  client::handshake_options options;
  options.target = *target;
  options.session = std::move(session);
  options.deadline = std::chrono::steady_clock::now() + answer_limit;
  met = co_await shake_hands_by(protocol, std::move(options));
}

bool is_another(const handshake_evidence& one, const handshake_evidence& ours) {
  return one.server_instance && ours.server_instance &&
         *one.server_instance != *ours.server_instance;
}

std::optional<self_check> check_of(const std::optional<endpoint>& target, const meeting& met,
                                   const meeting& ours) {
  // What this machine had no port or descriptor for was not tested.
  if (!target || !met || met->machine_fault) return std::nullopt;
  if (ours && is_another(*met, *ours)) {
    return self_check{*target,
                      probe_result::other_service,
                      {cause_code::another_natcheck_server, *met->server_instance},
                      false};
  }
  return self_check{*target, met->result, met->detail, met->local_fault};
}

}  // namespace

awaitable<self_test_evidence> test_self(transport protocol, std::uint16_t port,
                                        std::optional<address> lan, std::optional<endpoint> outside,
                                        std::string session) {
  self_test_evidence seen;
  seen.protocol = protocol;
  const endpoint loopback{loopback_for(lan), port};
  std::optional<endpoint> at_lan;
  if (lan) at_lan = endpoint{*lan, port};
  if (outside == at_lan) outside.reset();
  meeting ours, in_lan, back;
  co_await net::when_all(greet(ours, protocol, loopback, session),
                         greet(in_lan, protocol, at_lan, session),
                         greet(back, protocol, outside, session));
  seen.loopback = check_of(loopback, ours, std::nullopt);
  seen.lan = check_of(at_lan, in_lan, ours);
  seen.hairpin = check_of(outside, back, ours);
  co_return seen;
}

}  // namespace natcheck::serving
