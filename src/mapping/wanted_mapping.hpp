// What a gateway is asked for, in view of what others have recorded.
#pragma once

#include <cstdint>
#include <natcheck/error.hpp>
#include <optional>
#include <vector>

#include "mapping/mapping_steps.hpp"

namespace natcheck::mappings {

/// Pure.
class wanted_mapping {
 public:
  explicit wanted_mapping(mapping_options options)
      : options_(std::move(options)), port_(options_.external_port) {}

  const mapping_options& options() const { return options_; }
  const std::optional<mapping_gateway>& gateway() const { return gateway_; }

  void enter(std::optional<mapping_gateway> gateway) { gateway_ = std::move(gateway); }
  void read(journal_view view) { journal_ = std::move(view); }
  /// With `any_port` a port that was granted once is asked for again.
  void granted(std::uint16_t external_port);

  mapping_request request_to(mapping_protocol via) const;

  /// What would be closed by asking is not asked for.
  std::optional<failure> why_not(mapping_protocol via) const;
  /// What `mappings add` made by that protocol, to be renewed. Null: nothing.
  const journal::known_record* added_before(mapping_protocol via) const;
  std::vector<std::uint16_t> ports_of_others(mapping_protocol via) const;
  /// Whether `mappings add` made it, to outlive this program.
  bool has_to_stay(const mapping_key& made) const;

 private:
  mapping_key key_by(mapping_protocol via) const;

  mapping_options options_;
  std::uint16_t port_;
  std::optional<mapping_gateway> gateway_;
  journal_view journal_;
};

}  // namespace natcheck::mappings
