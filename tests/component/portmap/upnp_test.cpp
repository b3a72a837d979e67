#include "portmap/upnp.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace upnp_test {

using namespace support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ending = http_answer::ending;

class Upnp : public ::testing::Test {
 protected:
  upnp_evidence ask(milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(ask_upnp(gateway_.access(), deadline));
  }
  void TearDown() override { EXPECT_EQ(trap_.visits(), 0) << "a foreign host was asked"; }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  trap trap_{loop_.context()};
};

TEST_F(Upnp, Answers) {
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered);
  EXPECT_EQ(to_string(evidence.detail), "");
  EXPECT_EQ(evidence.device, "Test router");
  EXPECT_EQ(evidence.manufacturer, "Test makers");
  EXPECT_EQ(evidence.model, "T-1000");
  EXPECT_EQ(evidence.location, gateway_.base_url() + "/rootDesc.xml");
  EXPECT_EQ(evidence.service, "urn:schemas-upnp-org:service:WANIPConnection:1");
  EXPECT_EQ(evidence.connection_status, "Connected");
  EXPECT_EQ(evidence.uptime_s, 4711U);
  EXPECT_EQ(evidence.external_address_text, "5.5.5.5");
  EXPECT_EQ(evidence.external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_EQ(evidence.result, std::nullopt);
  EXPECT_EQ(evidence.attempts, 1);
  EXPECT_TRUE(evidence.rtt);
  EXPECT_EQ(evidence.wan_connections, 1U);
  EXPECT_EQ(to_string(evidence.multicast_error), "");
  EXPECT_THAT(evidence.other_responders, IsEmpty());
}

TEST_F(Upnp, AsksForNothingThatChangesAnything) {
  ask();
  EXPECT_THAT(gateway_.actions(), ElementsAre("GetStatusInfo", "GetExternalIPAddress"));
  for (const http_request& request : gateway_.requests) {
    EXPECT_EQ("http://" + request.host, gateway_.base_url()) << "numeric, with the port";
  }
}

TEST_F(Upnp, SilenceIsTheWholeSchedule) {
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const stopwatch watch;
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::silent);
  EXPECT_EQ(to_string(evidence.detail), "no answer to 3 searches in 1600 ms");
  EXPECT_EQ(evidence.attempts, 3);
  EXPECT_GE(watch.elapsed(), 1600ms);
  EXPECT_THAT(gateway_.ssdp.requests(), SizeIs(3 * 9 * 2)) << "each target, to both addresses";
}

TEST_F(Upnp, DeadlineIsNoSilence) {
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const auto evidence = ask(300ms);
  EXPECT_EQ(evidence.state, service_state::not_tried);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("timed out before"));
}

// Each of these takes as long as the search, 2 s at least: they are asked at the same time.
struct broken_description {
  const char* what;
  http_answer answer;
  service_state state;
  const char* detail;
};

std::vector<broken_description> broken_descriptions(const std::string& trap_url) {
  const std::string redirect =
      "HTTP/1.1 302 Found\r\nLocation: " + trap_url + "\r\nContent-Length: 0\r\n\r\n";
  const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n<root><device>";
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(60'000, 'x');
  std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 60'000; ++i) chunks += "1\r\nx\r\n";
  const std::string circle =
      "HTTP/1.1 301 Moved\r\nLocation: /rootDesc.xml\r\nContent-Length: 0\r\n\r\n";
  const auto malformed = service_state::malformed;
  return {
      {"not found", http_page("<html/>", "404 Not Found"), malformed,
       "it answered the search, but its description"},
      {"not found, in words", http_page("<html/>", "404 Not Found"), malformed, "HTTP 404"},
      {"error", http_page("", "500 Internal Server Error"), malformed, "HTTP 500"},
      {"redirect", {redirect}, malformed, "HTTP 302"},
      {"empty", http_page(""), malformed, "no WAN connection"},
      {"login page", http_page("<html><form/></html>"), malformed, "no WAN connection"},
      {"compressed", http_page("\x1f\x8b\x08\x03\xff\xfe"), malformed, "no WAN connection"},
      {"closed", {""}, malformed, "without answering"},
      {"reset", {"", ending::reset}, malformed, "reset"},
      {"no HTTP", {"SSH-2.0-dropbear\r\n"}, malformed, "not HTTP"},
      {"cut", {begin}, malformed, "no WAN connection"},
      {"silent", {"", ending::hang}, malformed, "timed out after 3 s while waiting"},
      {"hanging", {begin, ending::hang}, malformed, "timed out after 3 s while waiting"},
      {"endless", {endless, ending::repeat}, malformed, "exceeds 256 KiB"},
      {"endless header",
       {"HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x'), ending::repeat},
       malformed,
       "exceeds"},
      {"endless chunks", {chunks, ending::repeat}, malformed, "exceeds 256 KiB"},
      {"interim answers without end",
       {"HTTP/1.1 100 Continue\r\n\r\n", ending::repeat},
       malformed,
       "exceeds 32 KiB"},
      {"redirect to itself", {circle}, malformed, "HTTP 301"},
      {"announced too long",
       {"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n"},
       malformed,
       "no WAN connection"},
      {"dripping",
       {begin + std::string(1000, 'x'), ending::bytewise, 100ms},
       malformed,
       "timed out after 3 s while waiting"},
      {"control URL on another host", http_page(describe_igd(trap_url)), malformed,
       "names another host, 127.0.0.4"},
      {"base on another host",
       http_page(describe_igd("/ctl", "<URLBase>" + trap_url + "</URLBase>")), malformed,
       "names another host, 127.0.0.4"},
  };
}

TEST_F(Upnp, BrokenDescriptions) {
  const auto table = broken_descriptions(trap_.url("/"));
  std::vector<std::unique_ptr<fake_gateway>> gateways;
  std::vector<asio::awaitable<upnp_evidence>> asking;
  for (const broken_description& row : table) {
    gateways.push_back(std::make_unique<fake_gateway>(loop_.context()));
    gateways.back()->answers["/rootDesc.xml"] = row.answer;
    asking.push_back(ask_upnp(gateways.back()->access(), std::chrono::steady_clock::now() + 60s));
  }
  const auto seen = loop_.await_all(std::move(asking));
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(seen[i].state, table[i].state) << table[i].what << ": " << to_string(seen[i].detail);
    EXPECT_THAT(to_string(seen[i].detail), HasSubstr(table[i].detail)) << table[i].what;
    EXPECT_THAT(gateways[i]->actions(), IsEmpty()) << table[i].what;
    EXPECT_LE(gateways[i]->requests.size(), 2U) << table[i].what << ": asked again and again";
  }
}

TEST_F(Upnp, ReadsDescriptionsHoweverTheyAreSent) {
  const http_answer table[] = {
      http_page(gateway_.description),
      http_page_without_length(gateway_.description),
      http_chunked(gateway_.description),
      {http_page(gateway_.description).bytes, ending::bytewise, 0ms},
      // Seen: an announced length that is too long.
      {"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n" + gateway_.description}};
  for (const http_answer& answer : table) {
    gateway_.answers["/rootDesc.xml"] = answer;
    EXPECT_EQ(ask().state, service_state::answered) << answer.bytes.substr(0, 60);
  }
}

TEST_F(Upnp, OneRedirectOnTheSameHostIsFollowed) {
  gateway_.answers["/moved.xml"] = http_page(gateway_.description);
  const std::string absolute = gateway_.base_url() + "/moved.xml";
  for (const std::string& location :
       {std::string("/moved.xml"), std::string("moved.xml"), absolute, absolute.substr(5)}) {
    gateway_.answers["/rootDesc.xml"] = {"HTTP/1.1 302 Found\r\nLocation: " + location +
                                         "\r\nContent-Length: 0\r\n\r\n"};
    EXPECT_EQ(ask().state, service_state::answered) << location;
  }
}

TEST_F(Upnp, LocationOnAnotherHostIsNamedAndNotAsked) {
  gateway_.location = trap_.url("/rootDesc.xml");
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::malformed);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("names another host, 127.0.0.4"));
  EXPECT_THAT(gateway_.requests, IsEmpty());
}

TEST_F(Upnp, AnotherGatewayIsNamedAndNotAsked) {
  fake_gateway other(loop_.context());
  udp_peer stranger(loop_.context(), stranger_ip,
                    [&](udp_peer& peer, const std::string&, const udp::endpoint& from) {
                      peer.send(ssdp_answer(trap_.url("/rootDesc.xml")), from);
                      // Not even when it names the gateway's own description.
                      peer.send(ssdp_answer(gateway_.base_url() + "/other.xml"), from);
                    });
  const address stranger_address = asio::ip::make_address(stranger_ip);
  gateway_.multicast_to({stranger_address, stranger.port()});
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::silent);
  EXPECT_THAT(evidence.other_responders, ElementsAre(stranger_address));
  EXPECT_THAT(gateway_.requests, IsEmpty());
}

TEST_F(Upnp, OtherDevicesInTheRouterDoNotDistract) {
  gateway_.answers["/media.xml"] = http_page("<root><device/></root>");
  gateway_.on_search = [&](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.find("rootdevice") != std::string::npos) {
      peer.send(ssdp_answer(gateway_.base_url() + "/media.xml", "upnp:rootdevice"), from);
    } else if (request.find("ssdp:all") != std::string::npos) {
      peer.send(ssdp_answer(gateway_.base_url() + "/rootDesc.xml"), from);
    }
  };
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.device, "Test router");
}

struct address_answer {
  http_answer answer;
  std::optional<std::string> text;
  std::optional<int> error;
  const char* detail;
};

TEST_F(Upnp, ExternalAddressInEveryShape) {
  const auto said = [](const std::string& values) {
    return soap_response("GetExternalIPAddress", values);
  };
  const address_answer table[] = {
      {soap_fault(501), std::nullopt, 501, "UPnP error 501"},
      {soap_fault(606), std::nullopt, 606, "not authorized"},
      {http_page("<html>Please log in</html>"), std::nullopt, std::nullopt, "login page"},
      {http_page(""), std::nullopt, std::nullopt, "is empty"},
      {said("<NewExternalIPAddress></NewExternalIPAddress>"), "", std::nullopt, ""},
      {said("<NewExternalIPAddress>none</NewExternalIPAddress>"), "none", std::nullopt, ""},
      {said(""), std::nullopt, std::nullopt, "contains no address"},
  };
  for (const address_answer& row : table) {
    gateway_.answers["GetExternalIPAddress"] = row.answer;
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::answered) << "it did say that it is connected";
    EXPECT_EQ(evidence.connection_status, "Connected");
    EXPECT_EQ(evidence.external_address_text, row.text);
    EXPECT_EQ(evidence.external_address, std::nullopt);
    EXPECT_EQ(evidence.result, row.error);
    EXPECT_THAT(to_string(evidence.detail), HasSubstr(row.detail));
  }
}

TEST_F(Upnp, ADescriptionCountsWhateverItsStatus) {
  for (const char* status : {"201 Created", "206 Partial Content", "401 Unauthorized",
                             "403 Forbidden", "404 Not Found", "503 Service Unavailable"}) {
    gateway_.answers["/rootDesc.xml"] = http_page(gateway_.description, status);
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::answered)
        << status << ": " << to_string(evidence.detail);
    EXPECT_EQ(evidence.device, "Test router") << status;
  }
}

TEST_F(Upnp, ADescriptionBehindAClosedPortIsNoRefusal) {
  asio::io_context io;
  tcp::acceptor port(io, {asio::ip::make_address(gateway_ip), 0});
  const auto closed = port.local_endpoint().port();
  port.close();
  gateway_.location = "http://" + std::string(gateway_ip) + ":" + std::to_string(closed) + "/d.xml";
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::malformed);
  EXPECT_TRUE(evidence.rtt);
  EXPECT_THAT(to_string(evidence.detail),
              HasSubstr("answered the search, but its description http://"));
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("nothing listens on that port"));
}

TEST_F(Upnp, ServiceThatRefusesEverything) {
  gateway_.answers["/ctl"] = http_page("", "401 Unauthorized");
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::refused);
  EXPECT_EQ(to_string(evidence.detail), "HTTP 401");
  EXPECT_EQ(evidence.device, "Test router") << "what was learnt before stays";
}

TEST_F(Upnp, ServiceThatHangsIsBounded) {
  gateway_.answers["/ctl"] = {"", ending::hang};
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::malformed);
  EXPECT_EQ(to_string(evidence.detail), "timed out after 3 s while waiting for the answer");
}

// A FRITZ!Box has both descriptions, and answers the calls of the DSL Forum's with 401.
TEST_F(Upnp, TheDslForumsDescriptionIsTheSecondChoice) {
  const std::string old = "urn:dslforum-org:service:WANIPConnection:1";
  gateway_.answers["/tr64desc.xml"] = http_page(describe_igd_services(igd_service(old, "/tr64")));
  gateway_.answers["/tr64"] = http_page("", "401 Unauthorized");
  const auto answer_with = [&](const std::string& path, udp_peer& peer, const auto& from) {
    peer.send(ssdp_answer(gateway_.base_url() + path, old), from);
  };
  gateway_.on_search = [&](udp_peer& peer, const std::string&, const auto& from) {
    answer_with("/tr64desc.xml", peer, from);
    answer_with("/rootDesc.xml", peer, from);
  };
  auto evidence = ask();
  EXPECT_EQ(evidence.service, "urn:schemas-upnp-org:service:WANIPConnection:1");
  EXPECT_EQ(evidence.location, gateway_.base_url() + "/rootDesc.xml");
  gateway_.on_search = [&](udp_peer& peer, const std::string&, const auto& from) {
    answer_with("/tr64desc.xml", peer, from);
  };
  gateway_.answers.erase("/tr64");
  evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << "it is all there is, as on an HG531";
  EXPECT_EQ(evidence.service, old);
  EXPECT_EQ(evidence.location, gateway_.base_url() + "/tr64desc.xml");
}

// Sending to the broadcast address takes a permission that the socket has not: nothing leaves.
TEST_F(Upnp, AMulticastThatCannotLeaveIsNamed) {
  gateway_.multicast_to({asio::ip::make_address("255.255.255.255"), gateway_.ssdp.port()});
  auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered);
  EXPECT_EQ(to_string(evidence.multicast_error), "this user lacks permission");
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  evidence = ask();
  EXPECT_EQ(evidence.state, service_state::not_tried) << "half a schedule is no silence";
  EXPECT_EQ(to_string(evidence.detail),
            "no answer to 3 searches, and the multicast search could not be sent: this user lacks "
            "permission");
}

}  // namespace upnp_test
}  // namespace natcheck::portmap
