// What was seen, in sentences for people. Text that came from the network is escaped here.
#pragma once

#include <string>
#include <vector>

#include "diagnosis/situation.hpp"

namespace natcheck::judging {

/// Foreign text: quoted, escaped, cut at a length that still identifies it.
std::string quoted(const std::string& foreign);

/// "local address 192.168.1.10 on eth0 is private (RFC 1918)"; only with an IPv4 route.
std::string local_line(const situation& s);

/// "NAT-PMP and UPnP": the names of those that made these claims.
std::string names_of(const std::vector<claim>& claims);

/// One line for each service: answered, refused, silent; and what the kernel knows of the router.
std::vector<std::string> gateway_lines(const situation& s);

}  // namespace natcheck::judging
