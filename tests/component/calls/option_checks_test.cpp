// What the library does not do, whoever calls it: the failure names the option.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/discover.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>
#include <string>
#include <vector>

#include "support/peers.hpp"

namespace natcheck::calls {
namespace option_checks_test {

using namespace support;
using ::testing::HasSubstr;

template <class Options>
struct row {
  const char* named;  ///< what the failure is to name
  void (*bend)(Options&);
};

template <class Options>
using rows_of = std::vector<row<Options>>;

/// What a call said of the options: `ask` gives its failure.
template <class Options, class Ask>
void expect_named(const rows_of<Options>& rows, const Options& good, Ask ask) {
  for (const auto& each : rows) {
    Options options = good;
    each.bend(options);
    const failure why = ask(options);
    EXPECT_EQ(why.kind, outcome::invalid) << each.named;
    EXPECT_THAT(to_string(why.operation), HasSubstr(each.named));
    EXPECT_THAT(to_string(why.detail), HasSubstr("expected"));
  }
}

/// Bounds far out, and addresses that no router has.
template <class Options>
rows_of<Options> network_rows() {
  return {
      {"gateway fe80::1", [](auto& o) { o.gateway = asio::ip::make_address("fe80::1"); }},
      {"gateway 0.0.0.0", [](auto& o) { o.gateway = asio::ip::make_address("0.0.0.0"); }},
      {"gateway 224.0.0.1", [](auto& o) { o.gateway = asio::ip::make_address("224.0.0.1"); }},
  };
}

template <class Options>
rows_of<Options> timeout_rows() {
  return {
      {"timeout 0ms", [](auto& o) { o.timeout = 0ms; }},
      {"timeout -5ms", [](auto& o) { o.timeout = -5ms; }},
      {"timeout", [](auto& o) { o.timeout = milliseconds::max(); }},
  };
}

/// Servers outside that have no name or a wrong one.
template <class Options>
rows_of<Options> stun_rows() {
  return {
      {"stun", [](auto& o) { o.stun_servers = {""}; }},
      {"stun a:b:c", [](auto& o) { o.stun_servers = {"a:b:c"}; }},
      {"stun stun.example.org:0", [](auto& o) { o.stun_servers = {"stun.example.org:0"}; }},
      {"stun a b",
       [](auto& o) {
         o.stun_servers = {"127.0.0.1", "a b"};
       }},
  };
}

const rows_of<serve_options> serve_rows{
    {"protocols", [](auto& o) { o.protocols = {}; }},
    {"protocols",
     [](auto& o) {
       o.protocols = {transport::tcp, transport::tcp};
     }},
    {"external port 0", [](auto& o) { o.external_port = 0; }},
    {"lifetime 0", [](auto& o) { o.lifetime = 0s; }},
    {"lifetime -1", [](auto& o) { o.lifetime = -1s; }},
    {"lifetime 604801", [](auto& o) { o.lifetime = 604801s; }},
    {"run_for 0ms", [](auto& o) { o.run_for = 0ms; }},
};

const rows_of<probe_options> probe_rows{
    {"host", [](auto& o) { o.host = ""; }},
    {"host", [](auto& o) { o.host = std::string("127.0.0.1\0x", 11); }},
    {"port 0", [](auto& o) { o.port = 0; }},
    {"count 0", [](auto& o) { o.count = 0; }},
    {"timeout 0ms", [](auto& o) { o.timeout = 0ms; }},
    {"total -1ms", [](auto& o) { o.total = -1ms; }},
};

const rows_of<add_options> add_rows{
    {"external port 0", [](auto& o) { o.external_port = 0; }},
    {"internal port 0", [](auto& o) { o.internal_port = 0; }},
    {"protocols", [](auto& o) { o.protocols = {}; }},
    {"lifetime 0", [](auto& o) { o.lifetime = 0s; }},
};

const rows_of<remove_options> remove_rows{
    {"external port 0", [](auto& o) { o.external_port = 0; }},
    {"protocols", [](auto& o) { o.protocols = {}; }},
};

const rows_of<discover_options> web_check_rows{
    {"web_check https://example.org/", [](auto& o) { o.web_check = "https://example.org/"; }},
    {"web_check example.org", [](auto& o) { o.web_check = "example.org"; }},
    {"web_check http://", [](auto& o) { o.web_check = "http://"; }},
    {"web_check http://a:0/", [](auto& o) { o.web_check = "http://a:0/"; }},
    {"web_check http://a:70000/", [](auto& o) { o.web_check = "http://a:70000/"; }},
    {"web_check http://u@a/", [](auto& o) { o.web_check = "http://u@a/"; }},
    {"web_check http://a b/", [](auto& o) { o.web_check = "http://a b/"; }},
};

class OptionChecks : public ::testing::Test {
 protected:
  template <class Options, class Call>
  auto failing(Call call) {
    return [this, call](const Options& options) {
      const auto ended = events_.await(call(options));
      return ended ? failure{} : ended.error();
    };
  }
  loop events_;
};

TEST_F(OptionChecks, OfDiscover) {
  const auto ask = failing<discover_options>([](const auto& o) { return discover(o); });
  expect_named(network_rows<discover_options>(), {}, ask);
  expect_named(timeout_rows<discover_options>(), {}, ask);
  expect_named(stun_rows<discover_options>(), {}, ask);
  expect_named(web_check_rows, {}, ask);
}

TEST_F(OptionChecks, OfServe) {
  const auto ask = failing<serve_options>([](const auto& o) { return serve(o, {}); });
  expect_named(network_rows<serve_options>(), {}, ask);
  expect_named(stun_rows<serve_options>(), {}, ask);
  expect_named(serve_rows, {}, ask);
}

TEST_F(OptionChecks, OfMappings) {
  expect_named(network_rows<mappings_options>(), {},
               failing<mappings_options>([](const auto& o) { return list_mappings(o); }));
  expect_named(timeout_rows<mappings_options>(), {},
               failing<mappings_options>([](const auto& o) { return clean_mappings(o); }));
  add_options adding;
  adding.external_port = adding.internal_port = 1234;
  expect_named(add_rows, adding,
               failing<add_options>([](const auto& o) { return add_mappings(o); }));
  remove_options removing;
  removing.external_port = 1234;
  expect_named(remove_rows, removing,
               failing<remove_options>([](const auto& o) { return remove_mappings(o); }));
}

TEST_F(OptionChecks, OfProbe) {
  probe_options good;
  good.host = "127.0.0.1";
  expect_named(probe_rows, good, [this](const probe_options& options) {
    const auto report = events_.await(probe(options));
    EXPECT_TRUE(report.evidence.handshakes.empty());
    EXPECT_EQ(report.judged.main.code, verdict_code::inconclusive);
    return report.problem.value_or(failure{});
  });
}

TEST_F(OptionChecks, AnInterfaceThatDoesNotExistIsNeverReplacedByAnother) {
  probe_options probing;
  probing.host = "127.0.0.1";
  probing.interface = "nonexistent0";
  const auto report = events_.await(probe(probing));
  ASSERT_TRUE(report.problem);
  EXPECT_EQ(report.problem->kind, outcome::unavailable);
  EXPECT_THAT(to_string(*report.problem), HasSubstr("nonexistent0"));
  serve_options serving;
  serving.interface = "nonexistent0";
  const auto served = events_.await(serve(serving, {}));
  ASSERT_FALSE(served);
  EXPECT_THAT(to_string(served.error()), HasSubstr("nonexistent0"));
}

}  // namespace option_checks_test
}  // namespace natcheck::calls
