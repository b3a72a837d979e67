#include <gtest/gtest.h>

#include "protocols/ssdp/codec.hpp"

namespace natcheck::ssdp {
namespace ssdp_codec_test {

using boost::asio::ip::make_address;

// As miniupnpd sends it.
const std::string miniupnpd_answer =
    "HTTP/1.1 200 OK\r\n"
    "CACHE-CONTROL: max-age=120\r\n"
    "ST: urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
    "USN: uuid:0d5b01ae::urn:schemas-upnp-org:device:InternetGatewayDevice:1\r\n"
    "EXT:\r\n"
    "SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
    "LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n"
    "OPT: \"http://schemas.upnp.org/upnp/1/0/\"; ns=01\r\n"
    "01-NLS: 1700000000\r\n"
    "BOOTID.UPNP.ORG: 1700000000\r\n"
    "CONFIGID.UPNP.ORG: 1337\r\n"
    "\r\n";

TEST(SearchRequest, IsAsTheArchitectureSays) {
  EXPECT_EQ(search_request("upnp:rootdevice", {make_address("239.255.255.250"), 1900}, 2),
            "M-SEARCH * HTTP/1.1\r\n"
            "HOST: 239.255.255.250:1900\r\n"
            "MAN: \"ssdp:discover\"\r\n"
            "MX: 2\r\n"
            "ST: upnp:rootdevice\r\n"
            "\r\n");
  EXPECT_NE(search_request("ssdp:all", {make_address("ff02::c"), 1900}, 1)
                .find("HOST: [ff02::c]:1900\r\n"),
            std::string::npos);
}

TEST(SearchResponse, ReadsAllFields) {
  const auto read = parse_response(miniupnpd_answer);
  ASSERT_TRUE(read) << to_string(read.error().reason);
  EXPECT_EQ(read->location, "http://192.168.1.1:5000/rootDesc.xml");
  EXPECT_EQ(read->st, "urn:schemas-upnp-org:device:InternetGatewayDevice:1");
  EXPECT_EQ(read->usn, "uuid:0d5b01ae::urn:schemas-upnp-org:device:InternetGatewayDevice:1");
  EXPECT_EQ(read->boot_id, 1700000000U);
}

TEST(SearchResponse, ToleratesWhatRoutersSend) {
  const std::string rows[]{
      "HTTP/1.1 200 OK\r\nLocation:http://x/\r\nst:a\r\n\r\n",
      "HTTP/1.0 200 OK\r\nlocation :  http://x/ \t\r\nST: a\r\n\r\n",
      "HTTP/1.1 200\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "HTTP/1.1  200 Okay\nLOCATION: http://x/\nST: a\n\n",
      "HTTP/1.1 200 OK\r\nno colon here\r\n:\r\nLOCATION: http://x/\r\nST: a\r\n",
      "HTTP/1.1 200 OK\r\nSERVER:\r\nLOCATION: http://x/\r\nLOCATION: http://y/\r\nST: a\r\n\r\n",
      "http/1.1 200 OK\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "HTTP 200 OK\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "HTTP/2 200 OK\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "HTTP/1.1\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "UPNP/1.0 200 OK\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "HTTP/1.1 404 Not Found\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "NOTIFY * HTTP/1.1\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "\r\n\r\nHTTP/1.1 200 OK\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
      "ST: a\r\nLOCATION: http://x/\r\n",
      "HTTP/1.1 200 OK\r\nST: a\r\nEXT:\r\n\r\nLOCATION: http://x/\r\n\r\n",
      "HTTP/1.1 200 OK\n\nST: a\n\nLOCATION: http://x/",
      "HTTP/1.1 200 OK\rST: a\rLOCATION: http://x/\r",
      "HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: \"http://x/\"\r\n",
      "HTTP/1.1 200 OK\r\nST: \"a\"\r\nLOCATION: 'http://x/'\r\n",
      "HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: <http://x/>\r\n",
      "HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: < http://x/ >; rel=1\r\n",
      "HTTP/1.1 200 OK\r\nST: a\r\n  LOCATION\t:\thttp://x/\t\r\n",
      "HTTP/1.1 200 OK\r\nST: a\r\nlOcAtIoN: http://x/\r\n",
      std::string("HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: http://x/\0", 44),
      std::string("HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: http://x/\0\x17\xff", 46),
      std::string("HTTP/1.1 200 OK\r\nST: a\r\nLOCATION: http://x/\r\n\r\n\0\0", 50),
      "HTTP/1.1 200 OK\r\nBOOTID.UPNP.ORG: soon\r\nLOCATION: http://x/\r\nST: a\r\n\r\n",
  };
  for (const auto& text : rows) {
    const auto read = parse_response(text);
    ASSERT_TRUE(read) << text << to_string(read.error().reason);
    EXPECT_EQ(read->location, "http://x/") << text;
    EXPECT_EQ(read->st, "a") << text;
    EXPECT_EQ(read->boot_id, std::nullopt) << text;
  }
}

struct bad_response_row {
  std::string text;
  std::string_view reason;
};

TEST(SearchResponse, RefusesWithReason) {
  const bad_response_row rows[]{
      {"", "begins with \"\" instead of an HTTP status"},
      {"NOTIFY * HTTP/1.1\r\n", "a NOTIFY announcement, not an answer to a search"},
      {"M-SEARCH * HTTP/1.1\r\n", "begins with \"M-SEARCH * HTTP/1.1\" instead of an HTTP status"},
      {"\x16\x03\n", "begins with \"\\x16\\x03\" instead of an HTTP status"},
      {"HTTP/1.1 404 Not Found\r\n", "HTTP status \"404\""},
      {"HTTP/1.1 2000 OK\r\n", "HTTP status \"2000\""},
      {"HTTP/1.1\r\n", "HTTP status \"\""},
      {"HTTP/1.1 200 OK\r\nST: a\r\n\r\n", "no LOCATION"},
      {"HTTP/1.1 200 OK\r\nLOCATION: \r\n\r\n", "no LOCATION"},
      {"HTTP/1.1 200 OK\r\nLOCATION: \"\"\r\n\r\n", "no LOCATION"},
      {"HTTP/1.1 200 OK\r\nLOCATION: <>\r\n\r\n", "no LOCATION"},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(max_datagram, 'x'), "more than 8192 bytes"},
  };
  for (const auto& row : rows) {
    const auto read = parse_response(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_EQ(to_string(read.error().reason), row.reason);
  }
}

// A datagram is never cut on its way: what it ends with is the end of the last line.
TEST(SearchResponse, NeedsNoEndOfItsLastLine) {
  const auto location = miniupnpd_answer.find("LOCATION: ") + 10;
  for (std::size_t size = 0; size <= miniupnpd_answer.size(); ++size) {
    const auto read = parse_response(std::string_view(miniupnpd_answer).substr(0, size));
    ASSERT_EQ(read.has_value(), size > location) << size << " bytes";
    const std::string_view whole = "http://192.168.1.1:5000/rootDesc.xml";
    if (!read) continue;
    EXPECT_EQ(read->location, whole.substr(0, size - location));
  }
}

TEST(AnnouncesGateway, BySearchTargetOrServiceName) {
  const auto announced = [](std::string st, std::string usn) {
    return announces_gateway({"http://x/", std::move(st), std::move(usn), {}});
  };
  EXPECT_TRUE(announced("urn:schemas-upnp-org:device:InternetGatewayDevice:2", ""));
  EXPECT_TRUE(announced("", "uuid:1::urn:dslforum-org:service:WANPPPConnection:1"));
  EXPECT_TRUE(announced("urn:schemas-upnp-org:service:WANIPConnection:1", ""));
  EXPECT_TRUE(announced("urn:schemas-upnp-org:device:internetgatewaydevice:1", ""));
  EXPECT_FALSE(announced("upnp:rootdevice", "uuid:1::upnp:rootdevice"));
  EXPECT_FALSE(announced("urn:schemas-wifialliance-org:device:WFADevice:1", "uuid:2"));
}

}  // namespace ssdp_codec_test
}  // namespace natcheck::ssdp
