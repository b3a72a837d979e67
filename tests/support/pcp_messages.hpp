// PCP (RFC 6887) from the server's side: what a request asks for, and answers to it.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <string>

namespace natcheck::support {

/// The fields of a request; those of MAP are 0 where it is none.
struct pcp_request {
  explicit pcp_request(const std::string& bytes);
  int version = 0;
  int operation = 0;  ///< 0 is ANNOUNCE, 1 is MAP
  std::uint32_t lifetime_s = 0;
  address client;
  std::string nonce;
  int protocol = 0;
  std::uint16_t internal_port = 0;
  endpoint external;  ///< as suggested
};

/// What a server says to `request`: the same again as an answer, with this result and lifetime.
std::string pcp_answer(const std::string& request, int result, std::uint32_t lifetime_s = 0,
                       std::uint32_t epoch_s = 1000);
/// The answer to a MAP that grants this.
std::string pcp_grant(const std::string& request, const endpoint& external,
                      std::uint32_t lifetime_s, std::uint32_t epoch_s = 1000);

}  // namespace natcheck::support
