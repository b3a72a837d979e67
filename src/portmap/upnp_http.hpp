// HTTP and SOAP to a gateway that may be slow, broken or hostile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/error.hpp>
#include <string_view>

#include "net/http.hpp"
#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// GET and POST of one resource, in `access.times`, however slowly the bytes come. One exchange at
/// a time with each gateway; the others wait, and their time begins with their turn. A connection
/// that ends before any byte of the answer is tried once more. No name is resolved, and the body
/// may have 256 KiB. A GET follows one redirect, to the same host and port only.
boost::asio::awaitable<result<net::http_reply>> http_get(const gateway_access& access,
                                                         const ssdp::http_url& url);

/// One SOAP call, on a service of the gateway. The references must outlive the awaiting.
boost::asio::awaitable<result<soap_values>> call_service(const gateway_access& access,
                                                         const wan_service& service,
                                                         std::string_view action,
                                                         const soap_arguments& arguments = {});

}  // namespace natcheck::portmap
