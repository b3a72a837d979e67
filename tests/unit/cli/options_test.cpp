#include "cli/options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace natcheck::cli {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> list;
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

parsed_command parse(const std::string& line) { return parse_command_line(words(line)); }

/// The command of that type; a failed test and a default one where the line gives another.
template <class T>
T parse_as(const std::string& line) {
  const parsed_command parsed = parse(line);
  if (const T* command = std::get_if<T>(&parsed)) return *command;
  const auto* error = std::get_if<usage_error>(&parsed);
  ADD_FAILURE() << line << ": " << (error ? error->message : "another command");
  return {};
}

std::string error_of(const std::vector<std::string>& arguments) {
  const parsed_command parsed = parse_command_line(arguments);
  const auto* error = std::get_if<usage_error>(&parsed);
  return error ? error->message : "accepted";
}

std::string error_of(const std::string& line) { return error_of(words(line)); }

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

TEST(Help, IsFoundInEveryForm) {
  struct row {
    const char* line;
    topic about;
  };
  const row rows[] = {{"--help", topic::overview},       {"-h", topic::overview},
                      {"help", topic::overview},         {"help serve", topic::serve},
                      {"serve --help", topic::serve},    {"--help probe", topic::probe},
                      {"probe -h", topic::probe},        {"help discover", topic::discover},
                      {"serve -h --map x", topic::serve}};
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

struct error_row {
  const char *line, *message;
};

class Errors : public testing::TestWithParam<error_row> {};

TEST_P(Errors, SayWhatIsWrongAndWhatWasExpected) {
  EXPECT_EQ(error_of(GetParam().line), GetParam().message) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Words, Errors,
    testing::Values(
        error_row{"--json", "no command; expected discover, serve or probe"},
        error_row{"serv",
                  "unknown command serv; expected discover, serve or probe; did you mean serve?"},
        error_row{"dance", "unknown command dance; expected discover, serve or probe"},
        error_row{"help dance", "unknown command dance; expected discover, serve or probe"},
        error_row{"doctor",
                  "the command doctor is not in this version; expected discover, serve or probe"},
        error_row{"vantage",
                  "the command vantage is not in this version; expected discover, serve or probe"},
        error_row{"mappings list",
                  "the command mappings is not in this version; expected discover, serve or probe"},
        error_row{"discover now", "unexpected argument now; discover takes none"},
        error_row{"serve 1234",
                  "unexpected argument 1234; serve takes none; did you mean --map 1234?"},
        error_row{"probe a b", "unexpected argument b; expected one target, HOST or HOST:PORT"},
        error_row{"probe", "probe needs to know whom to ask; expected HOST or HOST:PORT"},
        error_row{"probe http://host/",
                  "cannot read the target http://host/; expected HOST, HOST:PORT or [IPV6]:PORT"}));

INSTANTIATE_TEST_SUITE_P(
    Options, Errors,
    testing::Values(
        error_row{"discover --jsn", "unknown option --jsn; did you mean --json?"},
        error_row{"discover --jsn=3", "unknown option --jsn; did you mean --json?"},
        error_row{"discover -json", "unknown option -json; did you mean --json?"},
        error_row{"discover --js", "unknown option --js; did you mean --json?"},
        error_row{"discover --inter eth0", "unknown option --inter; did you mean --interface?"},
        error_row{"discover --frobnicate",
                  "unknown option --frobnicate; natcheck --help lists the options"},
        error_row{"discover -x", "unknown option -x; natcheck --help lists the options"},
        error_row{"discover ---", "unknown option ---; natcheck --help lists the options"},
        error_row{"discover --operand x",
                  "unknown option --operand; natcheck --help lists the options"},
        error_row{"discover --json=yes", "--json takes no value"},
        error_row{"discover --timeout", "--timeout needs a value; expected SECONDS"},
        error_row{"discover --timeout=", "--timeout needs a value; expected SECONDS"},
        error_row{"discover --interface --json", "--interface needs a value; expected NAME"},
        error_row{"discover --map 80", "discover has no option --map; it belongs to serve"},
        error_row{"serve --count 3", "serve has no option --count; it belongs to probe"},
        error_row{"probe x --gateway 10.0.0.1",
                  "probe has no option --gateway; it belongs to discover and serve"}));

INSTANTIATE_TEST_SUITE_P(
    Values, Errors,
    testing::Values(
        error_row{"discover --timeout 0",
                  "--timeout 0: expected a number of seconds above 0, such as 5 or 0.5"},
        error_row{"discover --timeout -5",
                  "--timeout -5: expected a number of seconds above 0, such as 5 or 0.5"},
        error_row{"discover --color sometimes",
                  "--color sometimes: expected auto, always or never"},
        error_row{"discover --color alway",
                  "--color alway: expected auto, always or never; did you mean always?"},
        error_row{"discover --gateway router",
                  "--gateway router: expected the IPv4 address of a router"},
        error_row{"discover --interface a-very-long-name-indeed",
                  "--interface a-very-long-name-indeed: expected the name of a network interface"},
        error_row{"serve --map 70000",
                  "--map 70000: expected PORT or EXTERNAL:INTERNAL, each from 1 to 65535"},
        error_row{"serve --port x", "--port x: expected a port, 0 to 65535"},
        error_row{"serve --map 80:8080 --port 90",
                  "--map 80:8080 and --port 90 name different ports to listen on"},
        error_row{"serve --protocol udp", "--protocol udp is not in this version; expected tcp"},
        error_row{"serve --protocol both", "--protocol both is not in this version; expected tcp"},
        error_row{"serve --protocol tpc", "--protocol tpc: expected tcp; did you mean tcp?"},
        error_row{"serve --map 1 --via pcp",
                  "--via pcp is not in this version; expected auto, nat-pmp or upnp"},
        error_row{"serve --map 1 --via upnpp",
                  "--via upnpp: expected auto, nat-pmp or upnp; did you mean upnp?"},
        error_row{"serve --map 1 --lifetime 604801",
                  "--lifetime 604801: expected a number of seconds, 1 to 604800"},
        error_row{"serve --for ever",
                  "--for ever: expected a time such as 30, 30s, 5m, 1h or 500ms"},
        error_row{"serve --require-map",
                  "--require-map needs --map PORT: without it no port is opened"},
        error_row{"serve --via upnp", "--via needs --map PORT: without it no port is opened"},
        error_row{"serve --port 80 --lifetime 60",
                  "--lifetime needs --map PORT: without it no port is opened"},
        error_row{"serve --gateway 10.0.0.1",
                  "--gateway needs --map PORT: without it no port is opened"},
        error_row{"probe x --count 0", "--count 0: expected a number, 1 to 1000"},
        error_row{"probe x --count 1001", "--count 1001: expected a number, 1 to 1000"}));

TEST(Errors, StayOnOneLineWhateverIsPassed) {
  const std::vector<std::vector<std::string>> lines = {{"dis\ncover"},
                                                       {"--a\x1b[31m\n"},
                                                       {"discover", "--color", "re\nd"},
                                                       {"probe", "ho\tst\n"},
                                                       {"discover", "a\nb"},
                                                       {"discover", "--interface", "e\n0"},
                                                       {""},
                                                       {"discover", ""},
                                                       {"probe", ""},
                                                       {"discover", "--color", ""}};
  for (const auto& line : lines) {
    const std::string message = error_of(line);
    EXPECT_NE(message, "accepted") << line.back();
    EXPECT_EQ(message.find_first_of("\n\t\x1b"), std::string::npos) << message;
  }
}

TEST(Errors, AnEmptyWordIsShown) {
  EXPECT_THAT(error_of(std::vector<std::string>{""}), HasSubstr("unknown command \"\";"));
}

TEST(Operands, AfterTwoDashesAreNoOptions) {
  EXPECT_THAT(error_of("probe -- --json"), HasSubstr("cannot read the target --json"));
}

}  // namespace
}  // namespace natcheck::cli
