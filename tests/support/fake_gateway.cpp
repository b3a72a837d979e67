#include "support/fake_gateway.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/bytes.hpp"
#include "support/pcp_messages.hpp"

namespace natcheck::support {
namespace {

using asio::awaitable;

constexpr const char* service_type = "urn:schemas-upnp-org:service:WANIPConnection:1";

std::string big_endian(std::uint32_t value, int bytes) {
  std::string text;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    text += static_cast<char>(value >> shift & 0xffU);
  }
  return text;
}

std::string nat_pmp_header(std::uint8_t operation, std::uint16_t result, std::uint32_t epoch_s) {
  return big_endian(0, 1) + big_endian(operation + 128U, 1) + big_endian(result, 2) +
         big_endian(epoch_s, 4);
}

std::string envelope(const std::string& body) {
  return "<?xml version=\"1.0\"?>\r\n<s:Envelope "
         "xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
         "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>" +
         body + "</s:Body></s:Envelope>\r\n";
}

std::string header(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

awaitable<http_request> read_request(tcp::socket& socket) {
  std::string bytes = co_await read_until(socket, "\r\n\r\n");
  const std::string head = bytes.substr(0, bytes.find("\r\n\r\n"));
  http_request request;
  request.line = head.substr(0, head.find("\r\n"));
  request.host = header(head, "Host");
  request.body = bytes.substr(std::min(head.size() + 4, bytes.size()));
  const std::string action = header(head, "SOAPAction");
  if (!action.empty()) {
    request.action = action.substr(action.find('#') + 1, action.size() - action.find('#') - 2);
  }
  const std::string length = header(head, "Content-Length");
  const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
  if (request.body.size() < wanted) {
    request.body += co_await read_bytes(socket, wanted - request.body.size());
  }
  co_return request;
}

awaitable<void> send_answer(tcp::socket& socket, const http_answer& answer) {
  using ending = http_answer::ending;
  if (answer.then == ending::bytewise) {
    co_return co_await write_bytewise(socket, answer.bytes, answer.pause);
  }
  bool sent = co_await write(socket, answer.bytes);
  if (answer.then == ending::hang) co_await wait_for_goodbye(socket);
  if (answer.then == ending::reset) reset(socket);
  while (sent && answer.then == ending::repeat) sent = co_await write(socket, answer.bytes);
}

std::string values_of(const fake_gateway::row& entry) {
  return fmt::format(
      "<NewInternalPort>{}</NewInternalPort><NewInternalClient>{}</NewInternalClient>"
      "<NewEnabled>{}</NewEnabled><NewPortMappingDescription>{}"
      "</NewPortMappingDescription><NewLeaseDuration>{}</NewLeaseDuration>",
      entry.port, entry.client, entry.enabled, entry.description, entry.lease);
}

}  // namespace

http_answer http_page(std::string body, const std::string& status) {
  return {
      fmt::format("HTTP/1.1 {}\r\nContent-Type: text/xml; charset=\"utf-8\"\r\n"
                  "Connection: close\r\nContent-Length: {}\r\n\r\n{}",
                  status, body.size(), body)};
}

http_answer http_page_without_length(const std::string& body) {
  return {"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n" + body};
}

http_answer http_chunked(const std::string& body) {
  const std::size_t half = body.size() / 2;
  return {
      fmt::format("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "{:x}\r\n{}\r\n{:x}\r\n{}\r\n0\r\n\r\n",
                  half, body.substr(0, half), body.size() - half, body.substr(half))};
}

http_answer soap_fault(int code) {
  return http_page(
      envelope(fmt::format("<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError"
                           "</faultstring><detail><UPnPError "
                           "xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>{}</errorCode>"
                           "</UPnPError></detail></s:Fault>",
                           code)),
      "500 Internal Server Error");
}

http_answer soap_response(const std::string& action, const std::string& values) {
  return http_page(envelope(fmt::format("<u:{0}Response xmlns:u=\"{1}\">{2}</u:{0}Response>",
                                        action, service_type, values)));
}

std::string nat_pmp_address(std::uint16_t result, const std::string& ip, std::uint32_t epoch_s) {
  return nat_pmp_header(0, result, epoch_s) +
         big_endian(asio::ip::make_address_v4(ip).to_uint(), 4);
}

std::string nat_pmp_mapping(std::uint8_t operation, std::uint16_t internal_port,
                            std::uint16_t external_port, std::uint32_t lifetime_s,
                            std::uint16_t result, std::uint32_t epoch_s) {
  return nat_pmp_header(operation, result, epoch_s) + big_endian(internal_port, 2) +
         big_endian(external_port, 2) + big_endian(lifetime_s, 4);
}

nat_pmp_request::nat_pmp_request(const std::string& bytes) {
  const std::vector<std::uint8_t> copy(bytes.begin(), bytes.end());
  byte_reader reader(copy);
  reader.u8();
  operation = reader.u8();
  reader.u16();
  internal_port = reader.u16();
  external_port = reader.u16();
  lifetime_s = reader.u32();
}

std::string ssdp_answer(const std::string& location, const std::string& target) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: {0}\r\n"
      "USN: uuid:73a9cb68::{0}\r\nEXT:\r\nSERVER: Test UPnP/1.1\r\n"
      "LOCATION: {1}\r\n\r\n",
      target, location);
}

std::string igd_service(const std::string& type, const std::string& control_url) {
  return fmt::format(
      "<service><serviceType>{}{}</serviceType>"
      "<serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId><SCPDURL>/WANIPCn.xml</SCPDURL>"
      "<controlURL>{}</controlURL><eventSubURL>/evt</eventSubURL></service>",
      type.starts_with("urn:") ? "" : "urn:schemas-upnp-org:service:", type, control_url);
}

std::string describe_igd_services(const std::string& services, const std::string& base) {
  // In the shape of miniupnpd's.
  constexpr auto device_begin = [](const char* type) {
    return fmt::format("<device><deviceType>urn:schemas-upnp-org:device:{}:1</deviceType>", type);
  };
  return "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">" + base +
         device_begin("InternetGatewayDevice") +
         "<friendlyName>Test router</friendlyName><manufacturer>Test makers</manufacturer>"
         "<modelName>T-1000</modelName><deviceList>" +
         device_begin("WANDevice") + "<friendlyName>WANDevice</friendlyName><deviceList>" +
         device_begin("WANConnectionDevice") + "<serviceList>" + services +
         "</serviceList></device></deviceList></device></deviceList></device></root>";
}

std::string describe_igd(const std::string& control_url, const std::string& base) {
  return describe_igd_services(igd_service("WANIPConnection:1", control_url), base);
}

std::string describe_igd_with_ppp(const std::string& control_url) {
  return describe_igd_services(igd_service("WANPPPConnection:1", "/ppp") +
                               igd_service("WANIPConnection:1", control_url));
}

std::optional<std::string> element(const std::string& xml, const std::string& name) {
  const auto begin = xml.find("<" + name + ">");
  const auto end = xml.find("</" + name + ">");
  if (begin == std::string::npos || end == std::string::npos) return std::nullopt;
  const auto text = begin + name.size() + 2;
  return xml.substr(text, end - text);
}

fake_gateway::fake_gateway(asio::io_context& io)
    : closed_port_(closed_udp_port(io, gateway_ip)),
      nat_pmp(io, gateway_ip,
              [this](auto& peer, const auto& request, const auto& from) {
                if (on_nat_pmp) return on_nat_pmp(peer, request, from);
                answer_nat_pmp(request, from);
              }),
      ssdp(io, gateway_ip,
           [this](auto& peer, const auto& request, const auto& from) {
             if (on_search) return on_search(peer, request, from);
             answer_search(request, from);
           }),
      http(io, gateway_ip, [this](tcp::socket& socket) { return serve_http(socket); }) {}

portmap::gateway_access fake_gateway::access() const {
  portmap::gateway_access access;
  access.gateway = asio::ip::make_address(gateway_ip);
  access.from.local = asio::ip::make_address(host_ip);
  access.port_control_port = nat_pmp_closed_ ? closed_port_ : nat_pmp.port();
  access.ssdp_port = ssdp.port();
  access.ssdp_multicast = multicast_.value_or(endpoint{access.gateway, ssdp.port()});
  access.times = times;
  return access;
}

std::uint32_t fake_gateway::epoch_s() const {
  using std::chrono::duration_cast;
  const auto running = std::chrono::steady_clock::now() - started_;
  return first_epoch_s_ +
         static_cast<std::uint32_t>(duration_cast<std::chrono::seconds>(running).count());
}

void fake_gateway::restart() {
  started_ = std::chrono::steady_clock::now();
  first_epoch_s_ = 0;
  table.clear();
  pcp_owners_.clear();
}

std::string fake_gateway::base_url() const {
  return fmt::format("http://{}:{}", gateway_ip, http.port());
}

std::vector<std::string> fake_gateway::actions() const {
  std::vector<std::string> names;
  for (const http_request& request : requests) {
    if (!request.action.empty()) names.push_back(request.action);
  }
  return names;
}

int fake_gateway::count(const std::string& action) const {
  const auto names = actions();
  return static_cast<int>(std::count(names.begin(), names.end(), action));
}

std::vector<nat_pmp_request> fake_gateway::mapping_requests() const {
  std::vector<nat_pmp_request> asked;
  for (const std::string& request : nat_pmp.requests()) {
    if (request.size() == 12) asked.emplace_back(request);
  }
  return asked;
}

void fake_gateway::answer_nat_pmp(const std::string& request, const udp::endpoint& from) {
  // As miniupnpd: both protocols on one port, told apart by their first byte.
  if (request.starts_with('\2')) return answer_pcp(request, from);
  if (request.size() == 2) {
    return nat_pmp.send(nat_pmp_address(0, external_address, epoch_s()), from);
  }
  const nat_pmp_request asked(request);
  nat_pmp.send(nat_pmp_mapping(static_cast<std::uint8_t>(asked.operation), asked.internal_port,
                               asked.external_port, asked.lifetime_s, 0, epoch_s()),
               from);
}

void fake_gateway::answer_pcp(const std::string& request, const udp::endpoint& from) {
  constexpr int not_authorized = 2;
  const pcp_request asked(request);
  if (asked.operation == 0) return nat_pmp.send(pcp_answer(request, 0, 0, epoch_s()), from);
  const std::pair key(asked.protocol, asked.internal_port);
  const auto [owner, fresh] = pcp_owners_.try_emplace(key, asked.nonce);
  if (owner->second != asked.nonce) {
    return nat_pmp.send(pcp_answer(request, not_authorized, 0, epoch_s()), from);
  }
  if (asked.lifetime_s == 0) pcp_owners_.erase(owner);
  const endpoint external{asio::ip::make_address(external_address), asked.external.port};
  nat_pmp.send(pcp_grant(request, external, asked.lifetime_s, epoch_s()), from);
}

void fake_gateway::answer_search(const std::string& request, const udp::endpoint& from) {
  if (request.find("InternetGatewayDevice:1") == std::string::npos) return;
  ssdp.send(ssdp_answer(location.empty() ? base_url() + "/rootDesc.xml" : location), from);
}

awaitable<void> fake_gateway::serve_http(tcp::socket& socket) {
  const http_request request = co_await read_request(socket);
  requests.push_back(request);
  if (on_request) on_request(request);
  co_await send_answer(socket, answer(request));
}

http_answer fake_gateway::answer(const http_request& request) {
  const std::string path = request.line.substr(
      request.line.find(' ') + 1, request.line.rfind(' ') - request.line.find(' ') - 1);
  for (const std::string& key : {path + "#" + request.action, request.action, path}) {
    if (const auto own = answers.find(key); own != answers.end()) return own->second;
  }
  if (!request.action.empty()) return act(request);
  if (path == "/rootDesc.xml") return http_page(description);
  return http_page("<html>404</html>", "404 Not Found");
}

http_answer fake_gateway::act(const http_request& request) {
  const std::string& name = request.action;
  if (name == "GetExternalIPAddress") {
    return soap_response(
        name, fmt::format("<NewExternalIPAddress>{}</NewExternalIPAddress>", external_address));
  }
  if (name == "GetStatusInfo") {
    return soap_response(name, fmt::format("<NewConnectionStatus>{}</NewConnectionStatus>"
                                           "<NewUptime>4711</NewUptime>",
                                           connection_status));
  }
  if (name == "GetFirewallStatus") {
    return soap_response(name, fmt::format("<FirewallEnabled>{:d}</FirewallEnabled>"
                                           "<InboundPinholeAllowed>{:d}</InboundPinholeAllowed>",
                                           firewall_enabled, pinholes_allowed));
  }
  if (name == "GetGenericPortMappingEntry") {
    return list(element(request.body, "NewPortMappingIndex").value_or(""));
  }
  const std::string key = element(request.body, "NewExternalPort").value_or("") + "/" +
                          element(request.body, "NewProtocol").value_or("");
  if (name == "AddPortMapping") return add(key, request.body);
  if (name == "AddAnyPortMapping" && description.find("WANIPConnection:2") != std::string::npos) {
    return add_any(request.body);
  }
  if (name == "GetSpecificPortMappingEntry") return read(key);
  if (name == "DeletePortMapping") {
    return table.erase(key) == 1 ? soap_response(name, "") : soap_fault(714);
  }
  return soap_fault(401);
}

fake_gateway::row fake_gateway::row_from(const std::string& xml) const {
  const auto value = [&](const char* name) { return element(xml, name).value_or(""); };
  return {value("NewInternalClient"), value("NewInternalPort"),
          keeps_description_as.empty() ? value("NewPortMappingDescription") : keeps_description_as,
          value("NewLeaseDuration")};
}

http_answer fake_gateway::add(const std::string& key, const std::string& xml) {
  const row made = row_from(xml);
  const int code = refuses ? refuses(key, made) : 0;
  if (code != 0) return soap_fault(code);
  const auto known = table.find(key);
  if (known != table.end() && known->second.client != made.client) return soap_fault(718);
  if (keeps_entries) table[key] = made;
  return soap_response("AddPortMapping", "");
}

http_answer fake_gateway::add_any(const std::string& xml) {
  const row made = row_from(xml);
  int port = std::stoi(element(xml, "NewExternalPort").value_or("0"));
  const auto key = [&] {
    return fmt::format("{}/{}", port, element(xml, "NewProtocol").value_or(""));
  };
  while (table.contains(key())) ++port;
  const int code = refuses ? refuses(key(), made) : 0;
  if (code != 0) return soap_fault(code);
  if (keeps_entries) table[key()] = made;
  return soap_response("AddAnyPortMapping",
                       fmt::format("<NewReservedPort>{}</NewReservedPort>", port));
}

http_answer fake_gateway::read(const std::string& key) const {
  const auto known = table.find(key);
  if (known == table.end()) return soap_fault(714);
  return soap_response("GetSpecificPortMappingEntry", values_of(known->second));
}

http_answer fake_gateway::list(const std::string& index) const {
  const auto skipped = static_cast<std::size_t>(std::stoul(index));
  if (skipped >= table.size()) return after_last_entry;
  const auto& [key, entry] = *std::next(table.begin(), static_cast<std::ptrdiff_t>(skipped));
  const auto slash = key.find('/');
  return soap_response(
      "GetGenericPortMappingEntry",
      fmt::format("<NewRemoteHost>{}</NewRemoteHost><NewExternalPort>{}</NewExternalPort>"
                  "<NewProtocol>{}</NewProtocol>{}",
                  entry.remote_host, key.substr(0, slash), key.substr(slash + 1),
                  values_of(entry)));
}

trap::trap(asio::io_context& io)
    : peer_(io, trap_ip, [](tcp::socket& socket) { return wait_for_goodbye(socket); }) {}

std::string trap::url(const std::string& path) const {
  return fmt::format("http://{}:{}{}", trap_ip, peer_.port(), path);
}

}  // namespace natcheck::support
