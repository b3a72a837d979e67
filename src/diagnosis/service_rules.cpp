#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

constexpr std::string_view next_is_public = "the next router after yours has a public address";

bool names_nothing(const std::optional<address>& external) {
  return external && scope_of(*external) == address_scope::unspecified;
}

/// It says in its own way that there is no external address.
bool says_none(const facts& s, const gateway_service& row) {
  const auto& gateway = *s.seen.gateway;
  const bool says_down = row.id == mapping_protocol::upnp && is_disconnected(gateway.upnp);
  return says_down || names_nothing(service_of(gateway, row.id).external_address) ||
         is_doubtful(s, row.key);
}

/// Each service was fully tested, and none of them reports an address.
bool all_without_address(const facts& s) {
  return std::ranges::all_of(gateway_services, [&](const gateway_service& row) {
    const auto& service = service_of(*s.seen.gateway, row.id);
    const bool is_mute = !row.tells_address && service.state == service_state::answered;
    return is_mute || gave_nothing(service) || says_none(s, row);
  });
}

/// Services are there, and that they tell no external address is their nature (PCP) or their
/// mistake: they say that there is no Internet, and it answers; or they name what is no address.
bool offers_without_address(const facts& s) {
  const auto& gateway = *s.seen.gateway;
  const auto offers = [&](const gateway_service& row) {
    const auto& service = service_of(gateway, row.id);
    const bool is_mute = !row.tells_address && service.state == service_state::answered;
    return (is_mute && !declined(service)) || says_none(s, row);
  };
  return (std::ranges::any_of(gateway_services, offers) || implied_service(gateway) != nullptr) &&
         all_without_address(s);
}

std::string open_test(std::string_view name, const service_evidence& service) {
  if (service.local_fault) {
    return fmt::format("missing test: {}, which this machine could not ask", name);
  }
  std::string_view why = "was not fully tested";
  if (service.state == service_state::malformed) why = "gave no usable answer";
  if (service.state == service_state::silent) why = "answered, but then was too slow";
  return fmt::format("missing test: {}, which {}", name, why);
}

using names = std::vector<std::string_view>;

/// Those that answered, and whose answer is of no use or was too slow.
names unusable_services(const gateway_evidence& gateway) {
  return service_names([&](const gateway_service& row) {
    const auto& service = service_of(gateway, row.id);
    return &row == implied_service(gateway) ||
           (is_open(service) && service.state != service_state::not_tried);
  });
}

/// Those that answered by their protocol, and said no.
names refusing_services(const gateway_evidence& gateway) {
  return service_names([&](const gateway_service& row) {
    const auto& service = service_of(gateway, row.id);
    return declined(service) && answered_by_protocol(service);
  });
}

std::string no_service_summary(const names& refusing) {
  if (refusing.empty()) {
    const auto all = service_names([](const auto&) { return true; });
    return fmt::format(
        "Your router offers neither {} to this machine, so natcheck cannot open a port on it.",
        fmt::join(all, " nor "));
  }
  return fmt::format(
      "Your router responds to {}, but refuses this machine, so natcheck cannot open a port on it.",
      fmt::join(refusing, " and "));
}

std::vector<std::string> open_by_hand(const facts& s, const names& refusing) {
  const auto then = "then run here: " + listen_only(s.seen.asked);
  if (!s.has_home_router()) {
    return {fmt::format("ask the administrator of the router {} to forward TCP port {} to {}",
                        s.router(), example_port, s.local()->to_string()),
            then};
  }
  return {refusing.empty() ? turn_on_service(s.router()) : std::string(permit_this_machine),
          "or " + forward_example(s.router(), *s.local()), then};
}

/// Nobody at all has answered this machine over UDP, and TCP gets through: what is silent may have
/// answered.
bool hears_no_udp(const facts& s) {
  const auto& gateway = *s.seen.gateway;
  const auto silent = [](const service_evidence& service) {
    return service.state == service_state::silent;
  };
  const bool asked_over_udp = std::ranges::any_of(s.seen.stun, [&](const stun_evidence& server) {
    return server.family == 4 && server.protocol == transport::udp && silent(server);
  });
  return all_services(gateway, silent) && gateway.upnp.other_responders.empty() && asked_over_udp &&
         !s.outside.udp_arrives && s.outside.sees_us();
}

/// Why the router is believed to hide an address that is not public; empty: it is not.
std::vector<std::string> signs_of_hiding(const facts& s) {
  std::vector<std::string> signs;
  const auto& gateway = *s.seen.gateway;
  if (s.gateway_owns_it() == tested::yes) return signs;
  if (hides_address(gateway.upnp)) {
    signs.emplace_back("UPnP reports that the router is connected, but gives no external address");
  }
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(gateway, row.id);
    if (!indicates_second_nat(service)) continue;
    signs.push_back(fmt::format("{} result {} is what a router behind a second NAT returns",
                                row.name, *service.result));
  }
  const bool another_line = says_down(s) && s.outside.next_router_is_public();
  if (reports_network_failure(gateway) && s.outside.reach == beyond::answered && !another_line) {
    signs.emplace_back("the router reports a network failure, but the Internet answers");
  }
  return signs;
}

std::string_view beyond_the_router(const facts& s) {
  if (s.outside.sees_nothing()) return "nothing upstream of the router answers";
  return s.outside.reach == beyond::not_asked
             ? "nothing upstream of the router was tested"
             : "it is not clear whether anything upstream of the router answers";
}

/// Nothing translates behind the router, as far as the path shows.
bool stands_on_internet(const facts& s) {
  return s.outside.next_router_is_public() || s.gateway_owns_it() == tested::yes;
}

}  // namespace

// miniupnpd says Connected and then gives an empty address or error 501 when the address on its
// outer interface is not public.
std::optional<verdict> hidden_address(const facts& s) {
  if (!s.seen.gateway) return std::nullopt;
  auto signs = signs_of_hiding(s);
  if (signs.empty()) return std::nullopt;
  signs.push_back(local_line(s));
  return verdict{
      verdict_code::double_nat,
      confidence::likely,
      "Your router is online but hides its external address: most likely that address is private, "
      "and the router is behind a second one (double NAT).",
      std::move(signs),
      {status_page(s.router()),
       fmt::format("if it is private: put the outer router into bridge mode, or forward TCP port "
                   "{} on both routers",
                   example_port),
       "if it begins with 100.64 to 100.127: ask the provider for a public IPv4 address"}};
}

bool says_down(const facts& s) {
  if (!s.seen.gateway || !s.reported.empty()) return false;
  return is_disconnected(s.seen.gateway->upnp) || s.says_unspecified;
}

verdict judge_wan_down(const facts& s, confidence certainty) {
  const auto& upnp = s.seen.gateway->upnp;
  verdict v{
      verdict_code::gateway_wan_down,
      certainty,
      "Your router answers but reports that it has no Internet connection.",
      {},
      {"check the router's Internet connection: its cable or line, and its status page http://" +
           s.router() + "/",
       "when the router is online again, run: " + natcheck_command(s.seen.asked, "discover")}};
  if (is_disconnected(upnp)) {
    v.evidence.push_back("UPnP connection status: " + quoted(*upnp.connection_status));
  }
  if (s.says_unspecified) v.evidence.emplace_back("the router's external address is 0.0.0.0");
  if (reports_network_failure(*s.seen.gateway)) {
    v.evidence.emplace_back(failure_reported);
  }
  v.evidence.emplace_back(beyond_the_router(s));
  return v;
}

// Where something upstream of the router answers, its report is wrong, or about another connection.
std::optional<verdict> wan_down(const facts& s) {
  if (!says_down(s) || s.outside.reach == beyond::answered) return std::nullopt;
  return judge_wan_down(s, confidence::unconfirmed);
}

std::optional<verdict> network_failure(const facts& s) {
  if (!s.seen.gateway || !reports_network_failure(*s.seen.gateway)) return std::nullopt;
  if (s.gateway_owns_it() == tested::yes) return std::nullopt;
  verdict v;
  v.summary =
      "The router cannot report a public address: it has no Internet connection, or is behind "
      "another router.";
  v.evidence = {local_line(s), std::string(untested_outside)};
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(*s.seen.gateway, row.id);
    if (service.refusal != mapping_refusal::network_failure) continue;
    v.evidence.insert(
        v.evidence.begin(),
        fmt::format(
            "{} result {} (network failure) can mean either, and no other test showed which",
            row.name, *service.result));
  }
  v.advice = {status_page(s.router()), "if it shows none: check the router's cable or line",
              "if it shows a private one (10.x, 172.16-31.x, 192.168.x): the outer router must "
              "forward too, or be put into bridge mode"};
  return v;
}

// Where the Internet answers and no second router is there, its word is about another line.
std::optional<verdict> another_line_down(const facts& s) {
  if (!s.seen.gateway || !s.reported.empty() || !s.seen_as()) return std::nullopt;
  const bool failure = reports_network_failure(*s.seen.gateway);
  const bool owned = s.gateway_owns_it() == tested::yes;
  const bool down = says_down(s) && (owned || s.outside.next_router_is_public());
  if (!down && !(failure && owned)) return std::nullopt;
  if (!all_without_address(s)) return std::nullopt;
  const auto ip = s.seen_as()->to_string();
  verdict v{verdict_code::single_nat,
            confidence::likely,
            fmt::format("One NAT: the Internet sees {}. The port mapping service of your router "
                        "reports on another line, which is down.",
                        ip),
            {local_line(s)},
            {"in the router's menu, make the line with " + ip +
                 " the main Internet connection, then run: " + open_a_port(s.way()),
             "or " + forward_example(s.router(), *s.local()), prove_it(*s.seen_as())}};
  if (failure) v.evidence.emplace_back(failure_reported);
  if (is_disconnected(s.seen.gateway->upnp)) {
    v.evidence.push_back("UPnP connection status: " +
                         quoted(*s.seen.gateway->upnp.connection_status));
  }
  if (s.outside.next_router_is_public()) v.evidence.emplace_back(next_is_public);
  return v;
}

// PCP names an address only where something is mapped (RFC 6887 section 11), which would change the
// router; what the next router on the way is tells whether this one stands on the Internet.
std::optional<verdict> service_without_address(const facts& s) {
  if (!s.seen.gateway || !s.outside.sees_us() || !s.seen_as()) return std::nullopt;
  const bool owned = s.gateway_owns_it() == tested::yes;
  const bool hides =
      hides_address(s.seen.gateway->upnp) || any_service(*s.seen.gateway, indicates_second_nat);
  if (!offers_without_address(s) && !(owned && hides)) return std::nullopt;
  verdict v{verdict_code::single_nat,
            stands_on_internet(s) ? confidence::likely : confidence::unconfirmed,
            fmt::format("One NAT, as far as natcheck can tell: the Internet sees {}, and your "
                        "router has a port mapping service.",
                        s.seen_as()->to_string()),
            {local_line(s)},
            {open_a_port(s.way()), prove_it(*s.seen_as())}};
  if (s.outside.next_router_is_public()) v.evidence.emplace_back(next_is_public);
  if (!stands_on_internet(s)) {
    v.evidence.emplace_back(no_external_address);
  }
  return v;
}

/// More time would not help: what was not asked was not let out.
bool asked_all_it_could(const gateway_evidence& gateway) {
  const auto is_fine = [](const auto& service) { return service.local_fault || !is_open(service); };
  return all_services(gateway, is_fine) && implied_service(gateway) == nullptr;
}

std::string unfinished_summary(const gateway_evidence& gateway, const names& unusable) {
  if (unusable.empty()) {
    return "The router's external address is not known: not every test finished.";
  }
  if (unusable.size() == 1 && implied_service(gateway) != nullptr) {
    return fmt::format("Your router supports {}, but does not report its external address.",
                       unusable.front());
  }
  return fmt::format(
      "Your router responds to {}, but its answers were too slow or could not be used.",
      fmt::join(unusable, " and "));
}

std::optional<verdict> unfinished_tests(const facts& s) {
  if (!s.seen.gateway) return std::nullopt;
  const auto& gateway = *s.seen.gateway;
  const bool implied = implied_service(gateway) != nullptr;
  if (!any_service(gateway, is_open) && !implied) return std::nullopt;
  verdict v;
  const auto unusable = unusable_services(gateway);
  v.summary = unfinished_summary(gateway, unusable);
  v.evidence = {local_line(s)};
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(gateway, row.id);
    if (&row == implied_service(gateway)) {
      v.evidence.push_back(
          fmt::format("{} is available: it answers the PCP request with its own version, but not "
                      "the request for its external address",
                      row.name));
    } else if (is_open(service)) {
      v.evidence.push_back(open_test(row.name, service));
    }
  }
  v.advice = {asked_all_it_could(gateway)
                  ? "make this machine's routes and firewall allow these requests, then run: " +
                        natcheck_command(s.seen.asked, "discover")
                  : natcheck_command(s.seen.asked, "discover --timeout 30")};
  if (implied) v.advice.insert(v.advice.begin(), open_a_port(s.way()));
  if (s.has_home_router()) v.advice.push_back(status_page(s.router()));
  if (!unusable.empty() && s.has_home_router()) {
    v.advice.push_back("if the problem persists: restart the router, or " +
                       forward_example(s.router(), *s.local()));
  }
  return v;
}

std::optional<verdict> no_udp_heard(const facts& s) {
  if (!s.seen.gateway || !hears_no_udp(s)) return std::nullopt;
  return inconclusive(
      "No UDP answer reaches this machine, so it is not known whether the router opens ports.",
      {local_line(s),
       "TCP gets through, but neither the router nor an external server answered over UDP",
       "missing test: the router's services, with a firewall that allows UDP answers"},
      {"allow UDP answers in this machine's firewall, then run: " +
           natcheck_command(s.seen.asked, "discover"),
       "to see its rules: sudo nft list ruleset"});
}

std::optional<verdict> no_service(const facts& s) {
  if (!s.seen.gateway) return std::nullopt;
  const auto& gateway = *s.seen.gateway;
  if (!is_alive(gateway) && !s.outside.sees_us()) return std::nullopt;
  if (!offers_nothing(gateway)) return std::nullopt;
  const bool present =
      any_service(gateway, declined) || gateway.neighbor == neighbor_state::reachable;
  const auto refusing = refusing_services(gateway);
  verdict v{verdict_code::nat_no_mapping_service,
            present ? confidence::likely : confidence::unconfirmed,
            no_service_summary(refusing),
            {local_line(s)},
            open_by_hand(s, refusing)};
  if (s.outside.sees_us()) {
    const bool owned = s.gateway_owns_it() == tested::yes;
    v.certainty = owned && s.outside.udp_arrives ? confidence::confirmed : confidence::likely;
    // A public router next to ours does not prove it: a carrier's NAT may have such an address.
    if (s.outside.next_router_is_public()) v.evidence.emplace_back(next_is_public);
    if (!owned) {
      v.evidence.emplace_back(
          "missing test: the Internet (WAN) address in the router's own menu, which shows whether "
          "there is another NAT upstream of it");
    }
  }
  if (const auto ip = s.seen_as()) v.advice.push_back(probe_from_outside(*ip));
  return v;
}

std::optional<verdict> nothing_learnt(const facts& s) {
  verdict v;
  v.summary = "natcheck could not determine what is between this machine and the Internet.";
  v.evidence = {local_line(s), "missing test: the router's external address"};
  v.advice = {natcheck_command(s.seen.asked, "discover --timeout 30")};
  if (s.has_home_router()) v.advice.insert(v.advice.begin(), status_page(s.router()));
  return v;
}

}  // namespace natcheck::judging
