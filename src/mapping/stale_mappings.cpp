#include "mapping/stale_mappings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "core/asked.hpp"
#include "core/canonical.hpp"
#include "mapping/journal/mapping_journal.hpp"
#include "net/bound_ports.hpp"
#include "net/when_all.hpp"
#include "portmap/mappers.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto removing_time = 12s;
/// A little longer than another natcheck can take for the same.
constexpr auto longest_wait = 5s;
constexpr auto wait_interval = 50ms;

void add_gateway(const std::optional<route_info>& way, surroundings& here) {
  if (!way || !way->gateway) return;
  here.gateways.push_back(portmap::access_to(*way->gateway, *way));
}

/// Holds the turn until it is destroyed. Without one after all: whoever has it for so long is not
/// at work, and a directory in which no one may lock stops no one either.
awaitable<std::optional<journal::descriptor>> wait_for_turn(
    const std::filesystem::path& directory) {
  const auto deadline = std::chrono::steady_clock::now() + longest_wait;
  for (;;) {
    auto turn = journal::begin_removing(directory);
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (turn || late) co_return turn;
    co_await net::wait_for(wait_interval);
  }
}

/// Whether someone who is not dead has the same mapping meanwhile.
class owners {
 public:
  owners(const std::filesystem::path& directory,
         const std::vector<journal::stale_journal>& stale_journals) {
    for (auto& each : journal::read_records(directory, journal::system_now())) {
      // Those that are taken here look as if they were alive: they are locked.
      const bool orphaned = std::ranges::any_of(
          stale_journals,
          [&](const journal::stale_journal& dead) { return dead.name() == each.file; });
      if (each.owner != journal::recorded_by::dead && !orphaned) {
        records_.push_back(std::move(each.record));
      }
    }
  }

  bool have(const mapping_record& record) const {
    return std::ranges::any_of(records_, [&](const auto& theirs) {
      return same_mapping(theirs, record) || same_external_port(theirs, record);
    });
  }

 private:
  std::vector<mapping_record> records_;
};

/// Whether a record is left alone; if so, that has been told.
using spared = std::function<bool(const mapping_record& record)>;

/// What one dead run, or several one after the other, left on one port, and where to write what
/// became of it.
struct job {
  std::vector<journal::stale_journal*> from;
  mapping_record record;
  portmap::gateway_access access;
};

awaitable<void> finish(job work, std::vector<events::stale_mapping>& told, removal_policy with) {
  const auto ended = co_await remove_record(work.record, work.access);
  for (journal::stale_journal* each : work.from) {
    if (portmap::leaves_nothing(ended)) each->drop(work.record);
  }
  const cause detail = ended ? cause() : cause_of(ended.error());
  spdlog::debug("stale mapping of port {}: {}", work.record.external_port,
                ended ? "removed" : to_string(detail));
  // What stands on a port that was asked for is told with the table's rows.
  const bool taken_over = !ended && portmap::leaves_nothing(ended);
  if (taken_over && with.asked_for == work.record.external_port) co_return;
  told.push_back({mapping_of(work.record), ended.has_value(), detail});
}

bool is_own(const address& ip, const surroundings& here) {
  return std::ranges::any_of(here.own,
                             [&](const address& own) { return canonical(own) == canonical(ip); });
}

/// Why a record is left alone; none: it is not. By NAT-PMP and PCP no one can remove what leads to
/// another address anyway.
cause why_left_alone(const net::asio::any_io_executor& executor, const mapping_record& record,
                     const surroundings& here, const removal_policy& with) {
  if (with.asked_for == record.external_port) return {};
  if (record.via == mapping_protocol::upnp && !is_own(record.internal.ip, here)) {
    return {cause_code::leads_to_former_address, record.internal.ip, record.external_port,
            to_options(with.asked)};
  }
  const bool is_ours = record.internal.port == with.own_port;
  if (is_ours || !net::may_be_listened_on(executor, record.protocol, record.internal)) return {};
  return why_not_touched(record, with.asked);
}

/// The job that removes the same; by PCP only who has its nonce can.
job* job_for(const mapping_record& record, std::vector<job>& jobs) {
  const auto found = std::ranges::find_if(jobs, [&](const job& each) {
    return same_mapping(each.record, record) && each.record.nonce == record.nonce;
  });
  return found == jobs.end() ? nullptr : &*found;
}

/// What there is to do; what there is not is told.
std::vector<job> jobs_for(std::vector<journal::stale_journal>& stale_journals, const owners& others,
                          const surroundings& here, const spared& spare) {
  std::vector<job> jobs;
  for (journal::stale_journal& stale_journal : stale_journals) {
    for (const mapping_record& record : stale_journal.records()) {
      if (others.have(record)) {
        stale_journal.drop(record);
        continue;
      }
      if (job* same = job_for(record, jobs)) {
        same->from.push_back(&stale_journal);
        continue;
      }
      auto access = access_for(record, here);
      if (access && !spare(record)) jobs.push_back({{&stale_journal}, record, *access});
    }
  }
  return jobs;
}

}  // namespace

surroundings surroundings_of(const host_network& host) {
  surroundings here;
  add_gateway(host.ipv4, here);
  add_gateway(host.ipv6, here);
  for (const interface_info& each : host.interfaces) {
    for (const interface_address& own : each.addresses) here.own.push_back(own.ip);
  }
  return here;
}

std::optional<portmap::gateway_access> access_for(const mapping_record& record,
                                                  const surroundings& here) {
  const auto found = std::ranges::find_if(here.gateways, [&](const auto& access) {
    return access.gateway == record.gateway && access.from.interface == record.interface;
  });
  if (found == here.gateways.end()) return std::nullopt;
  portmap::gateway_access access = *found;
  if (is_own(record.internal.ip, here)) access.from.local = record.internal.ip;
  return access;
}

mapping mapping_of(const mapping_record& record) {
  mapping entry;
  entry.protocol = record.protocol;
  entry.via = record.via;
  entry.internal = record.internal;
  entry.external_port = entry.asked_port = record.external_port;
  entry.lifetime = entry.asked_lifetime = record.lifetime;
  return entry;
}

cause why_not_touched(const mapping_record& record, const asked_options& asked) {
  return {cause_code::may_be_listened_on, record.internal.port, record.external_port,
          to_options(asked)};
}

awaitable<result<void>> remove_record(mapping_record record, portmap::gateway_access access,
                                      net::steady_time deadline) {
  const auto mapper = portmap::mapper_of(record, access);
  if (!mapper) co_return result<void>{};  // no such protocol there, so no such mapping
  deadline = std::min(deadline, std::chrono::steady_clock::now() + removing_time);
  auto ended = co_await net::with_deadline(deadline, mapper->unmap());
  if (ended) co_return *std::move(ended);
  co_return failure{outcome::cut_short,
                    {operation_code::closing_port_on, record.external_port, access.gateway},
                    cause_code::router_too_slow,
                    0};
}

awaitable<std::vector<events::stale_mapping>> remove_stale_mappings(surroundings here,
                                                                    std::filesystem::path directory,
                                                                    removal_policy with) {
  const auto executor = co_await net::asio::this_coro::executor;
  std::vector<events::stale_mapping> told;
  const auto turn = co_await wait_for_turn(directory);
  auto stale_journals = journal::take_stale_journals(directory, journal::system_now());
  if (stale_journals.empty()) co_return told;
  const owners others(directory, stale_journals);
  net::coroutines works;
  const auto spare = [&](const mapping_record& record) {
    const auto why = why_left_alone(executor, record, here, with);
    if (!why.empty()) told.push_back({mapping_of(record), false, why});
    return !why.empty();
  };
  for (job& each : jobs_for(stale_journals, others, here, spare)) {
    works.push_back(finish(std::move(each), told, with));
  }
  co_await net::when_all(std::move(works));
  co_return told;
}

}  // namespace natcheck::mappings
