#include <fmt/format.h>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

constexpr std::uint16_t natpmp_network_failure_code = 3;  // RFC 6886 section 3.5

std::string status_page(const situation& s) {
  return "look for the Internet (WAN) address in the router's menu: http://" + s.router() + "/";
}

bool is_open(const service_evidence& service) {
  return service.state == service_state::not_tried || service.state == service_state::malformed;
}

template <class Service>
bool gave_nothing(const Service& service) {
  return declined(service) || service.state == service_state::silent;
}

std::string open_test(std::string_view name, const service_evidence& service) {
  return fmt::format("missing test: {}, which {}", name,
                     service.state == service_state::malformed ? "gave no usable answer"
                                                               : "was not asked to the end");
}

bool was_refused(const gateway_evidence& gateway) {
  return declined(gateway.nat_pmp) || declined(gateway.upnp);
}

}  // namespace

// miniupnpd says Connected and then gives an empty address or error 501 when the address on its
// outer interface is not public.
std::optional<verdict> hidden_address(const situation& s) {
  if (!s.seen.gateway || !hides_address(s.seen.gateway->upnp)) return std::nullopt;
  return verdict{
      verdict_code::double_nat,
      confidence::likely,
      "Your router is online and hides its outside address: most likely it has a private one, "
      "behind a second router (double NAT).",
      {"UPnP says that the router is connected, and gives no outside address", local_line(s),
       "nobody outside was asked"},
      {status_page(s),
       "if it is private: put the outer router into bridge mode, or forward TCP "
       "port 1234 on both routers"}};
}

std::optional<verdict> wan_down(const situation& s) {
  if (!s.seen.gateway) return std::nullopt;
  const auto& upnp = s.seen.gateway->upnp;
  const bool disconnected =
      upnp.state == service_state::answered && upnp.connection_status && !is_connected(upnp);
  if (!disconnected && !s.says_unspecified) return std::nullopt;
  verdict v{
      verdict_code::gateway_wan_down,
      confidence::unconfirmed,
      "Your router answers and says that it has no connection to the Internet.",
      {},
      {"check the router's Internet connection: its cable or line, and its status page http://" +
           s.router() + "/",
       "when the router is online again, run: natcheck discover"}};
  if (disconnected) {
    v.evidence.push_back("UPnP connection status: " + quoted(*upnp.connection_status));
  }
  if (s.says_unspecified) v.evidence.emplace_back("the router's outside address is 0.0.0.0");
  v.evidence.emplace_back("nothing beyond the router was tested");
  return v;
}

// Result 3 means "no lease from the provider" (RFC 6886 section 3.5), but miniupnpd sends it also
// when its outside address is not a public one.
std::optional<verdict> natpmp_network_failure(const situation& s) {
  if (!s.seen.gateway || s.seen.gateway->nat_pmp.result != natpmp_network_failure_code) return {};
  verdict v;
  v.summary =
      "The router cannot name a public address: it has no Internet connection, or stands behind "
      "another router.";
  v.evidence = {"NAT-PMP result 3 (network failure) means either, and nothing else told which",
                local_line(s), "missing test: somebody outside who says which address is seen"};
  v.advice = {status_page(s), "if it shows none: check the router's cable or line",
              "if it shows a private one (10.x, 172.16-31.x, 192.168.x): the outer router must "
              "forward too, or be put into bridge mode"};
  return v;
}

std::optional<verdict> unfinished_tests(const situation& s) {
  if (!s.seen.gateway) return std::nullopt;
  const auto& gateway = *s.seen.gateway;
  if (!is_open(gateway.nat_pmp) && !is_open(gateway.upnp)) return std::nullopt;
  verdict v;
  v.summary = "The router's outside address is not known: not every test came to an end.";
  v.evidence = {local_line(s)};
  if (is_open(gateway.nat_pmp)) v.evidence.push_back(open_test("NAT-PMP", gateway.nat_pmp));
  if (is_open(gateway.upnp)) v.evidence.push_back(open_test("UPnP", gateway.upnp));
  v.advice = {"natcheck discover --timeout 30", status_page(s)};
  return v;
}

std::optional<verdict> no_service(const situation& s) {
  if (!s.seen.gateway || !is_alive(*s.seen.gateway)) return std::nullopt;
  const auto& gateway = *s.seen.gateway;
  if (!gave_nothing(gateway.nat_pmp) || !gave_nothing(gateway.upnp)) return std::nullopt;
  const bool present = was_refused(gateway) || gateway.neighbor == neighbor_state::reachable;
  return verdict{
      verdict_code::nat_no_mapping_service,
      present ? confidence::likely : confidence::unconfirmed,
      "Your router offers neither NAT-PMP nor UPnP to this machine, so natcheck cannot open a "
      "port on it.",
      {local_line(s)},
      {turn_on_service(s.router()), "or " + forward_example(s.router(), *s.local()),
       fmt::format("then run here: natcheck serve --port {}", example_port)}};
}

std::optional<verdict> nothing_learnt(const situation& s) {
  verdict v;
  v.summary = "What stands between this machine and the Internet could not be found out.";
  v.evidence = {local_line(s), "missing test: the router's outside address"};
  v.advice = {"natcheck discover --timeout 30"};
  if (s.seen.gateway) v.advice.insert(v.advice.begin(), status_page(s));
  return v;
}

}  // namespace natcheck::judging
