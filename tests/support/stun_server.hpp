// A STUN server with two addresses on loopback (RFC 5780), and a NAT in front of it: both behave
// as a test wants them to.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <natcheck/evidence.hpp>
#include <random>
#include <set>
#include <tuple>

#include "support/peers.hpp"

namespace natcheck::support {

inline constexpr const char* nat_ip = "127.0.0.9";  ///< the outer address of the NAT

struct nat_personality {
  nat_behavior mapping = nat_behavior::none;
  nat_behavior filtering = nat_behavior::none;
  bool hairpin = false;
  bool keeps_ports = false;
  std::optional<milliseconds> lifetime = std::nullopt;  ///< of an idle binding
};

/// Translates between the endpoints of clients and those that the world sees. Its mapped endpoints
/// are real sockets, so that hosts inside can knock at them.
class fake_nat {
 public:
  fake_nat(asio::io_context& io, nat_personality personality) : io_(io), is_(personality) {}

  /// A client sends to `to`: as whom the world sees it.
  endpoint outbound(const endpoint& client, const endpoint& to);
  /// Something comes from `from` for a mapped endpoint: the client who gets it, if anybody.
  std::optional<endpoint> inbound(const endpoint& mapped, const endpoint& from) const;

 private:
  struct binding {
    endpoint client, mapped;
    std::set<std::tuple<address, std::uint16_t>> sent_to;
    std::chrono::steady_clock::time_point used;
    std::unique_ptr<udp::socket> socket;  ///< empty where nothing is translated
    std::array<char, 2048> buffer{};
    udp::endpoint from;
  };

  binding& binding_of(const endpoint& client, const endpoint& to);
  void open(binding& made);
  void listen(binding& at);
  void hairpin(binding& at, std::size_t length);

  asio::io_context& io_;
  nat_personality is_;
  std::vector<std::unique_ptr<binding>> bindings_;
  std::map<std::string, binding*> by_key_;
};

class stun_server {
 public:
  struct request {
    endpoint from;  ///< before the NAT
    endpoint to;    ///< which of the server's endpoints
    std::string id;
    unsigned change = 0;
  };

  explicit stun_server(asio::io_context& io, nat_personality nat = {});

  endpoint primary() const { return endpoint_of(0, 0); }
  endpoint other() const { return endpoint_of(1, 1); }
  const std::vector<request>& requests() const { return requests_; }
  bool was_asked_at_other_address_by(const endpoint& client) const;

  // What it does, to be set before it is asked.
  bool silent = false;
  std::optional<std::size_t> silent_after;  ///< so many requests
  milliseconds delay{0};                    ///< before it answers
  unsigned percent_lost = 0;                ///< of the datagrams, each way
  bool names_other = true;                  ///< sends OTHER-ADDRESS
  std::optional<endpoint> other_named;      ///< says this as OTHER-ADDRESS
  std::optional<unsigned> refuses;          ///< refuses everything with this
  unsigned change_error = 0;                ///< refuses CHANGE-REQUEST with this
  bool ignores_change = false;
  bool second_address_is_dead = false;  ///< it announces one, from which nothing comes
  bool ignores_response_port = false;
  std::optional<endpoint> rewritten_mapped;  ///< MAPPED-ADDRESS, as an ALG would change it
  std::optional<address> sees_instead;       ///< names this address, whoever asks
  std::optional<unsigned> passes_a_second;   ///< the NAT lets so few questions out, after five
  std::string garbage_first;                 ///< sent before each answer

 private:
  endpoint endpoint_of(std::size_t ip, std::size_t port) const;
  bool open();
  void receive(std::size_t number);
  void handle(std::size_t number, std::string datagram, endpoint client);
  void answer(const request& asked, std::optional<std::uint16_t> port, std::size_t number);
  std::string compose(const request& asked, const endpoint& mapped, std::size_t from) const;
  bool passes();
  bool lost() { return dice_() % 100 < percent_lost; }

  asio::io_context& io_;
  double allowance_ = 5;
  std::chrono::steady_clock::time_point counted_ = std::chrono::steady_clock::now();
  fake_nat nat_;
  std::array<std::unique_ptr<udp::socket>, 4> sockets_;  ///< A1:P1, A1:P2, A2:P1, A2:P2
  std::array<std::array<char, 2048>, 4> buffers_{};
  std::array<udp::endpoint, 4> from_;
  std::vector<request> requests_;
  std::mt19937 dice_{20240229};
};

}  // namespace natcheck::support
