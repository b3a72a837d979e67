// PCP (RFC 6887) and NAT-PMP (RFC 6886): are they there, and a mapping by them.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <natcheck/evidence.hpp>
#include <optional>

#include "portmap/gateway_exchange.hpp"
#include "portmap/port_mapper.hpp"
#include "protocols/lease/epoch.hpp"
#include "protocols/lease/messages.hpp"
#include "protocols/natpmp/codec.hpp"
#include "protocols/pcp/codec.hpp"

namespace natcheck::portmap {

inline constexpr std::array port_control_codecs{&pcp::codec, &natpmp::codec};

/// Asks whether the service is there, which changes nothing. By PCP over IPv4, and over IPv6 where
/// the gateway is a link-local router (with its scope id). Sends at 0, 250 and 750 ms and gives up
/// at 1750 ms.
///
/// `answered` is a success, and by PCP any answer of version 2, with its result: a server that says
/// NOT_AUTHORIZED is there, and ADDRESS_MISMATCH is the most telling answer of all. `refused` is a
/// closed port, a result of NAT-PMP, or a PCP server of another version, which is then `version`.
boost::asio::awaitable<gateway_service_evidence> ask_port_control(gateway_access access,
                                                                  const lease::codec& by,
                                                                  net::steady_time deadline);

/// A refusal's `code` is the protocol's result.
///
/// Over IPv6, where `access.from` is a global address of this host, the mapping is a pinhole: it
/// has the internal port outside too, whatever external port is asked for.
class port_control_mapper final : public port_mapper {
 public:
  port_control_mapper(gateway_access access, const lease::codec& by);

  mapping_protocol protocol() const override { return codec_.via; }
  boost::asio::awaitable<result<void>> find() override;
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  /// Goes by the gateway's epoch: neither protocol can list.
  boost::asio::awaitable<result<mapping_check>> check() override;
  boost::asio::awaitable<result<void>> unmap() override;
  mapping_record record(const mapping_request& request) const override;
  void restore(const mapping_record& record) override;
  std::optional<std::chrono::seconds> refused_for() const override { return refused_for_; }

 private:
  /// What is known of the mapping that was asked for.
  enum class grant_state {
    none,     ///< not asked for, refused, or removed
    pending,  ///< asked for, and the answer was not waited for or is unusable
    silent,   ///< the whole schedule was sent, and no answer came
    granted,
  };

  boost::asio::awaitable<exchange_end> ask(const lease::request& request, operation_code tried,
                                           net::steady_time deadline);
  boost::asio::awaitable<exchange_end> ask_presence();
  std::uint16_t wanted_port(const mapping_request& request) const;
  void prepare(const mapping_request& request);
  void note(const exchange_end& finished);
  failure failed(const exchange_end& finished, grant_state before);
  void accept(const lease::answer& grant);
  boost::asio::awaitable<failure> return_mapping(std::uint16_t wanted);
  boost::asio::awaitable<result<mapping>> describe(mapping_request request);
  boost::asio::awaitable<result<void>> shorten(failure why);

  gateway_access access_;
  const lease::codec& codec_;
  /// What was asked for last. Its nonce is the same for life (RFC 6887 section 11.2.1): with
  /// another one the server takes a renewal or a deletion for a stranger's. Once there is a grant,
  /// `suggested` and the lifetime are the granted ones.
  lease::map asked_;
  grant_state grant_state_ = grant_state::none;
  std::optional<failure> cannot_remove_;  ///< why what was restored cannot be removed
  std::optional<std::chrono::seconds> refused_for_;
  lease::epoch_watch epoch_;
  bool clock_stands_still_ = false;  ///< the gateway's
  bool suspect_ = false;             ///< the mapping may be lost
  cause lost_;  ///< why the gateway has lost its mappings since the last grant; empty: not so
};

}  // namespace natcheck::portmap
