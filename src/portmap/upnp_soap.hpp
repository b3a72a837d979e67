// UPnP descriptions and SOAP as text: pure, no I/O. The XML is read by miniupnpc.
#pragma once

#include <cstdint>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portmap/upnp_http.hpp"
#include "protocols/ssdp/url.hpp"

namespace natcheck::portmap {

/// WANIPConnection or WANPPPConnection of a device.
struct wan_service {
  std::string type;  ///< serviceType
  ssdp::http_url control;
};

struct igd_description {
  std::string device;  ///< friendlyName of the root device
  std::string manufacturer;
  std::string model;                  ///< modelName
  std::vector<wan_service> services;  ///< at least one
};

/// Reads a device description that came from `location`. A control URL on another host than the
/// one that was asked makes it unusable.
result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml);

using soap_arguments = std::vector<std::pair<std::string_view, std::string>>;

/// A call of `action` on `service_type`, values escaped.
soap_call make_call(std::string_view service_type, std::string_view action,
                    const soap_arguments& arguments = {});

/// The values of a SOAP answer by name.
class soap_values {
 public:
  explicit soap_values(std::vector<std::pair<std::string, std::string>> values)
      : values_(std::move(values)) {}
  std::optional<std::string> find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

/// Accepts only a response to `action`. A UPnP fault becomes `refused` with its errorCode, another
/// HTTP status `refused` without one, and anything else (a login page, say) `malformed`.
result<soap_values> read_answer(std::string_view action, const http_reply& reply,
                                std::string operation);

/// What a UPnP errorCode says, in plain words.
std::string describe_upnp_error(int code);

}  // namespace natcheck::portmap
