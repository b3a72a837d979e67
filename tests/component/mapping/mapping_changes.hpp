// The commands on mappings against a scripted gateway, with a directory of their own for records.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "mapping/commands/list.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::mappings {

using namespace support;
using journal::recorded_by;

inline constexpr const char* other_ip = "127.0.0.9";

class MappingChanges : public ::testing::Test {
 protected:
  MappingChanges() {
    std::string name = (std::filesystem::temp_directory_path() / "natcheck-XXXXXX").string();
    base_ = ::mkdtemp(name.data());
    state_ = base_ / "natcheck";
  }
  ~MappingChanges() override { std::filesystem::remove_all(base_); }

  mappings::workplace place(milliseconds limit = 20s) const {
    const auto access = gateway_.access();
    const surroundings here{{access}, {access.from.local}};
    return {here, access, state_, std::chrono::steady_clock::now() + limit};
  }
  add_report add(std::uint16_t port, mapping_choice via = mapping_choice::upnp) {
    return loop_.await(mappings::add(place(), options_for(port, via)));
  }
  static add_options options_for(std::uint16_t port, mapping_choice via) {
    add_options options;
    options.external_port = port;
    options.internal_port = 4321;
    options.via = via;
    return options;
  }
  removal_report remove(std::uint16_t port) {
    remove_options options;
    options.external_port = port;
    return loop_.await(mappings::remove(place(), options));
  }
  removal_report clean() { return loop_.await(mappings::clean(place())); }

  mapping_record upnp_record(std::uint16_t port) const {
    mapping_record record;
    record.via = mapping_protocol::upnp;
    record.gateway = asio::ip::make_address(gateway_ip);
    record.internal = {asio::ip::make_address(host_ip), 4321};
    record.external_port = port;
    record.lifetime = 1h;
    record.description = "natcheck";
    return record;
  }
  mapping_record record_elsewhere(std::uint16_t port) const {
    auto record = upnp_record(port);
    record.gateway = asio::ip::make_address("192.168.7.1");
    record.interface = "wlan9";
    return record;
  }
  /// What a run leaves that was killed.
  void leave_behind(const mapping_record& record) {
    auto the_journal = journal::mapping_journal::open(state_);
    ASSERT_TRUE(the_journal && the_journal->keep(record));
  }
  void put_row(const std::string& key, const char* client, const char* description = "natcheck") {
    gateway_.table[key] = {client, "4321", description, "3600"};
  }
  std::vector<mapping_record> known(recorded_by owner) const {
    std::vector<mapping_record> records;
    for (const auto& each : journal::read_records(state_, journal::system_now())) {
      if (each.owner == owner) records.push_back(each.record);
    }
    return records;
  }
  static std::vector<removal> outcomes(const removal_report& report) {
    std::vector<removal> all;
    for (const auto& each : report.mappings) all.push_back(each.outcome);
    return all;
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  std::filesystem::path base_;
  std::filesystem::path state_;
};

}  // namespace natcheck::mappings
