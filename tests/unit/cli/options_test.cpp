#include <gtest/gtest.h>

#include "parsing.hpp"

namespace natcheck::cli {
namespace options_test {

using namespace std::chrono_literals;

TEST(Discover, Defaults) {
  const auto command = parse_as<discover_command>("discover");
  EXPECT_FALSE(command.common.json);
  EXPECT_FALSE(command.common.quiet);
  EXPECT_EQ(command.common.verbosity, 0u);
  EXPECT_EQ(command.common.color, color_choice::automatic);
  EXPECT_EQ(command.options.interface, "");
  EXPECT_EQ(command.options.gateway, std::nullopt);
  EXPECT_EQ(command.options.timeout, 10s);
}

TEST(Discover, EveryOption) {
  const auto command = parse_as<discover_command>(
      "discover --json -q -vv --color never --interface eth0 --gateway 10.0.0.1 --timeout 2.5");
  EXPECT_TRUE(command.common.json);
  EXPECT_TRUE(command.common.quiet);
  EXPECT_EQ(command.common.verbosity, 2u);
  EXPECT_EQ(command.common.color, color_choice::never);
  EXPECT_EQ(command.options.interface, "eth0");
  EXPECT_EQ(command.options.gateway->to_string(), "10.0.0.1");
  EXPECT_EQ(command.options.timeout, 2500ms);
}

TEST(Discover, AsksTheUsualServersOutside) {
  const auto options = parse_as<discover_command>("discover").options;
  EXPECT_EQ(options.stun_servers, default_stun_servers());
  EXPECT_GE(options.stun_servers.size(), 2u);
  EXPECT_EQ(options.web_check, default_web_check);
  EXPECT_FALSE(options.behavior);
  EXPECT_FALSE(options.binding_lifetime);
  EXPECT_FALSE(parse_as<discover_command>("discover").redact);
}

TEST(Discover, StunServersAddUpAndReplaceTheUsualOnes) {
  const auto options = parse_as<discover_command>(
                           "discover --stun stun.a --stun 9.9.9.9:80 --stun 2001:db8::1 "
                           "--stun=[2001:db8::1]:80 --stun stun.a:3478")
                           .options;
  EXPECT_EQ(options.stun_servers,
            (std::vector<std::string>{"stun.a:3478", "9.9.9.9:80", "[2001:db8::1]:3478",
                                      "[2001:db8::1]:80"}));
  EXPECT_TRUE(parse_as<discover_command>("discover --no-stun").options.stun_servers.empty());
}

TEST(Discover, WebCheck) {
  const auto page = [](const std::string& value) {
    return parse_as<discover_command>("discover --web-check " + value).options.web_check;
  };
  EXPECT_EQ(page("none"), "");
  EXPECT_EQ(page("http://10.0.0.1:8080/x?y"), "http://10.0.0.1:8080/x?y");
  EXPECT_EQ(parse_as<discover_command>("discover --no-stun --web-check none").options.web_check,
            "");
}

TEST(Discover, TheTestsOfBehavior) {
  const auto tested = parse_as<discover_command>("discover --behavior").options;
  EXPECT_TRUE(tested.behavior);
  EXPECT_EQ(tested.timeout, 10s);
  const auto measured = parse_as<discover_command>("discover --binding-lifetime").options;
  EXPECT_TRUE(measured.binding_lifetime);
  EXPECT_EQ(measured.timeout, 15min);
  EXPECT_EQ(parse_as<discover_command>("discover --timeout 60 --binding-lifetime").options.timeout,
            60s);
}

TEST(Discover, Redact) {
  EXPECT_TRUE(parse_as<discover_command>("discover --redact").redact);
  EXPECT_TRUE(parse_as<discover_command>("discover --redact --json -q").redact);
}

TEST(Mappings, ListIsUnderstood) {
  for (const char* line : {"mappings", "mappings list"}) {
    const auto command = parse_as<mappings_command>(line);
    EXPECT_EQ(command.options.timeout, 30s);
    EXPECT_EQ(command.options.gateway, std::nullopt);
  }
  const auto command = parse_as<mappings_command>(
      "mappings --json list -q -v --interface eth0 --gateway 10.0.0.1 --timeout 2 --color never");
  EXPECT_TRUE(command.common.json);
  EXPECT_TRUE(command.common.quiet);
  EXPECT_EQ(command.common.color, color_choice::never);
  EXPECT_EQ(command.options.interface, "eth0");
  EXPECT_EQ(command.options.gateway->to_string(), "10.0.0.1");
  EXPECT_EQ(command.options.timeout, 2s);
}

TEST(Mappings, AddIsUnderstood) {
  const auto plain = parse_as<add_command>("mappings add 1234").options;
  EXPECT_EQ(plain.external_port, 1234);
  EXPECT_EQ(plain.internal_port, 1234);
  EXPECT_EQ(plain.protocols, std::vector{transport::tcp});
  EXPECT_EQ(plain.via, mapping_choice::automatic);
  EXPECT_EQ(plain.lifetime, 1h);
  EXPECT_FALSE(plain.any_port);
  EXPECT_EQ(plain.timeout, 30s);
  const auto command = parse_as<add_command>(
      "mappings add 8080:80 --protocol both --via pcp --lifetime 60 --any-port --interface eth0 "
      "--gateway 10.0.0.1 --timeout 2 --json");
  const auto& options = command.options;
  EXPECT_TRUE(command.common.json);
  EXPECT_EQ(options.external_port, 8080);
  EXPECT_EQ(options.internal_port, 80);
  EXPECT_EQ(options.protocols, (std::vector{transport::tcp, transport::udp}));
  EXPECT_EQ(options.via, mapping_choice::pcp);
  EXPECT_EQ(options.lifetime, 60s);
  EXPECT_TRUE(options.any_port);
  EXPECT_EQ(options.interface, "eth0");
  EXPECT_EQ(options.gateway->to_string(), "10.0.0.1");
  EXPECT_EQ(options.timeout, 2s);
}

TEST(Mappings, RemoveAndCleanAreUnderstood) {
  const auto removal = parse_as<remove_command>("mappings remove 1234").options;
  EXPECT_EQ(removal.external_port, 1234);
  EXPECT_EQ(removal.protocols, (std::vector{transport::tcp, transport::udp}));
  EXPECT_EQ(parse_as<remove_command>("mappings remove --protocol udp 1").options.protocols,
            std::vector{transport::udp});
  EXPECT_EQ(parse_as<clean_command>("mappings clean --interface eth0").options.interface, "eth0");
  EXPECT_TRUE(parse_as<clean_command>("mappings clean -q").common.quiet);
}

TEST(Options, MayStandAnywhereAndWithAnEqualsSign) {
  for (const char* line :
       {"--json --timeout 3 discover -v", "discover --timeout=3 --json --verbose",
        "-v --timeout=3 discover --json", "--json -v discover --timeout 9 --timeout 3"}) {
    const auto command = parse_as<discover_command>(line);
    EXPECT_TRUE(command.common.json) << line;
    EXPECT_EQ(command.common.verbosity, 1u) << line;
    EXPECT_EQ(command.options.timeout, 3s) << line;
  }
}

TEST(Options, VerbosityAddsUp) {
  EXPECT_EQ(parse_as<discover_command>("-v discover -vv --verbose").common.verbosity, 4u);
  EXPECT_TRUE(parse_as<discover_command>("discover -vq").common.quiet);
}

TEST(Serve, DefaultsToListeningOnly) {
  const auto options = parse_as<serve_command>("serve").options;
  EXPECT_EQ(options.port, 1234);
  EXPECT_EQ(options.external_port, std::nullopt);
  EXPECT_EQ(options.via, mapping_choice::automatic);
  EXPECT_EQ(options.lifetime, 3600s);
  EXPECT_EQ(options.run_for, std::nullopt);
  EXPECT_FALSE(options.require_map);
  EXPECT_FALSE(options.once);
}

TEST(Serve, TheShorterOfForAndTimeoutCounts) {
  EXPECT_EQ(parse_as<serve_command>("serve --timeout 1.5").options.run_for, 1500ms);
  EXPECT_EQ(parse_as<serve_command>("serve --timeout 3 --for 5m").options.run_for, 3s);
  EXPECT_EQ(parse_as<serve_command>("serve --timeout 9 --for 5s").options.run_for, 5s);
}

TEST(Serve, Ports) {
  struct row {
    const char* line;
    std::uint16_t internal_port;
    std::optional<std::uint16_t> external_port;
  };
  const row rows[] = {
      {"serve --port 4000", 4000, {}},          {"serve --port 0", 0, {}},
      {"serve --map 1234", 1234, 1234},         {"serve --map 80:8080", 8080, 80},
      {"serve --map 80 --port 8080", 8080, 80}, {"serve --map 80:8080 --port 8080", 8080, 80}};
  for (const row& r : rows) {
    const auto options = parse_as<serve_command>(r.line).options;
    EXPECT_EQ(options.port, r.internal_port) << r.line;
    EXPECT_EQ(options.external_port, r.external_port) << r.line;
  }
}

TEST(Serve, EveryOtherOption) {
  const auto options = parse_as<serve_command>(
                           "serve --map 1234 --protocol tcp --via nat-pmp --lifetime 604800 "
                           "--require-map --for 5m --once --interface wlan0 --gateway 10.0.0.1")
                           .options;
  EXPECT_EQ(options.via, mapping_choice::nat_pmp);
  EXPECT_EQ(options.lifetime, 604'800s);
  EXPECT_TRUE(options.require_map);
  EXPECT_EQ(options.run_for, 5min);
  EXPECT_TRUE(options.once);
  EXPECT_EQ(options.interface, "wlan0");
  EXPECT_EQ(options.gateway->to_string(), "10.0.0.1");
  EXPECT_EQ(parse_as<serve_command>("serve --map 1 --via upnp").options.via, mapping_choice::upnp);
  EXPECT_EQ(parse_as<serve_command>("serve --map 1 --via auto").options.via,
            mapping_choice::automatic);
  EXPECT_EQ(parse_as<serve_command>("serve --map 1 --via pcp").options.via, mapping_choice::pcp);
  EXPECT_FALSE(options.any_port);
  EXPECT_TRUE(parse_as<serve_command>("serve --map 1 --any-port").options.any_port);
  EXPECT_TRUE(parse_as<serve_command>("serve").qr);
  EXPECT_FALSE(parse_as<serve_command>("serve --no-qr").qr);
}

TEST(Serve, Protocols) {
  using list = std::vector<transport>;
  EXPECT_EQ(parse_as<serve_command>("serve").options.protocols, list{transport::tcp});
  EXPECT_EQ(parse_as<serve_command>("serve --protocol udp").options.protocols,
            list{transport::udp});
  EXPECT_EQ(parse_as<serve_command>("serve --protocol both").options.protocols,
            (list{transport::tcp, transport::udp}));
}

TEST(Probe, TargetAndOptions) {
  const auto plain = parse_as<probe_command>("probe 5.5.5.5").options;
  EXPECT_EQ(plain.host, "5.5.5.5");
  EXPECT_EQ(plain.port, 1234);
  EXPECT_EQ(plain.count, 1u);
  EXPECT_EQ(plain.timeout, 10s);
  EXPECT_EQ(plain.total, std::nullopt);
  const auto full =
      parse_as<probe_command>("probe [2001:db8::1]:80 --count 1000 --interface eth0 --timeout 1")
          .options;
  EXPECT_EQ(full.host, "2001:db8::1");
  EXPECT_EQ(full.port, 80);
  EXPECT_EQ(full.count, 1000u);
  EXPECT_EQ(full.interface, "eth0");
  EXPECT_EQ(full.timeout, 1s);
  EXPECT_EQ(full.total, 1s);
}

TEST(Probe, UdpSendsSeveral) {
  EXPECT_EQ(parse_as<probe_command>("probe h").options.protocol, transport::tcp);
  const auto tcp = parse_as<probe_command>("probe h --protocol tcp").options;
  EXPECT_EQ(tcp.protocol, transport::tcp);
  EXPECT_EQ(tcp.count, 1u);
  const auto udp = parse_as<probe_command>("probe h --protocol udp").options;
  EXPECT_EQ(udp.protocol, transport::udp);
  EXPECT_EQ(udp.count, 5u);
  EXPECT_EQ(parse_as<probe_command>("probe h --count 1 --protocol udp").options.count, 1u);
  EXPECT_EQ(parse_as<probe_command>("probe udp://h:9").options.protocol, transport::udp);
  EXPECT_EQ(parse_as<probe_command>("probe h:9/udp").options.count, udp.count);
}

TEST(Help, IsFoundInEveryForm) {
  struct row {
    const char* line;
    topic about;
  };
  const row rows[] = {{"--help", topic::overview},
                      {"-h", topic::overview},
                      {"help", topic::overview},
                      {"help serve", topic::serve},
                      {"serve --help", topic::serve},
                      {"--help probe", topic::probe},
                      {"probe -h", topic::probe},
                      {"help discover", topic::discover},
                      {"serve -h --map x", topic::serve},
                      {"help mappings", topic::mappings},
                      {"mappings list --help", topic::mappings}};
  for (const row& r : rows) {
    const auto request = parse_as<help_request>(r.line);
    EXPECT_EQ(request.about, r.about) << r.line;
    EXPECT_TRUE(request.asked_for) << r.line;
  }
}

TEST(Help, StandsInForTheMissingCommand) {
  const auto request = parse_as<help_request>("");
  EXPECT_EQ(request.about, topic::overview);
  EXPECT_FALSE(request.asked_for);
}

TEST(Version, WithAndWithoutACommand) {
  parse_as<version_request>("--version");
  parse_as<version_request>("serve --version");
}

}  // namespace options_test
}  // namespace natcheck::cli
