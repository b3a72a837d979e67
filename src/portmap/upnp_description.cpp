#include "portmap/upnp_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <pugixml.hpp>
#include <string_view>
#include <utility>

#include "core/text.hpp"
#include "portmap/xml_repair.hpp"
#include "protocols/http/url.hpp"

namespace natcheck::portmap {
namespace {

constexpr std::string_view dsl_forum = "urn:dslforum-org:service:";

/// A name without its namespace prefix: devices choose the prefix, or none.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

bool is_called(const pugi::xml_node& node, std::string_view name) {
  return equal_ignoring_case(local_name(node), name);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([&](const pugi::xml_node& node) { return is_called(node, name); });
}

/// All of its text, also where comments stand in between.
std::string text_of(const pugi::xml_node& element) {
  std::string text;
  for (const pugi::xml_node& part : element) {
    const auto type = part.type();
    if (type == pugi::node_pcdata || type == pugi::node_cdata) text += part.value();
  }
  return std::string(trimmed(text));
}

std::string text_of(const pugi::xml_node& parent, std::string_view name) {
  return text_of(child(parent, name));
}

/// The next node in document order. No recursion: the device chooses how deep it goes.
pugi::xml_node next(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

pugi::xml_node find_element(const pugi::xml_node& begin, std::string_view name) {
  pugi::xml_node node = begin;
  while (node && !is_called(node, name)) node = next(node);
  return node;
}

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

/// Reads one description.
class description_reader {
 public:
  description_reader(const ssdp::http_url& location, const std::string& xml, sought what);
  result<igd_description> read();

 private:
  void read_names();
  void read_services();
  void take_service(const pugi::xml_node& node, const std::string& type);
  result<wan_service> make_service(std::string type, const std::string& control) const;
  pugi::xml_node find_part(const pugi::xml_node& service, std::string_view name) const;
  failure fault(std::string detail) const;
  bool holds_what_is_sought() const;

  const ssdp::http_url& location_;
  sought what_;
  pugi::xml_document document_;
  pugi::xml_parse_result parsed_;
  igd_description description_;
  std::optional<failure> last_;  ///< why a service that was sought could not be used
};

description_reader::description_reader(const ssdp::http_url& location, const std::string& xml,
                                       sought what)
    : location_(location), what_(what), parsed_(document_.load_buffer(xml.data(), xml.size())) {
  if (parsed_) return;
  const std::string repaired = repair_xml(xml);
  document_.load_buffer(repaired.data(), repaired.size());
}

failure description_reader::fault(std::string detail) const {
  return {outcome::malformed, "reading " + ssdp::to_string(location_) + " (UPnP)",
          std::move(detail)};
}

/// Of the gateway, which need not be the outermost device; else of the first device.
void description_reader::read_names() {
  const pugi::xml_node first = find_element(document_, "device");
  pugi::xml_node device = first;
  while (device && !names_service(text_of(device, "deviceType"), "InternetGatewayDevice")) {
    device = find_element(next(device), "device");
  }
  if (!device) device = first;
  description_.device = text_of(device, "friendlyName");
  description_.manufacturer = text_of(device, "manufacturer");
  description_.model = text_of(device, "modelName");
}

result<wan_service> description_reader::make_service(std::string type,
                                                     const std::string& control) const {
  const std::string given = text_of(find_element(document_, "URLBase"));
  const std::string base = begins_with(given, "http://") ? given : ssdp::to_string(location_);
  auto url = ssdp::check_location(http::absolute_url(control, base), location_.host);
  if (!url) return fault("its control URL is not usable: it " + escape_bytes(url.error().reason));
  return wan_service{std::move(type), std::move(*url)};
}

/// In XML that had to be repaired, an element before it may have had no end.
pugi::xml_node description_reader::find_part(const pugi::xml_node& service,
                                             std::string_view name) const {
  if (parsed_) return child(service, name);
  return service.find_node([&](const pugi::xml_node& node) { return is_called(node, name); });
}

void description_reader::take_service(const pugi::xml_node& node, const std::string& type) {
  const std::string control = text_of(find_part(node, "controlURL"));
  if (!parsed_ && control.empty()) return;  // the document may be cut before it
  auto service = make_service(type, control);
  const sought kind = is_connection(type) ? sought::wan_connection : sought::ipv6_firewall;
  if (!service) {
    if (kind == what_) last_ = service.error();
  } else if (kind == sought::wan_connection) {
    description_.services.push_back(std::move(*service));
  } else {
    description_.ipv6_firewall = std::move(*service);
  }
}

void description_reader::read_services() {
  constexpr std::size_t most = 500;  // a FRITZ!Box describes 60
  std::size_t seen = 0;
  pugi::xml_node node = find_element(document_, "service");
  for (std::size_t i = 0; node && i < most && seen < max_services; ++i) {
    const pugi::xml_node current = std::exchange(node, find_element(next(node), "service"));
    const std::string type = text_of(find_part(current, "serviceType"));
    if (!is_connection(type) && !is_ipv6_firewall(type)) continue;
    ++seen;
    take_service(current, type);
  }
}

bool description_reader::holds_what_is_sought() const {
  if (what_ == sought::wan_connection) return !description_.services.empty();
  return description_.ipv6_firewall.has_value();
}

result<igd_description> description_reader::read() {
  read_services();
  if (holds_what_is_sought()) {
    read_names();
    return std::move(description_);
  }
  if (last_) return *last_;
  std::string why = what_ == sought::wan_connection
                        ? "it describes no WAN connection, so it is not an Internet gateway"
                        : "it describes no IPv6 firewall that opens ports on request";
  if (!parsed_) {
    why +=
        fmt::format(" (its XML is faulty at byte {}: {})", parsed_.offset, parsed_.description());
  }
  return fault(std::move(why));
}

}  // namespace

bool is_dsl_forum(const wan_service& service) { return begins_with(service.type, dsl_forum); }

result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml,
                                         sought what) {
  return description_reader(location, xml, what).read();
}

}  // namespace natcheck::portmap
