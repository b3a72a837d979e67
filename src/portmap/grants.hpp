// What the mappers have in common: which port to ask for, and what to make of another one.
#pragma once

#include <cstdint>
#include <natcheck/error.hpp>
#include <optional>
#include <string>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// The external port to ask for: that of the request, where it names none the internal one. Never
/// 0: UPnP's version 1 takes it for every port, and a MikroTik fails on it.
std::uint16_t first_choice(const mapping_request& request);

/// Why there is no mapping when the gateway granted another port than the one that was insisted on.
/// `given_back`: how the removal of that one went.
failure another_port_granted(natcheck::operation operation, std::uint16_t asked,
                             std::uint16_t granted, const result<void>& given_back);

/// A record of what the request asks for, before there is any answer.
mapping_record record_of(const gateway_access& access, mapping_protocol via,
                         const mapping_request& request);

/// What a gateway says of its external address. Both are empty where it names none.
struct external_address_report {
  std::optional<address> usable;  ///< it may be an external address of this gateway
  cause doubt;                    ///< why what it named cannot be one, a sentence
};

/// Of an IPv4 gateway.
external_address_report judge_external_address(const gateway_access& access,
                                               const std::string& text);

/// Writes it into `entry`.
void set_external_address(external_address_report told, mapping& entry);

/// Why an earlier run's mapping cannot be removed by a protocol that goes by who is asking; empty
/// when this host still has the address that it leads to.
std::optional<failure> out_of_reach(const gateway_access& access, const mapping_record& record);

}  // namespace natcheck::portmap
