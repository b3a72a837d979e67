#include "support/fake_firewall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace natcheck::support {

fake_firewall::fake_firewall(asio::io_context& io)
    : direct_(io, ip,
              [this](auto& peer, const auto&, const auto& from) {
                if (!silent) answer_search(peer, from);
              }),
      group_(io, ip,
             [this](auto& peer, const auto&, const auto& from) {
               if (answers_group) answer_search(peer, from);
             }),
      http_(io, ip, [this](tcp::socket& socket) { return serve(socket); }) {}

portmap::gateway_access fake_firewall::access() const {
  portmap::gateway_access access;
  access.gateway = asio::ip::make_address(ip);
  access.from.local = access.gateway;
  access.ssdp_port = direct_.port();
  access.ssdp_multicast = {access.gateway, group_.port()};
  return access;
}

int fake_firewall::count(const std::string& action) const {
  return static_cast<int>(std::count(actions.begin(), actions.end(), action));
}

void fake_firewall::restart() {
  table.clear();
  next_id = 1;
  boot_id = "2";
}

void fake_firewall::answer_search(udp_peer& peer, const udp::endpoint& from) {
  const std::string own = fmt::format("http://[{}]:{}/desc", ip, http_.port());
  std::string text = ssdp_answer(location.empty() ? own : location);
  text.insert(text.size() - 2, "BOOTID.UPNP.ORG: " + boot_id + "\r\n");
  peer.send(text, from);
}

asio::awaitable<void> fake_firewall::serve(tcp::socket& socket) {
  std::string request = co_await read_until(socket, "\r\n\r\n");
  const auto body = request.find("\r\n\r\n") + 4;
  const auto length = request.find("Content-Length: ");
  const std::size_t wanted =
      length == std::string::npos ? body : body + std::stoul(request.substr(length + 16));
  if (request.size() < wanted) request += co_await read_bytes(socket, wanted - request.size());
  const http_answer reply = answer(request, request.substr(body));
  co_await write(socket, reply.bytes);
  if (reply.then == http_answer::ending::hang) co_await wait_for_goodbye(socket);
}

http_answer fake_firewall::answer(const std::string& request, const std::string& body) {
  if (request.starts_with("GET /desc ")) {
    return http_page(describe_igd_services(igd_service(service, control)));
  }
  if (!request.starts_with("POST " + control + " ")) return http_page("", "404 Not Found");
  const auto begin = request.find('#') + 1;
  const std::string action = request.substr(begin, request.find('"', begin) - begin);
  actions.push_back(action);
  bodies.push_back(body);
  const auto own = answers.find(action);
  if (own == answers.end()) return act(action, body);
  if (own->second.then == http_answer::ending::hang) act(action, body);
  return own->second;
}

http_answer fake_firewall::act(const std::string& action, const std::string& body) {
  if (action == "GetFirewallStatus") return soap_response(action, status);
  if (action == "AddPinhole") return add(body);
  const auto entry = table.find(std::stoi(element(body, "UniqueID").value_or("0")));
  if (entry == table.end()) return soap_fault(704);
  if (action == "UpdatePinhole") entry->second.lease = element(body, "NewLeaseTime").value_or("");
  if (action == "DeletePinhole") table.erase(entry);
  if (action == "CheckPinholeWorking") return soap_fault(709);
  return soap_response(action, "");
}

http_answer fake_firewall::add(const std::string& body) {
  const auto value = [&](const char* name) { return element(body, name).value_or(""); };
  const pinhole asked{value("InternalClient"), value("InternalPort"), value("Protocol"),
                      value("LeaseTime")};
  const auto answered = [](int id) {
    return soap_response("AddPinhole", fmt::format("<UniqueID>{}</UniqueID>", id));
  };
  for (auto& [id, known] : table) {
    if (std::tie(known.port, known.protocol) != std::tie(asked.port, asked.protocol)) continue;
    known.lease = asked.lease;
    return answered(id);
  }
  if (keeps_pinholes) table[next_id] = asked;
  return answered(next_id++);
}

}  // namespace natcheck::support
