#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsing.hpp"

namespace natcheck::cli {
namespace usage_errors_test {

using ::testing::HasSubstr;

struct error_row {
  const char *line, *message;
};

class Errors : public ::testing::TestWithParam<error_row> {};

TEST_P(Errors, SayWhatIsWrongAndWhatWasExpected) {
  EXPECT_EQ(error_of(GetParam().line), GetParam().message) << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Words, Errors,
    ::testing::Values(
        error_row{"--json", "no command; expected discover, serve, probe or mappings"},
        error_row{"serv",
                  "unknown command serv; expected discover, serve, probe or mappings; did you mean "
                  "serve?"},
        error_row{"dance", "unknown command dance; expected discover, serve, probe or mappings"},
        error_row{"help dance",
                  "unknown command dance; expected discover, serve, probe or mappings"},
        error_row{
            "doctor",
            "this version does not have the command doctor; expected discover, serve, probe or "
            "mappings"},
        error_row{
            "vantage",
            "this version does not have the command vantage; expected discover, serve, probe or "
            "mappings"},
        error_row{"mappings add",
                  "mappings add needs a port; expected PORT or EXTERNAL:INTERNAL, each "
                  "from 1 to 65535"},
        error_row{"mappings add http",
                  "invalid port http; expected PORT or EXTERNAL:INTERNAL, each from 1 to "
                  "65535"},
        error_row{"mappings add 0",
                  "invalid port 0; expected PORT or EXTERNAL:INTERNAL, "
                  "each from 1 to 65535"},
        error_row{"mappings add 80 81", "unexpected argument 81; mappings add takes one port"},
        error_row{"mappings add 80 --protocol sctp", "--protocol sctp: expected tcp, udp or both"},
        error_row{"mappings add 80 --via upmp",
                  "--via upmp: expected auto, pcp, nat-pmp or upnp; did you mean upnp?"},
        error_row{"mappings add 80 --lifetime 0",
                  "--lifetime 0: expected a number of seconds, 1 to 604800"},
        error_row{"mappings remove", "mappings remove needs a port; expected a port, 1 to 65535"},
        error_row{"mappings remove 80:81", "invalid port 80:81; expected a port, 1 to 65535"},
        error_row{"mappings remove 80 --any-port",
                  "mappings remove has no option --any-port; it belongs to mappings add"},
        error_row{"mappings --lifetime 60",
                  "mappings list has no option --lifetime; it belongs to mappings add"},
        error_row{
            "mappings clean --protocol udp",
            "mappings clean has no option --protocol; it belongs to mappings add and mappings "
            "remove"},
        error_row{"mappings clean 80", "unexpected argument 80; mappings clean takes none"},
        error_row{"mappings lits",
                  "unknown word lits after mappings; expected list, add, remove or "
                  "clean; did you mean list?"},
        error_row{"mappings 1234",
                  "unknown word 1234 after mappings; expected list, add, remove or clean"},
        error_row{"mappings list 1", "unexpected argument 1; mappings list takes none"},
        error_row{"mapings",
                  "unknown command mapings; expected discover, serve, probe or "
                  "mappings; did you mean mappings?"},
        error_row{"discover now", "unexpected argument now; discover takes none"},
        error_row{"serve 1234",
                  "unexpected argument 1234; serve takes none; did you mean --map 1234?"},
        error_row{"probe a b", "unexpected argument b; expected one target, HOST or HOST:PORT"},
        error_row{"probe", "probe needs a target; expected HOST or HOST:PORT"},
        error_row{"probe 1 2 3", "unexpected argument 2; expected one target, HOST or HOST:PORT"},
        error_row{"probe udp://host",
                  "invalid target udp://host; expected HOST, HOST:PORT or [IPV6]:PORT"},
        error_row{"probe host:80 90",
                  "invalid target host:80 90; expected HOST, HOST:PORT or [IPV6]:PORT"},
        error_row{"probe 2a00:7::10:4002",
                  "invalid target 2a00:7::10:4002; is 4002 the port or the end of the "
                  "address? write [2a00:7::10]:4002 or [2a00:7::10:4002]"},
        error_row{"discover --stun 2a00:7::10:3478",
                  "--stun 2a00:7::10:3478: is 3478 the port or the end of the address? write "
                  "[2a00:7::10]:3478 or [2a00:7::10:3478]"}));

INSTANTIATE_TEST_SUITE_P(
    Options, Errors,
    ::testing::Values(
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
                  "probe has no option --gateway; it belongs to discover, serve and mappings"},
        error_row{"serve --stun stun.a", "--stun needs --map PORT; without it, no port is opened"},
        error_row{"mappings --behavior",
                  "mappings has no option --behavior; it belongs to discover"},
        error_row{"discover --stunn stun.a", "unknown option --stunn; did you mean --stun?"},
        error_row{"discover --behaviour", "unknown option --behaviour; did you mean --behavior?"},
        error_row{"discover --stun", "--stun needs a value; expected SERVER"}));

INSTANTIATE_TEST_SUITE_P(
    Contradictions, Errors,
    ::testing::Values(
        error_row{"discover --no-stun --stun stun.a",
                  "--stun and --no-stun contradict each other: one asks external servers, the "
                  "other does not"},
        error_row{"discover --no-stun --behavior",
                  "--behavior and --no-stun contradict each other: one asks external servers, the "
                  "other does not"},
        error_row{"discover --binding-lifetime --no-stun",
                  "--binding-lifetime and --no-stun contradict each other: one asks external "
                  "servers, the other does not"},
        error_row{"discover --web-check http://x/ --no-stun",
                  "--web-check and --no-stun contradict each other: one asks external servers, the "
                  "other does not"},
        error_row{"probe udp://h:9 --protocol tcp",
                  "--protocol and the target udp://h:9 contradict each other"},
        error_row{"discover --redact -q",
                  "--redact and --quiet contradict each other: the only output would be a made-up "
                  "address"}));

INSTANTIATE_TEST_SUITE_P(
    Values, Errors,
    ::testing::Values(
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
        error_row{"serve --protocol tpc",
                  "--protocol tpc: expected tcp, udp or both; did you mean tcp?"},
        error_row{"serve --any-port", "--any-port needs --map PORT; without it, no port is opened"},
        error_row{"serve --map 1 --via upnpp",
                  "--via upnpp: expected auto, pcp, nat-pmp or upnp; did you mean upnp?"},
        error_row{"serve --map 1 --lifetime 604801",
                  "--lifetime 604801: expected a number of seconds, 1 to 604800"},
        error_row{"serve --for ever",
                  "--for ever: expected a time such as 30, 30s, 5m, 1h or 500ms"},
        error_row{"serve --require-map",
                  "--require-map needs --map PORT; without it, no port is opened"},
        error_row{"serve --via upnp", "--via needs --map PORT; without it, no port is opened"},
        error_row{"serve --port 80 --lifetime 60",
                  "--lifetime needs --map PORT; without it, no port is opened"},
        error_row{"serve --gateway 10.0.0.1",
                  "--gateway needs --map PORT; without it, no port is opened"},
        error_row{"discover --stun http://x/",
                  "--stun http://x/: expected HOST, HOST:PORT or [IPV6]:PORT"},
        error_row{"discover --stun good --stun x:0",
                  "--stun x:0: expected HOST, HOST:PORT or [IPV6]:PORT"},
        error_row{"discover --stun x:65536",
                  "--stun x:65536: expected HOST, HOST:PORT or [IPV6]:PORT"},
        error_row{"discover --web-check https://x/",
                  "--web-check https://x/: expected a URL starting with http://, or none"},
        error_row{"probe x --protocol both", "--protocol both: expected tcp or udp"},
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
  EXPECT_THAT(error_of("probe -- --json"), HasSubstr("invalid target --json"));
}

}  // namespace usage_errors_test
}  // namespace natcheck::cli
