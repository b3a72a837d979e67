#include "portmap/upnp_description.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>

namespace natcheck::portmap {
namespace upnp_description_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

const ssdp::http_url& location() {
  static const auto url = ssdp::check_location("http://192.168.1.1:5000/rootDesc.xml",
                                               boost::asio::ip::make_address("192.168.1.1"));
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

TEST(Description, OfMiniupnpd) {
  const auto read = read_description(location(), read_file("miniupnpd-2.3.1.xml"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->device, "Debian router") << "the root device's, not an embedded one's";
  EXPECT_EQ(read->manufacturer, "Debian");
  EXPECT_EQ(read->model, "Debian router");
  ASSERT_THAT(read->services, SizeIs(1));
  EXPECT_EQ(read->services[0].type, "urn:schemas-upnp-org:service:WANIPConnection:2");
  EXPECT_EQ(url_of(read->services[0]), "http://192.168.1.1:5000/ctl/IPConn");
  ASSERT_TRUE(read->ipv6_firewall);
  EXPECT_EQ(url_of(*read->ipv6_firewall), "http://192.168.1.1:5000/ctl/IP6FCtl");
}

std::vector<std::string> urls_of(const igd_description& description) {
  std::vector<std::string> urls;
  for (const wan_service& service : description.services) urls.push_back(url_of(service));
  return urls;
}

std::vector<std::string> words_of(const igd_description& description) {
  std::vector<std::string> words;
  for (const wan_service& service : description.services) {
    words.push_back(service.type + " " + url_of(service));
  }
  return words;
}

TEST(Description, OfTwoLines) {
  const auto read = read_description(location(), read_file("two-wans.xml"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->device, "Router & Switch \xc3\xa9 <two lines>");
  EXPECT_EQ(read->manufacturer, "AT&T");
  EXPECT_EQ(read->model, "Router \"OS\"");
  EXPECT_THAT(urls_of(*read), ElementsAre("http://192.168.1.1:2828/upnp/control/ip1?line=1&kind=ip",
                                          "http://192.168.1.1:2828/upnp/control/ip2",
                                          "http://192.168.1.1:2828/upnp/control/ppp2"));
  EXPECT_FALSE(read->ipv6_firewall);
}

// TR-064, the DSL Forum's: the same words, and on most devices every call needs a password.
TEST(Description, OfTheDslForum) {
  const auto read = read_description(location(), read_file("dsl-forum.xml"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_THAT(urls_of(*read), ElementsAre("http://192.168.1.1:5000/ctrlt/WANIPConnection_1",
                                          "http://192.168.1.1:5000/ctrlt/WANPPPConnection_1"));
  for (const wan_service& service : read->services) EXPECT_TRUE(is_dsl_forum(service));
  const auto usual = read_description(location(), describe(service(ip_connection, "/ctl")));
  ASSERT_TRUE(usual);
  EXPECT_FALSE(is_dsl_forum(usual->services[0]));
}

TEST(Description, NestedOddly) {
  const auto read = read_description(location(), read_file("nested-oddly.xml"));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_EQ(read->device, "Gateway") << "not of the media server around it";
  EXPECT_EQ(read->manufacturer, "");
  ASSERT_THAT(read->services, SizeIs(2));
  EXPECT_EQ(read->services[0].type, ppp_connection);
  EXPECT_EQ(url_of(read->services[0]), "http://192.168.1.1:49152/ppp");
  EXPECT_EQ(read->services[1].control.host, location().host) << "entities are not expanded";
}

TEST(Description, OfEveryVersionAndWithNames) {
  for (const std::string type :
       {"urn:schemas-upnp-org:service:WANIPConnection:2", ip_connection, ppp_connection}) {
    const auto read = read_description(location(), describe(service(type, "/ctl")));
    ASSERT_TRUE(read) << type;
    EXPECT_EQ(read->services[0].type, type);
  }
}

TEST(Description, BytesAroundItDoNotMatter) {
  const std::string whole = describe(service(ip_connection, "/ctl"));
  for (const std::string& xml :
       {"\xef\xbb\xbf" + whole, "\r\n  " + whole, whole + std::string(1, '\0'), whole + "</root>",
        whole + "<html>"}) {
    const auto read = read_description(location(), xml);
    EXPECT_TRUE(read) << to_string(read.error());
  }
}

TEST(Description, TheFirstSixteenCount) {
  std::string services;
  for (int i = 0; i < 100; ++i) services += service(ip_connection, fmt::format("/{}", i));
  const auto read = read_description(location(), describe(services));
  ASSERT_TRUE(read);
  ASSERT_THAT(read->services, SizeIs(max_services));
  EXPECT_EQ(read->services.back().control.target, "/15");
}

TEST(Description, AFirewallElsewhereIsLeftAlone) {
  const std::string firewall = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";
  const auto read = read_description(location(), describe(service(ip_connection, "/ctl") +
                                                          service(firewall, "http://10.0.0.9/fw")));
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_FALSE(read->ipv6_firewall);
  EXPECT_FALSE(read_description(location(), describe(service(firewall, "/fw"))));
}

TEST(Description, ReadForItsFirewall) {
  constexpr const char* firewall = "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1";
  const auto read = [](const std::string& services) {
    return read_description(location(), describe(services), sought::ipv6_firewall);
  };
  const auto alone = read(service(firewall, "/fw"));
  ASSERT_TRUE(alone) << to_string(alone.error());
  EXPECT_EQ(url_of(*alone->ipv6_firewall), "http://192.168.1.1:5000/fw");
  EXPECT_THAT(alone->services, SizeIs(0));
  EXPECT_THAT(to_string(read(service(ip_connection, "/ctl")).error().detail),
              HasSubstr("no IPv6 firewall that opens ports on request"));
  const auto elsewhere =
      read(service(ip_connection, "http://10.0.0.9/") + service(firewall, "http://10.0.0.8/fw"));
  EXPECT_THAT(to_string(elsewhere.error().detail), HasSubstr("another host, 10.0.0.8"));
}

TEST(Description, WithTwoConnections) {
  const auto read = read_description(
      location(), describe(service(ppp_connection, "/ppp") + service(ip_connection, "/ip")));
  ASSERT_TRUE(read) << to_string(read.error());
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
      {"<URLBase> http://192.168.1.1:2869 </URLBase>", "/ctl", "http://192.168.1.1:2869/ctl"},
      {"<URLBase>http://192.168.1.1:2869/a/b.xml</URLBase>", "ctl", "http://192.168.1.1:2869/ctl"},
      {"<URLBase>http://router.lan:2869/</URLBase>", "/ctl", "http://router.lan:2869/ctl"},
      {"<URLBase>none</URLBase>", "/ctl", "http://192.168.1.1:5000/ctl"},
      {"<urlbase>/</urlbase>", "/ctl", "http://192.168.1.1:5000/ctl"},
      {"", "http://router.lan:5000/ctl", "http://router.lan:5000/ctl"},
      {"", "HTTP://192.168.1.1:5000/ctl", "http://192.168.1.1:5000/ctl"},
      {"", "?ctl=1", "http://192.168.1.1:5000/?ctl=1"},
      {"", "./ctl", "http://192.168.1.1:5000/./ctl"},
      {"", "../ctl", "http://192.168.1.1:5000/../ctl"},
      {"", "a b", "http://192.168.1.1:5000/a%20b"},
  };
  for (const auto& row : table) {
    const auto read =
        read_description(location(), describe(service(ip_connection, row.control), row.base));
    ASSERT_TRUE(read) << row.base << row.control << ": " << to_string(read.error());
    EXPECT_EQ(url_of(read->services[0]), row.absolute) << row.base << row.control;
  }
}

TEST(Description, AsRoutersWriteIt) {
  const std::string ctl = service(ip_connection, "/ctl");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string xml = describe(ctl);
    for (auto at = xml.find(from); at != xml.npos; at = xml.find(from, at + to.size())) {
      xml.replace(at, from.size(), to);
    }
    return xml;
  };
  const std::string rows[] = {
      with("Box", "Tom & Jerry's <box>"),
      with("Box", "a < b"),
      with("Box", "5 <3 & more <"),
      with("Box", "<b>Box"),
      with("Box", "<![CDATA[<service> & co]]>"),
      with("Box", "<!-- <service> -->"),
      with("Box</friendlyName>", "Box"),
      with("</manufacturer>", ""),
      with("</serviceId>", ""),
      with("<serviceId>id</serviceId>", "<serviceId>"),
      with("</SCPDURL>", ""),
      with("</eventSubURL>", ""),
      with("</service>", ""),
      with("</device>", ""),
      with("</root>", ""),
      with("</root>", "</root></root></foo>"),
      with("</serviceList>", "</b></serviceList>"),
      with("<controlURL>", "<controlURL a=1 b='x\" c>"),
      with("<controlURL>", "<controlURL xmlns:dt=\"urn:x\" dt:dt='string'>"),
      with("<controlURL>/ctl</controlURL>", "<u:controlURL>\r\n  /ctl\t\r\n</u:controlURL>"),
      with("<controlURL>/ctl</controlURL>", "<controlurl>/ctl</controlurl>"),
      with("<controlURL>/ctl</controlURL>", "<CONTROLURL>/ctl</controlUrl>"),
      with("<controlURL>/ctl", "<controlURL><!-- here -->/ct<!-- it --><![CDATA[l]]>"),
      with("<controlURL>/ctl", "<controlURL><![CDATA[ /ctl ]]>"),
      with(ip_connection, std::string("\n ") + ip_connection + " \n"),
      with("<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"utf-16\"?>"),
      with("<?xml version=\"1.0\"?>", "<?xml version=\"1.0\" encoding=\"windows-1252\"?>\xe9"),
      with("<?xml version=\"1.0\"?>", "\r\n\r\n <?xml version='1.0'?>"),
      with("<?xml version=\"1.0\"?>", "garbage <?xml version='1.0'?>"),
      with("<?xml version=\"1.0\"?>", ""),
      with("<root>", "<root xmlns=\"urn:schemas-upnp-org:device-1-0\" configId=1337>"),
      with("<root>", "<!DOCTYPE root [<!ENTITY x \"y\">]><root>"),
      with("service>", "m:service>"),
      with("device>", "DEVICE>"),
      with("Box", std::string("B\0x", 3)),
  };
  for (const std::string& xml : rows) {
    const auto read = read_description(location(), xml);
    ASSERT_TRUE(read) << xml << "\n" << to_string(read.error());
    EXPECT_THAT(words_of(*read),
                ElementsAre(std::string(ip_connection) + " http://192.168.1.1:5000/ctl"))
        << xml;
  }
}

TEST(Description, TypesInAnyCaseAndOfAnyVersion) {
  for (const char* type : {"urn:schemas-upnp-org:service:wanipconnection:1",
                           "URN:SCHEMAS-UPNP-ORG:SERVICE:WANPPPCONNECTION:1",
                           "urn:schemas-upnp-org:service:WANIPConnection:3",
                           "urn:schemas-upnp-org:service:WANIPConnection:1.0",
                           "urn:schemas-upnp-org:service:WANIPConnection:",
                           "urn:schemas-upnp-org:service:WANIPConnection"}) {
    const auto read = read_description(location(), describe(service(type, "/ctl")));
    ASSERT_TRUE(read) << type << to_string(read.error());
    EXPECT_EQ(read->services[0].type, type) << "called as it is named";
  }
  for (const char* type : {"urn:schemas-upnp-org:service:WANIPConnectionX:1",
                           "urn:schemas-upnp-org:service:XWANIPConnection:1", "WANIPConnection:1",
                           "urn:schemas-upnp-org:service:WANCommonInterfaceConfig:1",
                           "urn:schemas-upnp-org:service:WANIPConnection:1:x"}) {
    EXPECT_FALSE(read_description(location(), describe(service(type, "/ctl")))) << type;
  }
  const std::string lower =
      "<device><deviceType>urn:schemas-upnp-org:device:internetgatewaydevice:1"
      "</deviceType><friendlyName>Gate</friendlyName></device>";
  EXPECT_EQ(read_description(location(), describe(service(ip_connection, "/ctl") + lower))->device,
            "Gate");
}

TEST(Description, NeverLeadsElsewhere) {
  struct {
    const char* base;
    const char* control;
    const char* reason;
  } const table[] = {
      {"", "http://10.0.0.9/ctl", "another host, 10.0.0.9"},
      {"", "http://192.168.1.1@10.0.0.9/ctl", "user name"},
      {"", "http://192.168.1.1:0/ctl", "invalid port"},
      {"<URLBase>http://10.0.0.9/</URLBase>", "/ctl", "another host, 10.0.0.9"},
      {"<URLBase>http://10.9/</URLBase>", "/ctl", "not an IP address"},
  };
  for (const auto& row : table) {
    const auto read =
        read_description(location(), describe(service(ip_connection, row.control), row.base));
    ASSERT_FALSE(read) << row.base << row.control;
    EXPECT_EQ(read.error().kind, outcome::malformed);
    EXPECT_THAT(to_string(read.error().detail), HasSubstr(row.reason)) << row.base << row.control;
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

TEST(Description, ControlUrlsMayBeLong) {
  for (const std::size_t length : {127UL, 128UL, 160UL, 1024UL, 2000UL}) {
    const auto path = "/" + std::string(length - 1, 'x');
    const auto read = read_description(location(), describe(service(ip_connection, path)));
    ASSERT_TRUE(read) << length << to_string(read.error());
    EXPECT_EQ(read->services[0].control.target, path);
  }
  const auto path = "/" + std::string(5000, 'x');
  EXPECT_THAT(
      to_string(
          read_description(location(), describe(service(ip_connection, path))).error().detail),
      HasSubstr("longer than 4096 bytes"));
}

TEST(Description, OfSomethingElse) {
  const std::string table[] = {
      "",
      "<html><body>Please log in</body></html>",
      "\x1f\x8b\x08 gzip \xff",
      describe(""),
      describe(service("urn:schemas-upnp-org:service:ContentDirectory:1", "/ctl")),
  };
  for (const std::string& xml : table) {
    const auto read = read_description(location(), xml);
    ASSERT_FALSE(read) << xml;
    EXPECT_EQ(read.error().kind, outcome::malformed);
    EXPECT_THAT(to_string(read.error().detail), HasSubstr("no WAN connection")) << xml;
    EXPECT_THAT(to_string(read.error().operation),
                HasSubstr("http://192.168.1.1:5000/rootDesc.xml"));
  }
}

// What is cut is never taken for the whole: a part of one URL may be another, on another host.
TEST(Description, CutAnywhere) {
  for (const char* name :
       {"miniupnpd-2.3.1.xml", "two-wans.xml", "dsl-forum.xml", "nested-oddly.xml"}) {
    const std::string whole = read_file(name);
    const auto all = read_description(location(), whole);
    ASSERT_TRUE(all) << name;
    std::size_t most = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto read = read_description(location(), whole.substr(0, size));
      if (!read) continue;
      EXPECT_THAT(words_of(*all), IsSupersetOf(words_of(*read))) << name << " " << size;
      most = std::max(most, read->services.size());
    }
    EXPECT_EQ(most, all->services.size()) << name << ": what is complete is used";
  }
}

TEST(Description, CutAnywhereLeadsNowhereElse) {
  const std::string whole = describe(service(ip_connection, "http://192.168.1.100/ctl"),
                                     "<URLBase>http://192.168.1.111/</URLBase>") +
                            service(ppp_connection, "/ppp");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    EXPECT_FALSE(read_description(location(), whole.substr(0, size))) << size;
  }
}

std::string repeated(const std::string& text, std::size_t size) {
  std::string all;
  while (all.size() < size) all += text;
  return all;
}

TEST(Description, JunkOfAMegabyte) {
  constexpr std::size_t megabyte = 1 << 20;
  std::string noise(megabyte, '\0');
  std::uint32_t state = 1;  // a linear congruential generator: the same noise in each run
  for (char& c : noise) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  for (const std::string& xml :
       {noise, "<root>" + noise, repeated("<a>", megabyte), repeated("<service>", megabyte),
        repeated("<device><deviceType>x", megabyte), repeated("&amp;", megabyte),
        repeated("<service><serviceType>x</serviceType></service>", megabyte),
        repeated("<!--", megabyte), repeated("<a b='", megabyte), repeated("</a>", megabyte)}) {
    const auto read = read_description(location(), xml);
    ASSERT_FALSE(read) << xml.substr(0, 40);
    EXPECT_EQ(read.error().kind, outcome::malformed);
    EXPECT_LT(to_string(read.error().detail).size(), 300U) << to_string(read.error().detail);
  }
}

TEST(Description, HoweverDeepItIs) {
  constexpr std::size_t depth = 100'000;
  std::string xml;
  for (std::size_t i = 0; i < depth; ++i) xml += "<device>";
  xml += service(ip_connection, "/ctl");
  for (std::size_t i = 0; i < depth; ++i) xml += "</device>";
  const auto read = read_description(location(), xml);
  ASSERT_TRUE(read) << to_string(read.error());
  EXPECT_THAT(urls_of(*read), ElementsAre("http://192.168.1.1:5000/ctl"));
}

}  // namespace upnp_description_test
}  // namespace natcheck::portmap
