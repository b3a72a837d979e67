#include "protocols/ssdp/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/causes.hpp>
#include <utility>

#include "core/canonical.hpp"

namespace natcheck::ssdp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// UDP loses datagrams, and a device may be asleep for the first (UPnP Device Architecture 1.3.2
// advises to send more than once).
constexpr std::array rounds{milliseconds{0}, milliseconds{250}, milliseconds{500}};

constexpr milliseconds grace{100};  // after MX, for the way back

// What a flood of answers may cost. A router with several devices in it answers one search for
// everything with dozens of datagrams, so its datagrams are not limited as tightly as what is kept.
constexpr unsigned max_datagrams = 500;  // read of one responder
constexpr std::size_t max_kept = 50;     // responders; locations and complaints of the gateway

}  // namespace

search::search(search_config config, time_point start)
    : config_(std::move(config)), start_(start), first_sent_(start), last_sent_(start) {
  // It has its place before any stranger can fill the list.
  peers_.push_back({canonical(config_.gateway)});
}

std::size_t search::per_round() const {
  return config_.targets.size() * (config_.asked == audience::both ? 2 : 1);
}

bool search::all_sent() const { return sent_ == rounds.size() * per_round(); }

time_point search::end() const { return last_sent_ + seconds{config_.mx} + grace; }

std::optional<time_point> search::next_timeout() const {
  if (ended_) return std::nullopt;
  return all_sent() ? end() : start_ + rounds[sent_ / per_round()];
}

bool search::finished(time_point now) const { return all_sent() && now >= end(); }

int search::attempts() const { return static_cast<int>((sent_ + per_round() - 1) / per_round()); }

/// Whether the request of that number goes to the gateway alone.
bool search::to_gateway(std::size_t number) const {
  return config_.asked == audience::both ? number % 2 == 0 : config_.asked == audience::gateway;
}

std::optional<transmission> search::poll_transmit(time_point now) {
  ended_ = finished(now);
  if (all_sent() || now < *next_timeout()) return std::nullopt;
  const std::size_t turns = per_round() / config_.targets.size();
  const std::string_view target = config_.targets[sent_ % per_round() / turns];
  const endpoint to =
      to_gateway(sent_) ? endpoint{config_.gateway, config_.port} : config_.multicast;
  if (sent_ == 0) first_sent_ = now;
  last_sent_ = now;
  ++sent_;
  return transmission{to, search_request(target, canonical(to), config_.mx)};
}

std::optional<search_event> search::poll_event() {
  if (events_.empty()) return std::nullopt;
  search_event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

search::peer* search::admit(const address& ip) {
  auto match =
      std::find_if(peers_.begin(), peers_.end(), [&](const peer& known) { return known.ip == ip; });
  if (match == peers_.end()) {
    if (peers_.size() > max_kept) return nullptr;
    match = peers_.insert(peers_.end(), {ip});
  }
  return match->datagrams++ < max_datagrams ? &*match : nullptr;
}

bool search::is_gateway(const address& ip) const {
  if (ip == peers_.front().ip) return true;
  return config_.local && config_.asked == audience::gateway && on_link(ip, *config_.local);
}

void search::handle_packet(time_point now, const endpoint& from, std::string_view datagram) {
  const address ip = canonical(from.ip);
  peer* sender = admit(is_gateway(ip) ? peers_.front().ip : ip);
  if (sender == nullptr) return;
  if (sender == &peers_.front()) {
    handle_gateway(now, datagram);
  } else if (!sender->reported) {
    handle_other(*sender, datagram);
  }
}

void search::handle_gateway(time_point now, std::string_view datagram) {
  auto response = parse_response(datagram);
  if (!response) return reject(response.error().reason);
  auto location = check_location(response->location, config_.gateway, config_.local);
  if (!location) return reject({cause_code::ssdp_location_unusable, location.error().reason});
  const bool announced = announces_gateway(*response);
  if (!is_news(response->location, announced)) return;
  events_.push_back(found{std::move(*location), response->boot_id, now - first_sent_, announced});
}

void search::handle_other(peer& sender, std::string_view datagram) {
  const auto response = parse_response(datagram);
  if (!response || !announces_gateway(*response)) return;
  sender.reported = true;
  events_.push_back(other_device{sender.ip});
}

void search::reject(const cause& reason) {
  const bool is_known = std::ranges::find(reasons_, reason) != reasons_.end();
  if (is_known || reasons_.size() == max_kept) return;
  reasons_.push_back(reason);
  events_.push_back(rejected{reason});
}

bool search::is_news(const std::string& location, bool announced) {
  const auto known = locations_.find(location);
  if (known == locations_.end()) {
    return locations_.size() < max_kept && locations_.emplace(location, announced).second;
  }
  const bool was_announced = std::exchange(known->second, known->second || announced);
  return announced && !was_announced;
}

}  // namespace natcheck::ssdp
