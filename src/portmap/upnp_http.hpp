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
};

/// GET and POST of one resource. No redirect is followed, no name is resolved, the body may have
/// 256 KiB and the whole exchange 3 s, however slowly the bytes come.
boost::asio::awaitable<result<http_reply>> http_get(const gateway_access& access,
                                                    const ssdp::http_url& url);
boost::asio::awaitable<result<http_reply>> http_post(const gateway_access& access,
                                                     const ssdp::http_url& url, soap_call call);

}  // namespace natcheck::portmap
