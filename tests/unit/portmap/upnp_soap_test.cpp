#include "portmap/upnp_soap.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace natcheck::portmap {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

const ssdp::http_url& location() {
  static const auto url = ssdp::parse_url("http://192.168.1.1:5000/rootDesc.xml");
  return *url;
}

std::string read_file(const std::string& name) {
  std::ifstream file(std::string(TEST_DATA) + "/upnp/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string service(const std::string& type, const std::string& control) {
  return fmt::format(
      "<service><serviceType>{}</serviceType><serviceId>id</serviceId><SCPDURL>/s</SCPDURL>"
      "<controlURL>{}</controlURL><eventSubURL>/e</eventSubURL></service>",
      type, control);
}

std::string describe(const std::string& services, const std::string& base = "") {
  return fmt::format(
      "<?xml version=\"1.0\"?><root>{}<device><deviceType>d</deviceType><friendlyName>Box"
      "</friendlyName><manufacturer>Maker</manufacturer><modelName>M1</modelName><serviceList>{}"
      "</serviceList></device></root>",
      base, services);
}

constexpr const char* ip_connection = "urn:schemas-upnp-org:service:WANIPConnection:1";
constexpr const char* ppp_connection = "urn:schemas-upnp-org:service:WANPPPConnection:1";

std::string url_of(const wan_service& service) { return ssdp::to_string(service.control); }

// --- descriptions --------------------------------------------------------------------------

TEST(Description, OfMiniupnpd) {
  const auto read = read_description(location(), read_file("miniupnpd-2.3.1.xml"));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->device, "Debian router") << "the root device's, not an embedded one's";
  EXPECT_EQ(read->manufacturer, "Debian");
  EXPECT_EQ(read->model, "Debian router");
  ASSERT_THAT(read->services, SizeIs(1));
  EXPECT_EQ(read->services[0].type, "urn:schemas-upnp-org:service:WANIPConnection:2");
  EXPECT_EQ(url_of(read->services[0]), "http://192.168.1.1:5000/ctl/IPConn");
}

TEST(Description, WithTwoConnections) {
  const auto read = read_description(
      location(), describe(service(ppp_connection, "/ppp") + service(ip_connection, "/ip")));
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_THAT(read->services, SizeIs(2));
  EXPECT_EQ(read->services[0].type, ppp_connection);
  EXPECT_EQ(url_of(read->services[0]), "http://192.168.1.1:5000/ppp");
  EXPECT_EQ(url_of(read->services[1]), "http://192.168.1.1:5000/ip");
}

TEST(Description, ControlUrlsInEveryShape) {
  struct {
    const char* base;
    const char* control;
    const char* absolute;
  } const table[] = {
      {"", "/ctl", "http://192.168.1.1:5000/ctl"},
      {"", "ctl", "http://192.168.1.1:5000/ctl"},
      {"", "http://192.168.1.1:5000/ctl", "http://192.168.1.1:5000/ctl"},
      {"", "http://192.168.1.1:49152/ctl", "http://192.168.1.1:49152/ctl"},
      {"<URLBase></URLBase>", "/ctl", "http://192.168.1.1:5000/ctl"},
      {"<URLBase>http://192.168.1.1:2869/</URLBase>", "/ctl", "http://192.168.1.1:2869/ctl"},
  };
  for (const auto& row : table) {
    const auto read =
        read_description(location(), describe(service(ip_connection, row.control), row.base));
    ASSERT_TRUE(read) << row.base << row.control << ": " << read.error().message();
    EXPECT_EQ(url_of(read->services[0]), row.absolute) << row.base << row.control;
  }
}

TEST(Description, NeverLeadsElsewhere) {
  struct {
    const char* base;
    const char* control;
    const char* reason;
  } const table[] = {
      {"", "http://10.0.0.9/ctl", "another host, 10.0.0.9"},
      {"", "http://router.local/ctl", "no IP address"},
      {"", "http://192.168.1.1@10.0.0.9/ctl", "user name"},
      {"", "http://192.168.1.1:0/ctl", "impossible port"},
      {"<URLBase>http://10.0.0.9/</URLBase>", "/ctl", "another host, 10.0.0.9"},
      {"<URLBase>http://example.org/</URLBase>", "/ctl", "no IP address"},
  };
  for (const auto& row : table) {
    const auto read =
        read_description(location(), describe(service(ip_connection, row.control), row.base));
    ASSERT_FALSE(read) << row.base << row.control;
    EXPECT_EQ(read.error().kind, outcome::malformed);
    EXPECT_THAT(read.error().detail, HasSubstr(row.reason)) << row.base << row.control;
  }
}

TEST(Description, BaseAndPathCannotGrowIntoAnotherHost) {
  for (const char* control : {"@10.0.0.9/ctl", ".example.org/ctl", ":80@10.0.0.9/", "0/ctl"}) {
    const auto read = read_description(
        location(),
        describe(service(ip_connection, control), "<URLBase>http://192.168.1.1</URLBase>"));
    if (!read) continue;
    EXPECT_EQ(read->services[0].control.host, location().host) << control;
  }
}

TEST(Description, OneUsableConnectionIsEnough) {
  const auto read = read_description(
      location(),
      describe(service(ppp_connection, "http://10.0.0.9/ctl") + service(ip_connection, "/ctl")));
  ASSERT_TRUE(read);
  ASSERT_THAT(read->services, SizeIs(1));
  EXPECT_EQ(read->services[0].type, ip_connection);
}

TEST(Description, OverlongControlUrlIsRefusedRatherThanCut) {
  const auto with_length = [](std::size_t length) {
    return read_description(location(),
                            describe(service(ip_connection, "/" + std::string(length - 1, 'x'))));
  };
  EXPECT_TRUE(with_length(126));
  for (const std::size_t length : {127UL, 128UL, 500UL}) {
    const auto read = with_length(length);
    ASSERT_FALSE(read) << length;
    EXPECT_THAT(read.error().detail, HasSubstr("longer than 127"));
  }
}

TEST(Description, OfSomethingElse) {
  const std::string table[] = {
      "",
      "<html><body>Please log in</body></html>",
      "\x1f\x8b\x08 gzip \xff",
      describe(""),
      describe(service("urn:schemas-upnp-org:service:ContentDirectory:1", "/ctl")),
      // TR-064, the DSL Forum's: the same words, but every call needs a password.
      describe(service("urn:dslforum-org:service:WANIPConnection:1", "/ctl")),
  };
  for (const std::string& xml : table) {
    const auto read = read_description(location(), xml);
    ASSERT_FALSE(read) << xml;
    EXPECT_EQ(read.error().kind, outcome::malformed);
    EXPECT_THAT(read.error().detail, HasSubstr("no WAN connection")) << xml;
    EXPECT_THAT(read.error().operation, HasSubstr("http://192.168.1.1:5000/rootDesc.xml"));
  }
}

TEST(Description, CutAnywhere) {
  const std::string whole = read_file("miniupnpd-2.3.1.xml");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_description(location(), whole.substr(0, size));
    if (!read) continue;
    ASSERT_THAT(read->services, SizeIs(1)) << size;
    EXPECT_EQ(read->services[0].control.host, location().host) << size;
    EXPECT_THAT("/ctl/IPConn", StartsWith(read->services[0].control.target)) << size;
  }
}

// --- calls ---------------------------------------------------------------------------------

TEST(Call, IsWordedAsGatewaysExpectIt) {
  const soap_call call = make_call(ip_connection, "DeletePortMapping",
                                   {{"NewRemoteHost", ""}, {"NewExternalPort", "1234"}});
  EXPECT_EQ(call.action, "\"urn:schemas-upnp-org:service:WANIPConnection:1#DeletePortMapping\"");
  EXPECT_THAT(call.envelope, StartsWith("<?xml version=\"1.0\"?>"));
  EXPECT_THAT(call.envelope,
              HasSubstr("<u:DeletePortMapping xmlns:u=\"urn:schemas-upnp-org:service:"
                        "WANIPConnection:1\"><NewRemoteHost></NewRemoteHost>"
                        "<NewExternalPort>1234</NewExternalPort></u:DeletePortMapping>"));
}

std::string unescape_xml(std::string text) {
  const std::pair<std::string, std::string> entities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&amp;", "&"}};
  for (const auto& [entity, character] : entities) {
    for (auto at = text.find(entity); at != std::string::npos; at = text.find(entity, at + 1)) {
      text.replace(at, entity.size(), character);
    }
  }
  return text;
}

TEST(Call, ValuesSurviveEscaping) {
  for (const std::string value :
       {"plain", "a<b>c", "Tom & \"Jerry\"", "</NewDescription><NewEvil>", "&amp;", "&&lt;", ""}) {
    const std::string xml = make_call(ip_connection, "Do", {{"NewDescription", value}}).envelope;
    const auto begin = xml.find("<NewDescription>") + 16;
    const std::string inside = xml.substr(begin, xml.find("</NewDescription></u:Do>") - begin);
    EXPECT_EQ(inside.find_first_of("<>\""), std::string::npos) << inside;
    EXPECT_EQ(unescape_xml(inside), value);
  }
}

// --- answers -------------------------------------------------------------------------------

// Captured from miniupnpd 2.3.1.
constexpr const char* address_answer =
    "<?xml version=\"1.0\"?>\r\n<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body>"
    "<u:GetExternalIPAddressResponse xmlns:u=\"urn:schemas-upnp-org:service:WANIPConnection:1\">"
    "<NewExternalIPAddress>5.5.5.5</NewExternalIPAddress></u:GetExternalIPAddressResponse>"
    "</s:Body></s:Envelope>\r\n";
constexpr const char* fault_answer =
    "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
    "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\"><s:Body><s:Fault>"
    "<faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>"
    "<UPnPError xmlns=\"urn:schemas-upnp-org:control-1-0\"><errorCode>714</errorCode>"
    "<errorDescription>NoSuchEntryInArray</errorDescription></UPnPError></detail></s:Fault>"
    "</s:Body></s:Envelope>";

result<soap_values> read(const http_reply& reply) {
  return read_answer("GetExternalIPAddress", reply, "asking");
}

TEST(Answer, GivesItsValues) {
  const auto values = read({200, address_answer});
  ASSERT_TRUE(values) << values.error().message();
  EXPECT_EQ(values->find("NewExternalIPAddress"), "5.5.5.5");
  EXPECT_EQ(values->find("NewUptime"), std::nullopt);
}

TEST(Answer, EmptyAndMissingAreDifferent) {
  const std::string begin = "<e><u:GetExternalIPAddressResponse>";
  const std::string end = "</u:GetExternalIPAddressResponse></e>";
  const auto empty = read({200, begin + "<NewExternalIPAddress></NewExternalIPAddress>" + end});
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->find("NewExternalIPAddress"), "");
  const auto missing = read({200, begin + end});
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->find("NewExternalIPAddress"), std::nullopt);
}

TEST(Answer, CutAnywhereIsNeverAnotherValue) {
  const std::string whole = address_answer;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto values = read({200, whole.substr(0, size)});
    if (!values) continue;
    const auto address = values->find("NewExternalIPAddress");
    EXPECT_TRUE(!address || address == "5.5.5.5") << size << ": " << *address;
  }
}

TEST(Answer, FaultsCutAnywhereAreRefusals) {
  const std::string whole = fault_answer;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto values = read({500, whole.substr(0, size)});
    ASSERT_FALSE(values) << size;
    EXPECT_EQ(values.error().kind, outcome::refused) << size;
    EXPECT_THAT(std::to_string(values.error().code), ::testing::AnyOf("0", "7", "71", "714"));
  }
}

TEST(Answer, Refusals) {
  struct {
    unsigned status;
    std::string body;
    int code;
    const char* detail;
  } const table[] = {
      {500, fault_answer, 714, "there is no such entry (UPnP error 714)"},
      {500, "<errorCode>501</errorCode>", 501, "(UPnP error 501)"},
      {500, "<u:errorCode>606</u:errorCode>", 606, "does not allow this device"},
      // Seen: broken XML (Archer C8), and a code that no standard knows (qBittorrent's issue
      // 12610).
      {500, "<s:Envelope><s:Fault><detail><errorCode>718</error", 718, "already forwarded"},
      {500, "<errorCode>-911</errorCode>", -911, "the standard does not know (UPnP error -911)"},
      {500, "<errorCode>none</errorCode>", 0, "HTTP 500"},
      {500, "", 0, "HTTP 500"},
      {404, "<html>not found</html>", 0, "HTTP 404"},
      {401, "", 0, "HTTP 401"},
      // A fault under a wrong status is a fault all the same.
      {200, fault_answer, 714, "there is no such entry (UPnP error 714)"},
  };
  for (const auto& row : table) {
    const auto values = read({row.status, row.body});
    ASSERT_FALSE(values) << row.body;
    EXPECT_EQ(values.error().kind, outcome::refused) << row.body;
    EXPECT_EQ(values.error().code, row.code) << row.body;
    EXPECT_THAT(values.error().detail, HasSubstr(row.detail)) << row.body;
    EXPECT_EQ(values.error().operation, "asking");
  }
}

TEST(Answer, ThatIsNone) {
  for (const std::string body : {"", "OK", "<html><form action=\"/login\">password</form></html>",
                                 "<u:GetStatusInfoResponse></u:GetStatusInfoResponse>"}) {
    const auto values = read({200, body});
    ASSERT_FALSE(values) << body;
    EXPECT_EQ(values.error().kind, outcome::malformed) << body;
    EXPECT_EQ(values.error().code, 0) << body;
    EXPECT_THAT(values.error().detail, HasSubstr("no UPnP answer"));
  }
}

TEST(Answer, EveryErrorHasWords) {
  for (const int code : {401, 402, 501, 606, 713, 714, 716, 718, 724, 725, 728, 729, 12345, -1}) {
    EXPECT_THAT(describe_upnp_error(code), ::testing::Not(IsEmpty())) << code;
  }
}

}  // namespace
}  // namespace natcheck::portmap
