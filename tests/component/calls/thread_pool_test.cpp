// The calls of the library on a thread pool: each on a strand of its own, callbacks too.
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <natcheck/discover.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>
#include <utility>

#include "net/when_all.hpp"
#include "support/peers.hpp"

namespace natcheck::calls {
namespace thread_pool_test {

using namespace support;

/// Notices two callbacks of one call at the same time.
class one_at_a_time {
 public:
  void enter() {
    EXPECT_EQ(inside_.exchange(true), false);
    ++calls_;
    inside_ = false;
  }
  unsigned calls() const { return calls_; }

 private:
  std::atomic<bool> inside_ = false;
  unsigned calls_ = 0;  ///< not atomic: a race here is what is looked for
};

template <class T>
std::future<T> launch(asio::thread_pool& pool, asio::awaitable<T> work) {
  return asio::co_spawn(pool, std::move(work), asio::use_future);
}

template <class Options>
Options on_loopback() {
  Options options;
  options.interface = "lo";
  options.gateway = asio::ip::make_address(gateway_ip);
  options.timeout = 300ms;
  return options;
}

TEST(ThreadPool, EachCallRunsOnAStrandOfItsOwn) {
  asio::thread_pool pool(4);
  serve_options serving;
  serving.port = 0;
  serving.protocols = {transport::tcp, transport::udp};
  std::promise<std::uint16_t> port;
  one_at_a_time happenings;
  bool told = false;
  const auto on_event = [&](const serve_event& event) {
    happenings.enter();
    const auto* open = std::get_if<events::listening>(&event.what);
    if (open != nullptr && !std::exchange(told, true)) port.set_value(open->local.port);
  };
  const auto strand = asio::make_strand(pool);
  asio::steady_timer end(strand, net::steady_time::max());
  auto served =
      asio::co_spawn(strand, net::with_deadline(end, serve(serving, on_event)), asio::use_future);
  probe_options probing;
  probing.host = "127.0.0.1";
  probing.port = port.get_future().get();
  probing.count = 3;
  auto by_udp = probing;
  by_udp.protocol = transport::udp;
  one_at_a_time handshakes;
  auto over_tcp =
      launch(pool, probe(probing, [&](const handshake_evidence&) { handshakes.enter(); }));
  auto over_udp = launch(pool, probe(by_udp));
  auto asking = on_loopback<discover_options>();
  asking.stun_servers = {"127.0.0.1:9", "127.0.0.2:9"};
  auto discovered = launch(pool, discover(asking));
  auto listed = launch(pool, list_mappings(on_loopback<mappings_options>()));
  EXPECT_EQ(over_tcp.get().judged.main.code, verdict_code::tested_from_inside);
  EXPECT_EQ(over_udp.get().judged.main.code, verdict_code::tested_from_inside);
  EXPECT_TRUE(discovered.get());
  EXPECT_TRUE(listed.get());
  asio::post(strand, [&] { end.cancel(); });
  served.wait();
  pool.join();
  EXPECT_EQ(handshakes.calls(), 3U);
  EXPECT_GT(happenings.calls(), 6U);
}

}  // namespace thread_pool_test
}  // namespace natcheck::calls
