#include <gtest/gtest.h>

#include "protocols/ssdp/codec.hpp"

namespace natcheck::ssdp {
namespace {

// As miniupnpd sends it when it starts.
const std::string miniupnpd_alive =
    "NOTIFY * HTTP/1.1\r\n"
    "HOST: 239.255.255.250:1900\r\n"
    "CACHE-CONTROL: max-age=1800\r\n"
    "LOCATION: http://192.168.1.1:5000/rootDesc.xml\r\n"
    "SERVER: Debian/12 UPnP/1.1 MiniUPnPd/2.3.1\r\n"
    "NT: urn:schemas-upnp-org:service:WANIPConnection:2\r\n"
    "USN: uuid:0d5b01ae::urn:schemas-upnp-org:service:WANIPConnection:2\r\n"
    "NTS: ssdp:alive\r\n"
    "OPT: \"http://schemas.upnp.org/upnp/1/0/\"; ns=01\r\n"
    "01-NLS: 1700000000\r\n"
    "BOOTID.UPNP.ORG: 1700000000\r\n"
    "CONFIGID.UPNP.ORG: 1337\r\n"
    "\r\n";

TEST(Notification, ReadsAllFields) {
  const auto read = parse_notification(miniupnpd_alive);
  ASSERT_TRUE(read) << read.error().reason;
  EXPECT_EQ(read->kind, notice::alive);
  EXPECT_EQ(read->nt, "urn:schemas-upnp-org:service:WANIPConnection:2");
  EXPECT_EQ(read->usn, "uuid:0d5b01ae::urn:schemas-upnp-org:service:WANIPConnection:2");
  EXPECT_EQ(read->location, "http://192.168.1.1:5000/rootDesc.xml");
  EXPECT_EQ(read->boot_id, 1700000000U);
  EXPECT_TRUE(announces_gateway(*read));
}

struct notice_row {
  const char* text;
  notice kind;
  std::optional<std::uint32_t> boot_id;
};

TEST(Notification, ReadsEachKind) {
  const notice_row rows[]{
      {"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n", notice::alive, std::nullopt},
      {"NOTIFY * HTTP/1.0\nnts:SSDP:Alive\nbootid.upnp.org: 7\n\n", notice::alive, 7},
      {"NOTIFY * HTTP/1.1\r\nNTS: ssdp:byebye\r\nBOOTID.UPNP.ORG: 7\r\n\r\n", notice::byebye, 7},
      {"NOTIFY * HTTP/1.1\r\nNTS: ssdp:update\r\nBOOTID.UPNP.ORG: 7\r\n"
       "NEXTBOOTID.UPNP.ORG: 8\r\n\r\n",
       notice::update, 8},
      {"NOTIFY * HTTP/1.1\r\nNTS: ssdp:update\r\nBOOTID.UPNP.ORG: 7\r\n\r\n", notice::update, 7},
      {"NOTIFY * HTTP/1.1\r\nNTS: ssdp:alive\r\nNEXTBOOTID.UPNP.ORG: 8\r\n\r\n", notice::alive,
       std::nullopt},
  };
  for (const auto& row : rows) {
    const auto read = parse_notification(row.text);
    ASSERT_TRUE(read) << row.text << read.error().reason;
    EXPECT_EQ(read->kind, row.kind) << row.text;
    EXPECT_EQ(read->boot_id, row.boot_id) << row.text;
    EXPECT_FALSE(announces_gateway(*read)) << row.text;
  }
}

struct bad_notification_row {
  std::string text;
  std::string_view reason;
};

TEST(Notification, RefusesWithReason) {
  const bad_notification_row rows[]{
      {"", "begins with \"\", not with NOTIFY"},
      {"NOTIFY * HTTP/1.1", "NTS \"\""},
      {"M-SEARCH * HTTP/1.1\r\nNTS: ssdp:alive\r\n\r\n",
       "begins with \"M-SEARCH * HTTP/1.1\", not with NOTIFY"},
      {"HTTP/1.1 200 OK\r\nNTS: ssdp:alive\r\n\r\n",
       "begins with \"HTTP/1.1 200 OK\", not with NOTIFY"},
      {"NOTIFY * HTTP/1.1\r\n\r\n", "NTS \"\""},
      {"NOTIFY * HTTP/1.1\r\nNTS: upnp:propchange\r\n\r\n", "NTS \"upnp:propchange\""},
      {"NOTIFY * HTTP/1.1\r\nNTS: a\x01\r\n\r\nb", "NTS \"a\""},
      {"NOTIFY * HTTP/1.1\r\nNTS: a\x1b[2Jb\r\n", "NTS \"a\\x1b[2Jb\""},
      {"NOTIFY * HTTP/1.1\r\nX: " + std::string(max_datagram, 'x'), "more than 8192 bytes"},
  };
  for (const auto& row : rows) {
    const auto read = parse_notification(row.text);
    ASSERT_FALSE(read) << row.text;
    EXPECT_EQ(read.error().reason, row.reason);
  }
}

TEST(Notification, AsRoutersWriteIt) {
  for (const std::string text :
       {"NOTIFY * HTTP/1.1\nNTS: ssdp:alive\nUSN: a",
        "notify * http/1.1\r\nnts:ssdp:alive\r\nusn:a\r\n",
        "\r\nNOTIFY * HTTP/1.1\r\n\r\nNTS : \"ssdp:alive\"\r\n\r\nUSN:\ta\t\r\n\r\n"}) {
    const auto read = parse_notification(text);
    ASSERT_TRUE(read) << text << read.error().reason;
    EXPECT_EQ(read->kind, notice::alive) << text;
    EXPECT_EQ(read->usn, "a") << text;
  }
}

}  // namespace
}  // namespace natcheck::ssdp
