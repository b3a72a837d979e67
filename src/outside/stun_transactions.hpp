// Binding requests, each a transaction of its own, and which answer belongs to which: the STUN
// client of discover and of the tests of RFC 5780, over whatever socket. No clock and no sockets.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <span>
#include <vector>

#include "net/when_all.hpp"
#include "protocols/stun/codec.hpp"

namespace natcheck::outside {

class stun_transactions {
 public:
  struct answer {
    std::size_t question;  ///< as `begin` numbered it
    endpoint asked, from;
    stun::binding_answer said;
    millis rtt;  ///< since `begin`
  };

  /// Numbers a request to that server, and chooses its id at random.
  std::size_t begin(const endpoint& to, net::steady_time now,
                    stun::change answer_from = stun::change::none,
                    std::optional<std::uint16_t> response_port = {});
  /// What to send. The same again is a retransmission (RFC 8489 section 6.2.1).
  const stun::bytes& request(std::size_t number) const { return questions_[number].request; }

  /// What the message answers. A fault when it answers no question: why it does not answer the one
  /// that was sent there, if one was.
  parsed<answer> judge(const endpoint& from, std::span<const std::uint8_t> message,
                       net::steady_time now) const;

 private:
  struct question {
    stun::transaction_id id;
    stun::bytes request;
    endpoint to;
    net::steady_time sent;
  };

  std::vector<question> questions_;
};

}  // namespace natcheck::outside
