// HTTP to a gateway that may be slow, broken or hostile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/error.hpp>
#include <string>

#include "net/http.hpp"
#include "portmap/port_mapper.hpp"
#include "protocols/ssdp/url.hpp"

namespace natcheck::portmap {

using net::http_reply;

struct soap_call {
  std::string action;    ///< `"serviceType#Action"`, quoted, as the SOAPAction header wants it
  std::string envelope;  ///< the XML body
  bool changes = false;  ///< adds or removes: many routers reload their firewall, which takes time
};

/// GET and POST of one resource, in `access.times`, however slowly the bytes come. One exchange at
/// a time with each gateway; the others wait, and their time begins with their turn. A connection
/// that ends before any byte of the answer is tried once more. No name is resolved, and the body
/// may have 256 KiB. A GET follows one redirect, to the same host and port only.
boost::asio::awaitable<result<http_reply>> http_get(const gateway_access& access,
                                                    const ssdp::http_url& url);
boost::asio::awaitable<result<http_reply>> http_post(const gateway_access& access,
                                                     const ssdp::http_url& url, soap_call call);

}  // namespace natcheck::portmap
