#include "mapping/journal/journal_lines.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "core/gateway_services.hpp"

namespace natcheck::journal {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 4096;
constexpr std::size_t nonce_digits = 24;
constexpr std::string_view version_key = "natcheck-mappings";
/// No one grants more, and a sum with a date does not overflow.
constexpr std::int64_t longest_lifetime_s = 0xffffffff;

// In the order of the enumerators.
constexpr std::array<std::string_view, 2> transport_names{"tcp", "udp"};

template <class Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

// --- writing ---------------------------------------------------------------------------------

/// What tells the mapping from others.
json::object key_part(const mapping_key& record) {
  return {{"via", row_of(record.via).key},
          {"protocol", name_in(transport_names, record.protocol)},
          {"gateway", record.gateway.to_string()},
          {"internal", to_string(record.internal)},
          {"external_port", record.external_port}};
}

json::object record_part(const mapping_record& record) {
  json::object part = key_part(record);
  part["interface"] = record.interface;
  part["lifetime_s"] = record.lifetime.count();
  if (!record.nonce.empty()) part["nonce"] = record.nonce;
  if (record.description) part["description"] = *record.description;
  if (record.pinhole) part["pinhole"] = *record.pinhole;
  return part;
}

std::string line_of(const json::object& whole) { return json::serialize(whole) + "\n"; }

// --- reading ---------------------------------------------------------------------------------
// Each takes the member of that name, and is empty where it is not there or is something else.

std::optional<std::string> text_in(const json::object& part, std::string_view name) {
  const json::value* value = part.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> number_in(const json::object& part, std::string_view name,
                                      std::int64_t most) {
  const json::value* value = part.if_contains(name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  if (error || number < 0 || number > most) return std::nullopt;
  return number;
}

std::optional<std::uint16_t> port_in(const json::object& part, std::string_view name) {
  const auto number = number_in(part, name, 0xffff);
  if (!number) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

template <class Enum, std::size_t N>
std::optional<Enum> word_in(const json::object& part, std::string_view name,
                            const std::array<std::string_view, N>& names) {
  const auto found = std::ranges::find(names, text_in(part, name).value_or(""));
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

std::optional<address> address_in(const json::object& part, std::string_view name) {
  boost::system::error_code error;
  const auto read = boost::asio::ip::make_address(text_in(part, name).value_or(""), error);
  if (error) return std::nullopt;
  return read;
}

bool is_nonce(std::string_view text) {
  return text.empty() ||
         (text.size() == nonce_digits &&
          text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos);
}

std::optional<mapping_record> read_key(const json::object& part) {
  const auto via = service_called(text_in(part, "via").value_or(""));
  const auto protocol = word_in<transport>(part, "protocol", transport_names);
  const auto gateway = address_in(part, "gateway");
  const auto internal = parse_endpoint(text_in(part, "internal").value_or(""), 0);
  const auto external_port = port_in(part, "external_port");
  if (via == nullptr || !protocol || !gateway || !internal || !external_port) return std::nullopt;
  if (internal->port == 0) return std::nullopt;  // there was none
  if (gateway->is_v4() != internal->ip.is_v4()) return std::nullopt;
  mapping_record record;
  record.via = via->id;
  record.protocol = *protocol;
  record.gateway = *gateway;
  record.internal = *internal;
  record.external_port = *external_port;
  return record;
}

std::optional<mapping_record> read_record(const json::object& part) {
  auto record = read_key(part);
  const auto lifetime = number_in(part, "lifetime_s", longest_lifetime_s);
  if (!record || !lifetime) return std::nullopt;
  record->lifetime = std::chrono::seconds(*lifetime);
  record->interface = text_in(part, "interface").value_or("");
  record->nonce = text_in(part, "nonce").value_or("");
  record->description = text_in(part, "description");
  record->pinhole = port_in(part, "pinhole");
  if (!is_nonce(record->nonce)) return std::nullopt;
  return record;
}

const json::object* object_in(const json::object& whole, std::string_view name) {
  const json::value* value = whole.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

json::value parse_json(std::string_view line) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // a description is what a gateway made of it
  boost::system::error_code error;
  auto parsed = json::parse(line, error, {}, options);
  return error ? json::value(nullptr) : parsed;
}

}  // namespace

wall_time end_of(const dated_record& record) {
  if (record.record.lifetime.count() == 0) return record.at + longest_belief;
  return record.at + record.record.lifetime;
}

std::string version_line() { return line_of({{version_key, journal_version}}); }

std::string keep_line(const dated_record& record) {
  return line_of(
      {{"keep", record_part(record.record)}, {"at", record.at.time_since_epoch().count()}});
}

std::string drop_line(const mapping_record& record) {
  return line_of({{"drop", key_part(record)}});
}

void record_set::keep(const dated_record& record) {
  drop(record.record);
  records_.push_back(record);
}

void record_set::drop(const mapping_record& record) {
  std::erase_if(records_, [&](const auto& known) { return same_mapping(known.record, record); });
}

void record_set::read_line(std::string_view line) {
  if (line.size() > longest_line) return;
  const json::value whole = parse_json(line);
  const json::object* members = whole.if_object();
  if (members == nullptr) return;
  if (const auto version = number_in(*members, version_key, longest_lifetime_s)) {
    foreign_ = foreign_ || *version != journal_version;
  }
  const auto at = number_in(*members, "at", longest_lifetime_s);
  if (const auto* part = object_in(*members, "keep"); part != nullptr && at) {
    const auto record = read_record(*part);
    if (record) keep({*record, wall_time(std::chrono::seconds(*at))});
  }
  if (const auto* part = object_in(*members, "drop")) {
    const auto record = read_key(*part);
    if (record) drop(*record);
  }
}

void record_set::read(std::string_view text) {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    read_line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

void record_set::forget_ended(wall_time now) {
  std::erase_if(records_, [now](const auto& known) { return end_of(known) <= now; });
}

std::string record_set::text() const {
  std::string all = version_line();
  for (const auto& record : records_) all += keep_line(record);
  return all;
}

}  // namespace natcheck::journal
