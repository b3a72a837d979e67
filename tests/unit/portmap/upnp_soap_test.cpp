#include "portmap/upnp_soap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/operations.hpp>

namespace natcheck::portmap {
namespace upnp_soap_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr const char* ip_connection = "urn:schemas-upnp-org:service:WANIPConnection:1";

// --- calls ---------------------------------------------------------------------------------

TEST(Call, IsWordedAsGatewaysExpectIt) {
  const auto envelope = soap_envelope(ip_connection, "DeletePortMapping",
                                      {{"NewRemoteHost", ""}, {"NewExternalPort", "1234"}});
  EXPECT_THAT(envelope, StartsWith("<?xml version=\"1.0\"?>"));
  EXPECT_THAT(envelope, HasSubstr("<u:DeletePortMapping xmlns:u=\"urn:schemas-upnp-org:service:"
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
    const std::string xml = soap_envelope(ip_connection, "Do", {{"NewDescription", value}});
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

result<soap_values> read(const http::response& reply) {
  return read_answer("GetExternalIPAddress", reply, operation_code::connecting);
}

TEST(Answer, GivesItsValues) {
  const auto values = read({200, address_answer});
  ASSERT_TRUE(values) << to_string(values.error());
  EXPECT_EQ(values->find("NewExternalIPAddress"), "5.5.5.5");
  EXPECT_EQ(values->find("NewUptime"), std::nullopt);
}

TEST(Answer, GivesTypedValues) {
  const auto values = read({200,
                            "<e><u:GetExternalIPAddressResponse><N>4711</N><Big>70000</Big>"
                            "<Text>none</Text><Empty></Empty><A>5.5.5.5</A><Yes>1</Yes><No>false"
                            "</No></u:GetExternalIPAddressResponse></e>"});
  ASSERT_TRUE(values);
  EXPECT_EQ(values->find_number<std::uint32_t>("N"), 4711U);
  EXPECT_EQ(values->find_number<std::uint16_t>("Big"), std::nullopt);
  EXPECT_EQ(values->find_address("A"), boost::asio::ip::make_address("5.5.5.5"));
  EXPECT_EQ(values->find_flag("Yes"), true);
  EXPECT_EQ(values->find_flag("No"), false);
  for (const char* name : {"Text", "Empty", "Missing"}) {
    EXPECT_EQ(values->find_number<std::uint16_t>(name), std::nullopt) << name;
    EXPECT_EQ(values->find_address(name), std::nullopt) << name;
    EXPECT_EQ(values->find_flag(name), std::nullopt) << name;
  }
}

TEST(Answer, DecodesEntitiesOnce) {
  const auto values = read({200,
                            "<e><u:GetExternalIPAddressResponse><D>&lt;Tom &amp; &quot;Jerry&quot;"
                            "&gt; &apos;&amp;lt;&#65; & &amp</D></u:GetExternalIPAddressResponse>"
                            "</e>"});
  ASSERT_TRUE(values);
  EXPECT_EQ(values->find("D"), "<Tom & \"Jerry\"> '&lt;A & &amp");
}

TEST(Answer, ValuesAreBounded) {
  const auto values =
      read_answer("Do", {200, "<DoResponse><New>" + std::string(5000, 'x'), {}}, {});
  EXPECT_TRUE(values && !values->find("New")) << "cut off";
  const auto whole =
      read_answer("Do", {200, "<DoResponse><New>" + std::string(5000, 'x') + "</New>", {}}, {});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->find("New"), std::string(256, 'x'));
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
      {500, "<u:errorCode>606</u:errorCode>", 606, "not authorized"},
      // Seen: broken XML (Archer C8), and a code that no standard knows (qBittorrent's issue
      // 12610).
      {500, "<s:Envelope><s:Fault><detail><errorCode>718</error", 718, "already forwarded"},
      {500, "<errorCode>-911</errorCode>", -911, "UPnP does not define (UPnP error -911)"},
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
    EXPECT_THAT(to_string(values.error().detail), HasSubstr(row.detail)) << row.body;
    EXPECT_EQ(to_string(values.error().operation),
              to_string(operation(operation_code::connecting)));
  }
}

TEST(Answer, FaultsInEveryShape) {
  const std::string begin = "<s:Envelope><s:Body><s:Fault><detail><UPnPError>";
  for (const std::string code :
       {"<errorCode>\r\n  725\r\n</errorCode>", "<errorCode xsi:type=\"i4\">725</errorCode>",
        "<m:errorCode>725</m:errorCode>", "<ErrorCode>725</ErrorCode>",
        "<ERRORCODE >725</ERRORCODE >", "<errorCode>725<errorDescription>x</errorDescription>",
        "<errorCode><![CDATA[725]]></errorCode>", "<errorCode>0725</errorCode>",
        "<errorCode>+725</errorCode>",
        "<errorDescription>OnlyPermanentLeasesSupported</errorDescription>",
        "<errorCode/><errorDescription> onlypermanentleasessupported </errorDescription>"}) {
    for (const unsigned status : {200U, 500U, 400U}) {
      const auto values = read({status, begin + code + "</UPnPError>"});
      ASSERT_FALSE(values) << code;
      EXPECT_EQ(values.error().kind, outcome::refused) << code;
      EXPECT_EQ(values.error().code, 725) << code;
    }
  }
}

TEST(Answer, IsKnownUnderManyNames) {
  const std::string value = "<NewExternalIPAddress>\n 5.5.5.5 </NewExternalIPAddress>";
  for (const std::string begin :
       {"<u:GetExternalIPAddressResponse>", "<GetExternalIPAddressResponse>",
        "<m:getexternalipaddressresponse x=\"y\">", "<u:GetExternalIPAddress>",
        "<u:GetExternalIPAddressResult>", "<u:Answer>", ""}) {
    for (const unsigned status : {200U, 202U}) {
      const auto values = read({status, "<e>" + begin + value});
      ASSERT_TRUE(values) << begin;
      EXPECT_EQ(values->find("NewExternalIPAddress"), "5.5.5.5") << begin;
      EXPECT_EQ(values->find("newexternalipaddress"), "5.5.5.5") << begin;
    }
  }
}

TEST(Answer, ThatIsNone) {
  for (const std::string body : {"", "OK", "<html><form action=\"/login\">password</form></html>",
                                 "<u:GetStatusInfoResponse></u:GetStatusInfoResponse>",
                                 "<u:GetStatusInfoResponse><NewUptime>1</NewUptime>"
                                 "</u:GetStatusInfoResponse>"}) {
    const auto values = read({200, body});
    ASSERT_FALSE(values) << body;
    EXPECT_EQ(values.error().kind, outcome::malformed) << body;
    EXPECT_EQ(values.error().code, 0) << body;
    EXPECT_THAT(to_string(values.error().detail),
                HasSubstr(body.empty() ? "is empty" : "not UPnP"));
  }
}

TEST(Answer, TheMeaningOfAnError) {
  const std::pair<int, mapping_refusal> table[]{{402, mapping_refusal::lifetime_rejected},
                                                {501, mapping_refusal::no_reason},
                                                {606, mapping_refusal::not_authorized},
                                                {714, mapping_refusal::other},
                                                {716, mapping_refusal::port_not_allowed},
                                                {718, mapping_refusal::port_conflict},
                                                {724, mapping_refusal::same_port_required},
                                                {725, mapping_refusal::lifetime_rejected},
                                                {728, mapping_refusal::table_full},
                                                {729, mapping_refusal::port_conflict},
                                                {-911, mapping_refusal::other}};
  for (const auto& [code, meaning] : table) EXPECT_EQ(refusal_of(code), meaning) << code;
}

TEST(Answer, EveryErrorHasWords) {
  for (const int code : {401, 402, 501, 606, 713, 714, 716, 718, 724, 725, 728, 729, 12345, -1}) {
    const auto fault = read({500, "<errorCode>" + std::to_string(code) + "</errorCode>"});
    ASSERT_FALSE(fault);
    EXPECT_THAT(to_string(fault.error().detail),
                ::testing::MatchesRegex(".{8,} \\(UPnP error " + std::to_string(code) + "\\)"));
  }
}

}  // namespace upnp_soap_test
}  // namespace natcheck::portmap
