#include "portmap/upnp_description.hpp"

#include <fmt/format.h>
#include <miniupnpc/miniupnpc.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <pugixml.hpp>
#include <string_view>

#include "core/text.hpp"

namespace natcheck::portmap {
namespace {

constexpr std::string_view dsl_forum = "urn:dslforum-org:service:";

/// A name without its namespace prefix: devices choose the prefix, or none.
std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);
}

pugi::xml_node child(const pugi::xml_node& parent, std::string_view name) {
  return parent.find_child([&](const pugi::xml_node& node) { return local_name(node) == name; });
}

std::string text_of(const pugi::xml_node& parent, std::string_view name) {
  return child(parent, name).text().get();
}

/// The next node in document order. No recursion: the device chooses how deep it goes.
pugi::xml_node next(pugi::xml_node node) {
  if (node.first_child()) return node.first_child();
  while (node && !node.next_sibling()) node = node.parent();
  return node.next_sibling();
}

pugi::xml_node find_element(const pugi::xml_node& begin, std::string_view name) {
  pugi::xml_node node = begin;
  while (node && local_name(node) != name) node = next(node);
  return node;
}

/// True when the element's end was seen: something came after it, or after what it stands in.
bool is_closed(pugi::xml_node node) {
  while (node && !node.next_sibling()) node = node.parent();
  return !node.empty();
}

bool names_service(std::string_view type, std::string_view name) {
  const auto at = type.rfind(name);
  return at != std::string_view::npos && at != 0 && type[at - 1] == ':' &&
         type.substr(at + name.size()).starts_with(':');
}

bool is_connection(std::string_view type) {
  constexpr std::array<std::string_view, 2> forums{"urn:schemas-upnp-org:service:", dsl_forum};
  return std::any_of(forums.begin(), forums.end(),
                     [&](std::string_view forum) { return type.starts_with(forum); }) &&
         (names_service(type, "WANIPConnection") || names_service(type, "WANPPPConnection"));
}

bool is_ipv6_firewall(std::string_view type) {
  return names_service(type, "WANIPv6FirewallControl");
}

/// `control` made absolute, as miniupnpc does it: what is relative follows the host, not the path.
std::string absolute_url(IGDdatas data, const std::string& location) {
  UPNPUrls urls{};
  GetUPNPUrls(&urls, &data, location.c_str(), 0);
  std::string control = urls.controlURL != nullptr ? urls.controlURL : "";
  FreeUPNPUrls(&urls);
  return control;
}

/// False for what does not fit; miniupnpc's own parser cuts it without a word.
template <std::size_t Size>
bool copy_whole(const std::string& from, char (&to)[Size]) {
  if (from.size() >= Size) return false;
  std::memcpy(to, from.c_str(), from.size() + 1);
  return true;
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
    : location_(location),
      what_(what),
      parsed_(document_.load_buffer(xml.data(), xml.size(),
                                    pugi::parse_default | pugi::parse_trim_pcdata)) {}

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
  IGDdatas data{};
  if (!copy_whole(control, data.first.controlurl)) {
    return fault("its control URL is longer than 127 characters");
  }
  if (!copy_whole(find_element(document_, "URLBase").text().get(), data.urlbase)) {
    return fault("its URLBase is longer than 127 characters");
  }
  const std::string absolute = absolute_url(data, ssdp::to_string(location_));
  auto url = ssdp::check_location(absolute, location_.host);
  if (!url) return fault("its control URL cannot be used: " + escape_bytes(url.error().reason));
  return wan_service{std::move(type), std::move(*url)};
}

void description_reader::take_service(const pugi::xml_node& node, const std::string& type) {
  const pugi::xml_node control = child(node, "controlURL");
  // Where the document is cut, part of a URL would pass for the whole.
  if (!parsed_ && !(is_closed(control) && is_closed(child(node, "serviceType")))) return;
  auto service = make_service(type, control.text().get());
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
  std::size_t seen = 0;
  for (pugi::xml_node node = find_element(document_, "service"); node && seen < max_services;
       node = find_element(next(node), "service")) {
    const std::string type = text_of(node, "serviceType");
    if (!is_connection(type) && !is_ipv6_firewall(type)) continue;
    ++seen;
    take_service(node, type);
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
                        ? "it describes no WAN connection, so it is no Internet gateway"
                        : "it describes no IPv6 firewall that opens when asked";
  if (!parsed_) {
    why +=
        fmt::format(" (its XML is faulty at byte {}: {})", parsed_.offset, parsed_.description());
  }
  return fault(std::move(why));
}

}  // namespace

bool is_dsl_forum(const wan_service& service) { return service.type.starts_with(dsl_forum); }

result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml,
                                         sought what) {
  return description_reader(location, xml, what).read();
}

}  // namespace natcheck::portmap
