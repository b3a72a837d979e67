// A UPnP mapper, and the table of the router that it maps on.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "portmap/upnp_mapper.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::portmap {

class UpnpRouter : public ::testing::Test {
 protected:
  using row = support::fake_gateway::row;

  result<mapping> map(mapping_request request = strict) {
    return loop_.await(mapper_.map(request));
  }
  result<mapping_check> check() { return loop_.await(mapper_.check()); }
  result<void> unmap() { return loop_.await(mapper_.unmap()); }

  /// The lease times that were asked for, in order.
  std::vector<std::string> leases() const { return asked("NewLeaseDuration"); }
  /// The external ports that an entry was asked for on, in order.
  std::vector<std::string> ports() const { return asked("NewExternalPort"); }
  std::vector<std::string> asked(const std::string& name) const {
    std::vector<std::string> values;
    for (const support::http_request& request : gateway_.requests) {
      if (request.action != "AddPortMapping" && request.action != "AddAnyPortMapping") continue;
      values.push_back(support::element(request.body, name).value_or(""));
    }
    return values;
  }
  void make_version_2() {
    gateway_.description =
        support::describe_igd_services(support::igd_service("WANIPConnection:2", "/ctl"));
  }
  /// Refuses every entry on this port with `code`.
  void refuse_port(const std::string& which, int code) {
    gateway_.refuses = [=](const std::string& of, const row&) { return of == which ? code : 0; };
  }
  /// The mapper of a later run of this program.
  std::unique_ptr<upnp_mapper> next_run(const mapping_record& record) {
    auto next = std::make_unique<upnp_mapper>(gateway_.access());
    next->restore(record);
    return next;
  }

  /// The key of what `strict` asks for, in the table.
  static constexpr const char* key = "1234/TCP";
  static constexpr mapping_request strict{transport::tcp, 4321, 1234, std::chrono::hours(1), false};
  static constexpr mapping_request any{transport::tcp, 4321, 1234, std::chrono::hours(1), true};
  static row ours() { return {support::host_ip, "4321", "natcheck", "3600"}; }
  static row foreign() { return {"127.0.0.77", "80", "web server", "0"}; }

  support::loop loop_;
  support::fake_gateway gateway_{loop_.context()};
  upnp_mapper mapper_{gateway_.access()};
};

}  // namespace natcheck::portmap
