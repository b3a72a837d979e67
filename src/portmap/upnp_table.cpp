#include "portmap/upnp_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <tuple>

#include "core/text.hpp"
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
std::vector<table_entry> parse_rows(const soap_values& values, const address& self) {
  const auto external_port = port_of(values, "NewExternalPort");
  std::vector<table_entry> rows;
  if (!external_port) return rows;
  for (const transport protocol : parse_protocols(values)) {
    table_entry row = entry_of(values);
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

/// The gateway has answered: the connection did not fail.
bool is_answer(const failure& why) {
  return why.code != 0 || why.detail.code == cause_code::http_status ||
         why.detail.code == cause_code::upnp_answer_empty ||
         why.detail.code == cause_code::upnp_answer_not_upnp;
}

/// Reads the table of one WAN connection into `table`.
class table_reader {
 public:
  table_reader(const gateway_access& access, const wan_service& service, upnp_table& table)
      : access_(access), service_(service), table_(table) {}

  /// Why the table was not read to its end; none when it was.
  awaitable<cause> run();

 private:
  using stop = std::optional<cause>;  ///< why reading on is of no use

  awaitable<result<soap_values>> ask(std::size_t index) const;
  cause ended_by(const failure& answer) const;
  stop pass_gap(std::size_t index, const failure& answer);
  stop pass_failure(std::size_t index, const failure& why);
  stop take(std::size_t index, const soap_values& values);
  stop pass_placeholder(std::size_t index);
  void add(const table_entry& row);
  void tell_what_was_odd();

  const gateway_access& access_;
  const wan_service& service_;
  upnp_table& table_;
  int repeats_ = 0;                    ///< in a row
  bool has_repeated_ = false;          ///< at all
  int placeholders_ = 0;               ///< in a row
  std::vector<std::size_t> odd_;       ///< the indexes of placeholders
  std::vector<std::size_t> portless_;  ///< of rows whose internal port cannot be read
  std::optional<failure> gap_;  ///< what the index before was answered with, if not with a row
  cause unread_;                ///< which entry failed, and why
};

/// Again where the connection broke: some gateways reset one now and then.
awaitable<result<soap_values>> table_reader::ask(std::size_t index) const {
  const soap_arguments which{{"NewPortMappingIndex", std::to_string(index)}};
  auto answer = co_await call_service(access_, service_, action, which);
  const bool again =
      !answer && !is_answer(answer.error()) && answer.error().kind != outcome::timed_out;
  if (again) answer = co_await call_service(access_, service_, action, which);
  co_return answer;
}

/// The end of the table has a code, 713, and gateways answer others there: 714, 402, 501 (seen by
/// TinyUPnP, its issue 9), and a bare HTTP 500. What is an end after a row is none before the
/// first: it may be all that this gateway ever answers.
cause table_reader::ended_by(const failure& answer) const {
  if (answer.code == upnp_error::specified_array_index_invalid ||
      answer.code == upnp_error::no_such_entry_in_array) {
    return unread_;
  }
  const bool means_end = answer.code == upnp_error::invalid_args ||
                         answer.code == upnp_error::action_failed ||
                         answer.detail == cause(cause_code::http_status, 500);
  const auto rows = table_.rows.size();
  if (means_end && rows > 0) return unread_;
  if (rows > 0) return {cause_code::table_stopped_after, rows, answer.detail};
  return {means_end ? cause_code::table_empty_or_not_listed : cause_code::table_not_listed,
          answer.detail};
}

/// No row has this index. That is the end, unless the next index has one: some tables begin with 1,
/// some have holes.
table_reader::stop table_reader::pass_gap(std::size_t index, const failure& answer) {
  if (gap_) return ended_by(*gap_);
  if (answer.code == upnp_error::specified_array_index_invalid && index > 0) {
    return ended_by(answer);
  }
  gap_ = answer;
  return std::nullopt;
}

/// One entry that the gateway fails on, it may fail on for ever.
table_reader::stop table_reader::pass_failure(std::size_t index, const failure& why) {
  if (is_answer(why)) return pass_gap(index, why);
  if (gap_) return ended_by(*gap_);
  const bool was_unread = !unread_.empty();
  unread_ = {cause_code::table_entry_unreadable, index, why.detail};
  return was_unread || why.kind == outcome::timed_out ? stop(unread_) : std::nullopt;
}

table_reader::stop table_reader::pass_placeholder(std::size_t index) {
  odd_.push_back(index);
  if (++placeholders_ < max_placeholders) return std::nullopt;
  return cause(cause_code::table_of_placeholders, placeholders_);
}

void table_reader::add(const table_entry& row) {
  const auto key = [](const table_entry& m) {
    return std::tie(m.protocol, m.external_port, m.remote_host);
  };
  const bool repeated = std::any_of(table_.rows.begin(), table_.rows.end(),
                                    [&](const auto& known) { return key(known) == key(row); });
  repeats_ = repeated ? repeats_ + 1 : 0;
  has_repeated_ = has_repeated_ || repeated;
  if (!repeated) table_.rows.push_back(row);
}

table_reader::stop table_reader::take(std::size_t index, const soap_values& values) {
  if (gap_ && index == 1) {
    table_.notes.emplace_back(cause_code::table_begins_with_1);
  } else if (gap_) {
    table_.notes.emplace_back(cause_code::table_lacks_entry, index - 1);
  }
  gap_.reset();
  const auto rows = parse_rows(values, access_.from.local);
  if (rows.empty()) return pass_placeholder(index);
  placeholders_ = 0;
  if (!rows.front().internal_port) portless_.push_back(index);
  for (const table_entry& row : rows) add(row);
  if (repeats_ >= max_repeats) return cause(cause_code::table_repeats);
  if (table_.rows.size() < max_rows) return std::nullopt;
  return cause(cause_code::table_too_long, max_rows);
}

void table_reader::tell_what_was_odd() {
  const auto note = [&](bool holds, const cause& what) {
    if (holds) table_.notes.push_back(what);
  };
  note(!odd_.empty(), {cause_code::table_entries_left_out, named(odd_)});
  note(!portless_.empty(), {cause_code::table_ports_unreadable, named(portless_)});
  note(has_repeated_, cause_code::table_entries_twice);
}

awaitable<cause> table_reader::run() {
  stop why;
  for (std::size_t index = 0; !why; ++index) {
    const auto answer = co_await ask(index);
    why = answer ? take(index, *answer) : pass_failure(index, answer.error());
  }
  tell_what_was_odd();
  co_return *why;
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

awaitable<cause> read_rows(const gateway_access& access, const wan_service& service,
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
  table.incomplete_because = why.value_or(cause_code::table_not_read_in_time);
  if (!why && table.gateway.state == service_state::not_tried)
    table.gateway.detail = cause_code::table_not_read_in_time;
  co_return table;
}

}  // namespace natcheck::portmap
