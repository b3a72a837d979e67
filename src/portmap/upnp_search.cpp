#include "portmap/upnp_search.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/multicast.hpp>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "net/drive.hpp"
#include "portmap/upnp_http.hpp"
#include "protocols/ssdp/search.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

/// Descriptions fetched at most, of those that say they are a gateway's and of the others alike: a
/// device that names a new one in each answer gains nothing.
constexpr int max_descriptions = 4;

constexpr auto searching = operation_code::searching_by_upnp;

/// True where all its services have names from before UPnP's.
bool is_dsl_forum(const igd_description& description) {
  return std::all_of(description.services.begin(), description.services.end(),
                     [](const wan_service& service) { return portmap::is_dsl_forum(service); });
}

/// How the datagrams of a search left this host.
struct departures {
  net::error_code last_error;
  net::error_code multicast_error;
  bool multicast_left = false;
  bool direct_left = false;
};

/// How a search is sent, and for what.
struct search_plan {
  ssdp::search_config config;
  net::source from;
  sought what = sought::wan_connection;
};

/// Searches for the gateway's description and reads it; fills `evidence` on the way.
class igd_search {
 public:
  igd_search(const gateway_access& access, search_plan plan, upnp_evidence& evidence)
      : access_(access), plan_(std::move(plan)), evidence_(evidence) {}

  awaitable<result<igd_description>> run(net::steady_time deadline);
  /// Of the answer that led to the description.
  std::optional<std::uint32_t> boot_id() const { return boot_id_; }

 private:
  awaitable<std::optional<igd_description>> look_at(const ssdp::search_event& event);
  awaitable<std::optional<igd_description>> look_at_found(const ssdp::found& found);
  std::optional<igd_description> read_page(const ssdp::found& found,
                                           const result<net::http_reply>& page);
  result<igd_description> end_search(net::drive_end end);
  void note_departure(const endpoint& to, const net::error_code& error);

  const gateway_access& access_;
  search_plan plan_;
  upnp_evidence& evidence_;
  std::optional<std::uint32_t> boot_id_;
  std::optional<failure> last_;  ///< why the last answer of the gateway was of no use
  std::optional<igd_description> second_choice_;  ///< of TR-064 alone
  departures departures_;
  std::array<int, 2> descriptions_{};  ///< fetched: of others, of self-declared gateways
};

/// A refused connection is none of UPnP: the router has answered the search.
failure unreadable(const ssdp::http_url& location, failure why) {
  if (why.kind == outcome::refused || why.kind == outcome::reset) why.kind = outcome::malformed;
  why.detail = {cause_code::upnp_description_unreadable, ssdp::to_string(location), why.detail};
  return why;
}

/// Some serve a whole description with another status, and other programs take it. A media server
/// in the router is no broken gateway; only a self-declared one is held to its page.
std::optional<igd_description> igd_search::read_page(const ssdp::found& found,
                                                     const result<net::http_reply>& page) {
  auto description = page ? read_description(found.location, page->body, plan_.what)
                          : result<igd_description>(page.error());
  if (description) return std::move(*description);
  if (!found.announces_gateway && last_) return std::nullopt;
  failure why = description.error();
  if (page && page->status != 200) why.detail = {cause_code::http_status, page->status};
  const bool has_page = page && page->status == 200;
  last_ = has_page ? why : unreadable(found.location, std::move(why));
  return std::nullopt;
}

awaitable<std::optional<igd_description>> igd_search::look_at_found(const ssdp::found& found) {
  spdlog::debug("the router answered the UPnP search after {:.1f} ms: {}", found.rtt.count(),
                ssdp::to_string(found.location));
  if (!evidence_.rtt) evidence_.rtt = found.rtt;
  if (descriptions_[found.announces_gateway ? 1 : 0]++ >= max_descriptions) co_return std::nullopt;
  const auto page = co_await http_get(access_, found.location);
  auto description = read_page(found, page);
  if (!description) co_return std::nullopt;
  if (plan_.what == sought::wan_connection && is_dsl_forum(*description)) {
    // All there is on Huawei's HG531. A FRITZ!Box has it beside the gateway's own description, and
    // answers none of its calls without a password: the search goes on.
    if (!second_choice_) {
      second_choice_ = std::move(*description);
      evidence_.location = ssdp::to_string(found.location);
    }
    co_return std::nullopt;
  }
  evidence_.location = ssdp::to_string(found.location);
  boot_id_ = found.boot_id;
  co_return std::move(*description);
}

awaitable<std::optional<igd_description>> igd_search::look_at(const ssdp::search_event& event) {
  if (const auto* other = std::get_if<ssdp::other_device>(&event)) {
    spdlog::debug("{} answered the UPnP search, but is not the router: ignored",
                  other->from.to_string());
    evidence_.other_responders.push_back(other->from);
    if (access_.on_other_gateway) access_.on_other_gateway(other->from);
  } else if (const auto* rejected = std::get_if<ssdp::rejected>(&event)) {
    last_ = failure{outcome::malformed,
                    searching,
                    {cause_code::upnp_search_answer_unusable, rejected->reason},
                    0};
  } else {
    co_return co_await look_at_found(std::get<ssdp::found>(event));
  }
  co_return std::nullopt;
}

void igd_search::note_departure(const endpoint& to, const net::error_code& error) {
  const bool multicast = to == plan_.config.multicast;
  if (error) {
    departures_.last_error = error;
    if (multicast) departures_.multicast_error = error;
  } else {
    (multicast ? departures_.multicast_left : departures_.direct_left) = true;
  }
  // A host that can send nothing at all has another fault than a blocked multicast.
  const bool blocked = departures_.multicast_error && !departures_.multicast_left;
  evidence_.multicast_error = blocked && departures_.direct_left
                                  ? net::failure_from(searching, departures_.multicast_error).detail
                                  : cause();
}

/// What there is in the end without a gateway of the usual names.
result<igd_description> igd_search::end_search(net::drive_end end) {
  if (second_choice_) return std::move(*second_choice_);
  if (last_) return *last_;
  if (end == net::drive_end::deadline) {
    return failure{outcome::cut_short, searching, cause_code::not_answered_in_time, 0};
  }
  if (departures_.last_error && !departures_.direct_left) {
    return net::failure_from(searching, departures_.last_error);
  }
  const auto tries = evidence_.attempts;
  if (evidence_.multicast_error.empty()) {
    const cause silent{cause_code::upnp_search_unanswered, tries};
    return failure{outcome::timed_out, searching, silent, 0};
  }
  // Some routers answer only what goes to everyone (Eero): there, silence is proven only when
  // that was sent.
  const cause why{cause_code::upnp_search_unanswered_and_alone, tries, evidence_.multicast_error};
  return failure{outcome::denied, searching, why, 0};
}

/// Keeps multicasts on the gateway's link. In IPv6 the destination names the interface.
void prepare_multicast(net::udp::socket& socket, const address& local) {
  namespace multicast = net::asio::ip::multicast;
  net::error_code ignored;
  socket.set_option(multicast::hops(2), ignored);  // UPnP DA 1.1, section 1.3.2
  if (local.is_v4()) socket.set_option(multicast::outbound_interface(local.to_v4()), ignored);
}

awaitable<result<igd_description>> igd_search::run(net::steady_time deadline) {
  const auto executor = co_await net::asio::this_coro::executor;
  auto socket = net::open_udp(executor, plan_.from, searching);
  if (!socket) co_return socket.error();
  prepare_multicast(*socket, plan_.from.local);
  ssdp::search machine(plan_.config, std::chrono::steady_clock::now());
  const auto sent = [this](const endpoint& to, const net::error_code& why) {
    note_departure(to, why);
  };
  for (;;) {
    const auto end = co_await net::drive(*socket, machine, deadline, sent);
    evidence_.attempts = machine.attempts();
    while (const auto event = machine.poll_event()) {
      auto description = co_await look_at(*event);
      if (description) co_return std::move(*description);
    }
    if (end != net::drive_end::event) co_return end_search(end);
  }
}

search_plan plan_for_igd(const gateway_access& access) {
  search_plan plan;
  plan.config.gateway = access.gateway;
  plan.config.multicast = access.ssdp_multicast;
  plan.config.port = access.ssdp_port;
  plan.from = access.from;
  return plan;
}

/// UPnP DA 1.1, annex A.2: the link-local group, on the link of the router.
endpoint ipv6_group(const gateway_access& access) {
  if (access.ssdp_multicast.ip.is_v6()) return access.ssdp_multicast;
  auto group = net::asio::ip::make_address_v6("ff02::c");
  group.scope_id(access.gateway.to_v6().scope_id());
  return {group, access.ssdp_multicast.port};
}

search_plan plan_for_ipv6_firewall(const gateway_access& access, ssdp::audience asked) {
  search_plan plan = plan_for_igd(access);
  plan.config.multicast = ipv6_group(access);
  plan.config.targets = ssdp::ipv6_firewall_targets;
  plan.config.asked = asked;
  plan.config.local = access.from.local;
  // Asked from the link-local address, a router answers from its own: that passes this host's
  // firewall, which lets in what answers a packet that went out.
  plan.from.local = net::asio::ip::address_v6::any();
  plan.what = sought::ipv6_firewall;
  return plan;
}

awaitable<result<ipv6_firewall>> search_ipv6_firewall(const gateway_access& access,
                                                      ssdp::audience asked) {
  upnp_evidence seen;
  igd_search search(access, plan_for_ipv6_firewall(access, asked), seen);
  auto description = co_await search.run(net::steady_time::max());
  if (!description) co_return description.error();
  co_return ipv6_firewall{std::move(*description->ipv6_firewall), search.boot_id()};
}

}  // namespace

awaitable<result<igd_description>> find_igd(const gateway_access& access, upnp_evidence& evidence,
                                            net::steady_time deadline) {
  igd_search search(access, plan_for_igd(access), evidence);
  co_return co_await search.run(deadline);
}

awaitable<result<ipv6_firewall>> find_ipv6_firewall(gateway_access access) {
  auto found = co_await search_ipv6_firewall(access, ssdp::audience::gateway);
  if (found || found.error().kind != outcome::timed_out) co_return found;
  co_return co_await search_ipv6_firewall(access, ssdp::audience::everybody);
}

}  // namespace natcheck::portmap
