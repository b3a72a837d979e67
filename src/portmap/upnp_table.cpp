#include "portmap/upnp_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "core/text.hpp"
#include "core/upnp_errors.hpp"
#include "portmap/upnp.hpp"
#include "portmap/upnp_entry.hpp"
#include "portmap/upnp_http.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

constexpr std::string_view action = "GetGenericPortMappingEntry";

/// A row that was read before: a table that changes while it is read moves a few, a gateway that
/// does not look at the index repeats one for ever.
constexpr int max_repeats = 3;

constexpr const char* out_of_time = "the time limit ended before the table was read to its end";

std::optional<transport> parse_protocol(const soap_values& values) {
  const std::string name = values.find("NewProtocol").value_or("");
  if (equal_ignoring_case(name, "TCP")) return transport::tcp;
  if (equal_ignoring_case(name, "UDP")) return transport::udp;
  return std::nullopt;
}

/// Empty for an answer that lacks what makes it a row.
std::optional<gateway_mapping> parse_row(const soap_values& values, const address& self) {
  const auto protocol = parse_protocol(values);
  const auto external_port = values.find_number<std::uint16_t>("NewExternalPort");
  if (!protocol || !external_port) return std::nullopt;
  gateway_mapping row;
  row.protocol = *protocol;
  row.external_port = *external_port;
  row.remote_host = values.find("NewRemoteHost").value_or("");
  row.internal_client = values.find("NewInternalClient").value_or("");
  row.internal_port = values.find_number<std::uint16_t>("NewInternalPort").value_or(0);
  row.enabled = values.find_flag("NewEnabled").value_or(true);
  row.description = values.find("NewPortMappingDescription").value_or("");
  row.lease_s = values.find_number<std::uint32_t>("NewLeaseDuration");
  row.ours = row.description == our_description && row.internal_client == self.to_string();
  return row;
}

/// What a gateway answers to an index.
struct row_answer {
  unsigned status = 0;  ///< of HTTP
  result<soap_values> values;
};

/// Reads the table of one WAN connection into `table`.
class table_reader {
 public:
  table_reader(const gateway_access& access, const wan_service& service, upnp_table& table)
      : access_(access), service_(service), table_(table) {}

  /// Why the table was not read to its end; empty when it was.
  awaitable<std::string> run();

 private:
  awaitable<result<row_answer>> ask(std::size_t index) const;
  std::string ended_by(const row_answer& answer) const;
  std::optional<std::string> take(const soap_values& values);

  const gateway_access& access_;
  const wan_service& service_;
  upnp_table& table_;
  int repeats_ = 0;  ///< in a row
};

awaitable<result<row_answer>> table_reader::ask(std::size_t index) const {
  soap_call call =
      make_call(service_.type, action, {{"NewPortMappingIndex", std::to_string(index)}});
  const auto reply = co_await http_post(access_, service_.control, std::move(call));
  if (!reply) co_return reply.error();
  co_return row_answer{reply->status,
                       read_answer(action, *reply, "reading the table of port mappings (UPnP)")};
}

/// The end of the table has a code, 713, and gateways answer others there: 714, 402, 501 (seen by
/// TinyUPnP, its issue 9), and a bare HTTP 500. What is an end after a row is none before the
/// first: it may be all that this gateway ever answers.
std::string table_reader::ended_by(const row_answer& answer) const {
  const failure& why = answer.values.error();
  if (why.code == upnp_error::specified_array_index_invalid ||
      why.code == upnp_error::no_such_entry_in_array) {
    return {};
  }
  const bool means_end = why.code == upnp_error::invalid_args ||
                         why.code == upnp_error::action_failed ||
                         (why.code == 0 && answer.status == 500);
  if (means_end && !table_.rows.empty()) return {};
  if (!table_.rows.empty()) {
    return fmt::format("after {} entries it answered: {}", table_.rows.size(), why.detail);
  }
  if (!means_end) return "it does not show its table: " + why.detail;
  return "its table is empty, or it does not show it: " + why.detail;
}

/// Gives the reason when reading on is of no use.
std::optional<std::string> table_reader::take(const soap_values& values) {
  const auto row = parse_row(values, access_.from.local);
  if (!row) {
    return fmt::format("entry {} of its table names no port or no protocol", table_.rows.size());
  }
  const auto key = [](const gateway_mapping& m) {
    return std::tie(m.protocol, m.external_port, m.remote_host);
  };
  const bool repeated = std::any_of(table_.rows.begin(), table_.rows.end(),
                                    [&](const auto& known) { return key(known) == key(*row); });
  repeats_ = repeated ? repeats_ + 1 : 0;
  if (!repeated) table_.rows.push_back(*row);
  if (repeats_ < max_repeats) return std::nullopt;
  return "it repeats the same entries and comes to no end";
}

awaitable<std::string> table_reader::run() {
  for (std::size_t index = 0; table_.rows.size() < max_rows; ++index) {
    const auto answer = co_await ask(index);
    if (!answer) co_return answer.error().detail;
    if (!answer->values) co_return ended_by(*answer);
    const auto stop = take(*answer->values);
    if (stop) co_return *stop;
  }
  co_return fmt::format("only its first {} entries were read", max_rows);
}

awaitable<std::string> read_whole(const gateway_access& access, upnp_table& table,
                                  net::steady_time deadline) {
  const auto description = co_await find_igd(access, table.gateway, deadline);
  take_description(description, table.gateway);
  if (!description) co_return table.gateway.detail;
  const auto connection = co_await choose_connection(access, *description);
  take_connection(connection, table.gateway);
  table_reader reader(access, connection.service, table);
  co_return co_await reader.run();
}

}  // namespace

awaitable<upnp_table> read_upnp_table(gateway_access access, net::steady_time deadline) {
  upnp_table table;
  // The search is told to end a little earlier than it is made to, so that it can say how far it
  // came.
  const auto told = deadline - std::chrono::milliseconds(10);
  const auto why = co_await net::before(deadline, read_whole(access, table, told));
  table.incomplete_because = why.value_or(out_of_time);
  if (!why && table.gateway.state == service_state::not_tried) table.gateway.detail = out_of_time;
  co_return table;
}

}  // namespace natcheck::portmap
