#include "support/stun_server.hpp"

#include <fmt/format.h>

#include <boost/asio/steady_timer.hpp>

namespace natcheck::support {
namespace {

constexpr const char* server_ips[] = {"127.0.0.11", "127.0.0.12"};
using time_point = std::chrono::steady_clock::time_point;
using boost::system::error_code;

std::string u16(unsigned value) {
  return {static_cast<char>(value >> 8U & 0xffU), static_cast<char>(value & 0xffU)};
}

unsigned u16_at(const std::string& bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]) * 256U + static_cast<unsigned char>(bytes[at + 1]);
}

std::string attribute(unsigned type, std::string value) {
  std::string bytes = u16(type) + u16(static_cast<unsigned>(value.size())) + value;
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

std::string address_value(const endpoint& value) {
  const std::uint32_t ip = value.ip.to_v4().to_uint();
  return u16(1) + u16(value.port) + u16(ip >> 16U) + u16(ip & 0xffffU);
}

std::string xored(std::string value) {
  const std::string mask = "\x21\x12\x21\x12\xa4\x42";
  for (std::size_t i = 0; i < mask.size(); ++i)
    value[i + 2] = static_cast<char>(value[i + 2] ^ mask[i]);
  return value;
}

/// The value of the attribute, if the request has it.
std::optional<std::string> find(const std::string& request, unsigned type) {
  for (std::size_t at = 20; at + 4 <= request.size();) {
    const std::size_t length = u16_at(request, at + 2);
    if (u16_at(request, at) == type) return request.substr(at + 4, length);
    at += 4 + (length + 3) / 4 * 4;
  }
  return std::nullopt;
}

std::string key_of(nat_behavior mapping, const endpoint& client, const endpoint& to) {
  switch (mapping) {
    case nat_behavior::address_dependent:
      return to_string(client) + " " + to.ip.to_string();
    case nat_behavior::address_and_port_dependent:
      return to_string(client) + " " + to_string(to);
    default:
      return to_string(client);
  }
}

}  // namespace

void fake_nat::open(binding& made) {
  if (is_.mapping == nat_behavior::none) {
    made.mapped = made.client;
    return;
  }
  const auto ip = asio::ip::make_address(nat_ip);
  made.socket = std::make_unique<udp::socket>(io_, udp::v4());
  error_code taken;
  made.socket->bind({ip, is_.keeps_ports ? made.client.port : std::uint16_t{0}}, taken);
  if (taken) made.socket->bind({ip, 0});
  made.mapped = {ip, made.socket->local_endpoint().port()};
  listen(made);
}

fake_nat::binding& fake_nat::binding_of(const endpoint& client, const endpoint& to) {
  binding*& found = by_key_[key_of(is_.mapping, client, to)];
  if (found == nullptr) {
    bindings_.push_back(std::make_unique<binding>());
    found = bindings_.back().get();
    found->client = client;
    open(*found);
  }
  return *found;
}

endpoint fake_nat::outbound(const endpoint& client, const endpoint& to) {
  binding& used = binding_of(client, to);
  used.sent_to.insert({to.ip, to.port});
  used.used = std::chrono::steady_clock::now();
  return used.mapped;
}

std::optional<endpoint> fake_nat::inbound(const endpoint& mapped, const endpoint& from) const {
  for (const auto& each : bindings_) {
    if (each->mapped != mapped) continue;
    const bool expired =
        is_.lifetime && std::chrono::steady_clock::now() - each->used > *is_.lifetime;
    const auto first = each->sent_to.lower_bound({from.ip, 0});
    const bool knows_address = first != each->sent_to.end() && std::get<0>(*first) == from.ip;
    const bool knows_port = each->sent_to.contains({from.ip, from.port});
    const bool passes = is_.filtering == nat_behavior::address_dependent            ? knows_address
                        : is_.filtering == nat_behavior::address_and_port_dependent ? knows_port
                                                                                    : true;
    if (passes && !expired) return each->client;
  }
  return std::nullopt;
}

void fake_nat::listen(binding& at) {
  at.socket->async_receive_from(asio::buffer(at.buffer), at.from,
                                [this, &at](error_code error, std::size_t length) {
                                  if (error) return;
                                  if (is_.hairpin) hairpin(at, length);
                                  listen(at);
                                });
}

void fake_nat::hairpin(binding& at, std::size_t length) {
  const endpoint sender{at.from.address(), at.from.port()};
  const endpoint seen_as = outbound(sender, at.mapped);
  const auto to = inbound(at.mapped, seen_as);
  if (!to) return;
  error_code ignored;
  binding_of(sender, at.mapped)
      .socket->send_to(asio::buffer(at.buffer, length), {to->ip, to->port}, 0, ignored);
}

stun_server::stun_server(asio::io_context& io, nat_personality nat) : io_(io), nat_(io, nat) {
  while (!open()) {
  }
  for (std::size_t i = 0; i < sockets_.size(); ++i) receive(i);
}

/// Both addresses have the same two ports; false when one of them is taken on the second.
bool stun_server::open() {
  std::array<std::uint16_t, 2> ports{};
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    sockets_[i] = std::make_unique<udp::socket>(io_, udp::v4());
    error_code taken;
    sockets_[i]->bind({asio::ip::make_address(server_ips[i / 2]), ports[i % 2]}, taken);
    if (taken) return false;
    ports[i % 2] = sockets_[i]->local_endpoint().port();
  }
  return true;
}

endpoint stun_server::endpoint_of(std::size_t ip, std::size_t port) const {
  const auto bound = sockets_[ip * 2 + port]->local_endpoint();
  return {bound.address(), bound.port()};
}

bool stun_server::was_asked_at_other_address_by(const endpoint& client) const {
  for (const request& each : requests_) {
    if (each.from == client && each.to.ip == other().ip) return true;
  }
  return false;
}

void stun_server::receive(std::size_t number) {
  sockets_[number]->async_receive_from(
      asio::buffer(buffers_[number]), from_[number],
      [this, number](error_code error, std::size_t length) {
        if (error) return;
        std::string datagram(buffers_[number].data(), length);
        const endpoint client{from_[number].address(), from_[number].port()};
        if (delay == 0ms) {
          handle(number, std::move(datagram), client);
        } else {
          const auto timer = std::make_shared<asio::steady_timer>(io_, delay);
          timer->async_wait(
              [=, this, kept = timer](error_code) { handle(number, datagram, client); });
        }
        receive(number);
      });
}

/// As a router's rule with a rate and a burst.
bool stun_server::passes() {
  if (!passes_a_second) return true;
  const auto now = std::chrono::steady_clock::now();
  const std::chrono::duration<double> since = now - counted_;
  allowance_ = std::min(5.0, allowance_ + since.count() * *passes_a_second);
  counted_ = now;
  if (allowance_ < 1) return false;
  allowance_ -= 1;
  return true;
}

void stun_server::handle(std::size_t number, std::string datagram, endpoint client) {
  if (datagram.size() < 20 || !passes()) return;
  request asked{client, endpoint_of(number / 2, number % 2), datagram.substr(8, 12)};
  if (const auto change = find(datagram, 0x0003)) asked.change = u16_at(*change, 2);
  requests_.push_back(asked);
  const auto port = ignores_response_port ? std::nullopt : find(datagram, 0x0027);
  std::size_t from = number;
  if (!ignores_change && (asked.change & 4U) != 0) from ^= 2U;
  if (!ignores_change && (asked.change & 2U) != 0) from ^= 1U;
  const bool dropped = lost();
  const bool dead = second_address_is_dead && from >= 2;
  const bool gone = silent_after && requests_.size() > *silent_after;
  if (silent || dead || gone || dropped) return;
  answer(asked, port ? std::optional(static_cast<std::uint16_t>(u16_at(*port, 0))) : std::nullopt,
         from);
}

void stun_server::answer(const request& asked, std::optional<std::uint16_t> port,
                         std::size_t number) {
  const endpoint mapped = nat_.outbound(asked.from, asked.to);
  const endpoint to{mapped.ip, port.value_or(mapped.port)};
  const bool refused = asked.change != 0 && change_error != 0;
  const std::size_t from = refused ? static_cast<std::size_t>(asked.to.ip == other().ip) * 2 +
                                         (asked.to.port == other().port)
                                   : number;
  const auto client = nat_.inbound(to, endpoint_of(from / 2, from % 2));
  const bool dropped = lost();
  if (!client || dropped) return;
  error_code ignored;
  const udp::endpoint there(client->ip, client->port);
  if (!garbage_first.empty()) {
    sockets_[from]->send_to(asio::buffer(garbage_first), there, 0, ignored);
  }
  sockets_[from]->send_to(asio::buffer(compose(asked, mapped, from)), there, 0, ignored);
}

std::string stun_server::compose(const request& asked, const endpoint& mapped,
                                 std::size_t from) const {
  const unsigned code = refuses.value_or(asked.change != 0 ? change_error : 0);
  const endpoint named{sees_instead.value_or(mapped.ip), mapped.port};
  std::string body;
  if (code != 0) {
    body = attribute(0x0009, u16(0) + u16(code / 100 * 256 + code % 100) + "no");
  } else {
    body = attribute(0x0001, address_value(rewritten_mapped.value_or(named))) +
           attribute(0x0020, xored(address_value(named))) +
           attribute(0x802b, address_value(endpoint_of(from / 2, from % 2)));
    if (names_other) body += attribute(0x802c, address_value(other_named.value_or(other())));
  }
  return u16(code != 0 ? 0x0111 : 0x0101) + u16(static_cast<unsigned>(body.size())) +
         "\x21\x12\xa4\x42" + asked.id + body;
}

}  // namespace natcheck::support
