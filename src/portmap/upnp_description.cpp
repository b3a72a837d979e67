#include "portmap/upnp_description.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "portmap/xml.hpp"
#include "protocols/http/url.hpp"

namespace natcheck::portmap {
namespace {

constexpr std::string_view dsl_forum = "urn:dslforum-org:service:";

/// Whether `type` is a URN of that name, of any version or none, whatever the case of its letters.
bool names_service(std::string_view type, std::string_view name) {
  const auto version = type.rfind(':');
  const bool numbered = version != std::string_view::npos &&
                        type.find_first_not_of("0123456789.", version + 1) == type.npos;
  const auto without = numbered ? type.substr(0, version) : type;
  return without.size() > name.size() && without[without.size() - name.size() - 1] == ':' &&
         equal_ignoring_case(without.substr(without.size() - name.size()), name);
}

bool begins_with(std::string_view text, std::string_view begin) {
  return equal_ignoring_case(text.substr(0, begin.size()), begin);
}

bool is_connection(std::string_view type) {
  const bool known =
      begins_with(type, "urn:schemas-upnp-org:service:") || begins_with(type, dsl_forum);
  return known &&
         (names_service(type, "WANIPConnection") || names_service(type, "WANPPPConnection"));
}

bool is_ipv6_firewall(std::string_view type) {
  return names_service(type, "WANIPv6FirewallControl");
}

struct device_names {
  std::string type, device, manufacturer, model;
};

/// A service as it is written.
struct service_text {
  std::optional<std::string> type, control;
};

/// What of a document is used. Of an element that is repeated the first one counts.
class description_reader {
 public:
  explicit description_reader(const std::string& xml);

  /// Of the gateway, which need not be the outermost device; else of the first device.
  const device_names& names() const;
  const std::vector<service_text>& services() const { return services_; }
  const std::string& url_base() const { return url_base_; }
  /// Whether the outermost element was closed.
  bool is_whole() const { return is_whole_; }

 private:
  void open(std::string_view name);
  void close(std::string_view name);
  void take(std::string_view name, const std::string& value);
  void take_service();

  std::vector<device_names> devices_;
  std::vector<std::size_t> open_;  ///< devices that are not closed yet
  service_text service_;           ///< that is being read
  std::vector<service_text> services_;
  std::string url_base_;
  bool is_whole_ = false;
};

description_reader::description_reader(const std::string& xml) {
  const auto events = read_xml(xml);
  for (const xml_event& event : events) {
    switch (event.what) {
      case xml_event::kind::opens:
        open(event.name);
        break;
      case xml_event::kind::value:
        take(event.name, event.value);
        break;
      case xml_event::kind::closes:
        close(event.name);
        is_whole_ = is_whole_ || event.name == events.front().name;
    }
  }
}

void description_reader::open(std::string_view name) {
  if (equal_ignoring_case(name, "service")) service_ = {};
  if (!equal_ignoring_case(name, "device")) return;
  open_.push_back(devices_.size());
  devices_.emplace_back();
}

void description_reader::close(std::string_view name) {
  if (equal_ignoring_case(name, "service")) service_ = {};
  if (equal_ignoring_case(name, "device") && !open_.empty()) open_.pop_back();
}

void description_reader::take(std::string_view name, const std::string& value) {
  const auto is = [&](std::string_view known) { return equal_ignoring_case(name, known); };
  const auto keep_first = [&](std::string& field) {
    if (field.empty()) field = value;
  };
  if (is("URLBase")) keep_first(url_base_);
  if (is("serviceType") && !service_.type) service_.type = value;
  if (is("controlURL") && !service_.control) service_.control = value;
  if (service_.type && service_.control) take_service();
  if (open_.empty()) return;
  device_names& device = devices_[open_.back()];
  if (is("deviceType")) keep_first(device.type);
  if (is("friendlyName")) keep_first(device.device);
  if (is("manufacturer")) keep_first(device.manufacturer);
  if (is("modelName")) keep_first(device.model);
}

void description_reader::take_service() {
  const bool is_sought = is_connection(*service_.type) || is_ipv6_firewall(*service_.type);
  if (is_sought && services_.size() < max_services) services_.push_back(service_);
  service_ = {};
}

const device_names& description_reader::names() const {
  static const device_names none;
  const auto gateway = std::ranges::find_if(devices_, [](const device_names& each) {
    return names_service(each.type, "InternetGatewayDevice");
  });
  if (gateway != devices_.end()) return *gateway;
  return devices_.empty() ? none : devices_.front();
}

failure fault(const ssdp::http_url& location, cause why) {
  return {outcome::malformed,
          {operation_code::reading_description, ssdp::to_string(location)},
          std::move(why),
          0};
}

failure nothing_sought(const ssdp::http_url& location, sought what, bool is_whole) {
  const cause why = what == sought::wan_connection ? cause_code::upnp_without_wan_connection
                                                   : cause_code::upnp_without_ipv6_firewall;
  return fault(location, is_whole ? why : cause(cause_code::upnp_description_incomplete, why));
}

}  // namespace

bool is_dsl_forum(const wan_service& service) { return begins_with(service.type, dsl_forum); }

result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml,
                                         sought what) {
  const description_reader read(xml);
  const auto base =
      begins_with(read.url_base(), "http://") ? read.url_base() : ssdp::to_string(location);
  const device_names& names = read.names();
  igd_description described{names.device, names.manufacturer, names.model, {}, {}};
  std::optional<failure> last;
  for (const service_text& service : read.services()) {
    const bool is_wan = is_connection(*service.type);
    auto url = ssdp::check_location(http::absolute_url(*service.control, base), location.host);
    if (url && is_wan) {
      described.services.push_back({*service.type, std::move(*url)});
    } else if (url) {
      described.ipv6_firewall = {*service.type, std::move(*url)};
    } else if (is_wan == (what == sought::wan_connection)) {
      last = fault(location, {cause_code::upnp_control_url_unusable, url.error().reason});
    }
  }
  const bool is_wan_sought = what == sought::wan_connection;
  const bool is_there =
      is_wan_sought ? !described.services.empty() : described.ipv6_firewall.has_value();
  if (is_there) return described;
  return last ? *last : nothing_sought(location, what, read.is_whole());
}

}  // namespace natcheck::portmap
