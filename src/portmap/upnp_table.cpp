#include "portmap/upnp_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

#include "core/text.hpp"
#include "core/timed_out.hpp"
#include "core/written_address.hpp"
#include "portmap/upnp.hpp"
#include "portmap/upnp_entry.hpp"
#include "portmap/upnp_errors.hpp"
#include "portmap/upnp_http.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

constexpr std::string_view action = "GetGenericPortMappingEntry";

/// A row that was read before: a table that changes while it is read moves a few, a gateway that
/// does not look at the index repeats one for ever.
constexpr int max_repeats = 3;
/// Rows without a port or a protocol, one after the other: a table of placeholders.
constexpr int max_placeholders = 64;
constexpr std::size_t max_named_indexes = 8;  ///< in a note

/// As the standard has it, in lower case, and for both at once.
std::vector<transport> parse_protocols(const soap_values& values) {
  const std::string name = values.find("NewProtocol").value_or("");
  if (equal_ignoring_case(name, "TCP")) return {transport::tcp};
  if (equal_ignoring_case(name, "UDP")) return {transport::udp};
  for (const char* both : {"TCP/UDP", "UDP/TCP", "TCPUDP", "TCP_UDP", "TCP&UDP", "BOTH", "ALL"}) {
    if (equal_ignoring_case(name, both)) return {transport::tcp, transport::udp};
  }
  return {};
}

/// Empty for everyone, in whatever way the gateway says so.
std::string remote_host_of(const soap_values& values) {
  auto host = values.find("NewRemoteHost").value_or("");
  const auto ip = read_written_address(host);
  if ((ip && ip->is_unspecified()) || host == "*" || equal_ignoring_case(host, "any")) host.clear();
  return host;
}

/// Empty for an answer that lacks what makes it a row.
std::vector<gateway_mapping> parse_rows(const soap_values& values, const address& self) {
  const auto external_port = port_of(values, "NewExternalPort");
  std::vector<gateway_mapping> rows;
  if (!external_port) return rows;
  for (const transport protocol : parse_protocols(values)) {
    gateway_mapping row = entry_of(values);
    row.protocol = protocol;
    row.external_port = *external_port;
    row.remote_host = remote_host_of(values);
    row.ours = row.internal_port && row.description == our_description &&
               may_lead_to(row.internal_client, self);
    rows.push_back(std::move(row));
  }
  return rows;
}

/// "1, 2 and more".
std::string named(const std::vector<std::size_t>& indexes) {
  const auto some = std::min(indexes.size(), max_named_indexes);
  const auto end = indexes.begin() + static_cast<std::ptrdiff_t>(some);
  return fmt::format("{}{}", fmt::join(indexes.begin(), end, ", "),
                     indexes.size() > some ? " and more" : "");
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
  awaitable<result<row_answer>> ask_twice(std::size_t index) const;
  std::string ended_by(const row_answer& answer) const;
  std::optional<std::string> pass_gap(std::size_t index, const row_answer& answer);
  std::optional<std::string> pass_failure(std::size_t index, const failure& why);
  std::optional<std::string> take(std::size_t index, const soap_values& values);
  std::optional<std::string> pass_placeholder(std::size_t index);
  void add(const gateway_mapping& row);
  void tell_what_was_odd();

  const gateway_access& access_;
  const wan_service& service_;
  upnp_table& table_;
  int repeats_ = 0;                    ///< in a row
  bool has_repeated_ = false;          ///< at all
  int placeholders_ = 0;               ///< in a row
  std::vector<std::size_t> odd_;       ///< the indexes of placeholders
  std::vector<std::size_t> portless_;  ///< of rows whose internal port cannot be read
  std::optional<row_answer> gap_;  ///< what the index before was answered with, if not with a row
  std::string unread_;             ///< which entry failed, and why
};

awaitable<result<row_answer>> table_reader::ask(std::size_t index) const {
  const soap_arguments which{{"NewPortMappingIndex", std::to_string(index)}};
  const auto reply = co_await post_call(access_, service_, action, which);
  if (!reply) co_return reply.error();
  co_return row_answer{reply->status,
                       read_answer(action, *reply, "reading the table of port mappings (UPnP)")};
}

/// Again where the connection broke: some gateways reset one now and then.
awaitable<result<row_answer>> table_reader::ask_twice(std::size_t index) const {
  auto answer = co_await ask(index);
  const bool again = !answer && answer.error().kind != outcome::timed_out;
  if (again) answer = co_await ask(index);
  co_return answer;
}

/// The end of the table has a code, 713, and gateways answer others there: 714, 402, 501 (seen by
/// TinyUPnP, its issue 9), and a bare HTTP 500. What is an end after a row is none before the
/// first: it may be all that this gateway ever answers.
std::string table_reader::ended_by(const row_answer& answer) const {
  const failure& why = answer.values.error();
  if (why.code == upnp_error::specified_array_index_invalid ||
      why.code == upnp_error::no_such_entry_in_array) {
    return unread_;
  }
  const bool means_end = why.code == upnp_error::invalid_args ||
                         why.code == upnp_error::action_failed ||
                         (why.code == 0 && answer.status == 500);
  if (means_end && !table_.rows.empty()) return unread_;
  if (!table_.rows.empty()) {
    return fmt::format("after {} entries it answered: {}", table_.rows.size(),
                       to_string(why.detail));
  }
  if (!means_end) return "it does not list its table: " + to_string(why.detail);
  return "its table is empty, or it does not list it: " + to_string(why.detail);
}

/// No row has this index. That is the end, unless the next index has one: some tables begin with 1,
/// some have holes. Gives the reason when reading on is of no use.
std::optional<std::string> table_reader::pass_gap(std::size_t index, const row_answer& answer) {
  if (gap_) return ended_by(*gap_);
  const bool is_end = answer.values.error().code == upnp_error::specified_array_index_invalid;
  if (is_end && index > 0) return ended_by(answer);
  gap_ = answer;
  return std::nullopt;
}

/// One entry that the gateway fails on, it may fail on for ever.
std::optional<std::string> table_reader::pass_failure(std::size_t index, const failure& why) {
  if (gap_) return ended_by(*gap_);
  const bool was_unread = !unread_.empty();
  unread_ = fmt::format("entry {} could not be read: {}", index, to_string(why.detail));
  if (was_unread || why.kind == outcome::timed_out) return unread_;
  return std::nullopt;
}

std::optional<std::string> table_reader::pass_placeholder(std::size_t index) {
  odd_.push_back(index);
  if (++placeholders_ < max_placeholders) return std::nullopt;
  return fmt::format("{} entries in a row have no port or no protocol", placeholders_);
}

void table_reader::add(const gateway_mapping& row) {
  const auto key = [](const gateway_mapping& m) {
    return std::tie(m.protocol, m.external_port, m.remote_host);
  };
  const bool repeated = std::any_of(table_.rows.begin(), table_.rows.end(),
                                    [&](const auto& known) { return key(known) == key(row); });
  repeats_ = repeated ? repeats_ + 1 : 0;
  has_repeated_ = has_repeated_ || repeated;
  if (!repeated) table_.rows.push_back(row);
}

/// Gives the reason when reading on is of no use.
std::optional<std::string> table_reader::take(std::size_t index, const soap_values& values) {
  if (gap_ && index == 1) {
    table_.notes.emplace_back("The first entry of the router's table has the index 1, not 0.");
  } else if (gap_) {
    table_.notes.push_back(
        fmt::format("The router's table has no entry {}, but has one after it.", index - 1));
  }
  gap_.reset();
  const auto rows = parse_rows(values, access_.from.local);
  if (rows.empty()) return pass_placeholder(index);
  placeholders_ = 0;
  if (!rows.front().internal_port) portless_.push_back(index);
  for (const gateway_mapping& row : rows) add(row);
  if (repeats_ < max_repeats) return std::nullopt;
  return "it repeats the same entries endlessly";
}

void table_reader::tell_what_was_odd() {
  if (!odd_.empty()) {
    table_.notes.push_back(fmt::format(
        "{} of the router's table without a port or a protocol {} left out: {}.",
        odd_.size() == 1 ? "An entry" : "Entries", odd_.size() == 1 ? "is" : "are", named(odd_)));
  }
  if (!portless_.empty()) {
    table_.notes.push_back(
        fmt::format("The internal port is unreadable in these entries of the router's table: {}.",
                    named(portless_)));
  }
  if (has_repeated_)
    table_.notes.emplace_back(
        "Some entries of the router's table appear twice; each is shown once.");
}

awaitable<std::string> table_reader::run() {
  std::optional<std::string> stop;
  for (std::size_t index = 0; !stop; ++index) {
    const auto answer = co_await ask_twice(index);
    if (!answer) {
      stop = pass_failure(index, answer.error());
    } else if (!answer->values) {
      stop = pass_gap(index, *answer);
    } else {
      stop = take(index, *answer->values);
    }
    if (!stop && table_.rows.size() >= max_rows) {
      stop = fmt::format("only its first {} entries were read", max_rows);
    }
  }
  tell_what_was_odd();
  co_return *stop;
}

awaitable<cause> read_whole(const gateway_access& access, upnp_table& table,
                            net::steady_time deadline) {
  const auto description = co_await find_igd(access, table.gateway, deadline);
  take_description(description, table.gateway);
  if (!description) co_return table.gateway.detail;
  const auto connection = co_await choose_connection(access, *description);
  take_connection(connection, table.gateway);
  co_return co_await read_rows(access, connection.service, table);
}

}  // namespace

awaitable<std::string> read_rows(const gateway_access& access, const wan_service& service,
                                 upnp_table& table) {
  table_reader reader(access, service, table);
  co_return co_await reader.run();
}

awaitable<upnp_table> read_upnp_table(gateway_access access, net::steady_time deadline) {
  upnp_table table;
  // The search is told to end a little earlier than it is made to, so that it can say how far it
  // came.
  const auto told = deadline - std::chrono::milliseconds(10);
  const auto why = co_await net::with_deadline(deadline, read_whole(access, table, told));
  table.incomplete_because = why.value_or(timed_out::before_whole_table);
  if (!why && table.gateway.state == service_state::not_tried)
    table.gateway.detail = timed_out::before_whole_table;
  co_return table;
}

}  // namespace natcheck::portmap
