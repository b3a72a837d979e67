#include "outside/stun_transactions.hpp"

#include "outside/stun_id.hpp"

namespace natcheck::outside {

std::size_t stun_transactions::begin(const endpoint& to, net::steady_time now,
                                     stun::change answer_from,
                                     std::optional<std::uint16_t> response_port) {
  const stun::binding_request request{new_transaction(), answer_from, response_port};
  questions_.push_back({request.id, stun::encode(request), to, now});
  return questions_.size() - 1;
}

parsed<stun_transactions::answer> stun_transactions::judge(const endpoint& from,
                                                           std::span<const std::uint8_t> message,
                                                           net::steady_time now) const {
  parse_fault fault;
  for (std::size_t i = 0; i < questions_.size(); ++i) {
    const question& asked = questions_[i];
    auto read = stun::parse_answer(message, asked.id);
    if (read) return answer{i, asked.to, from, std::move(*read), now - asked.sent};
    if (asked.to == from) fault = read.error();
  }
  return fault;
}

}  // namespace natcheck::outside
