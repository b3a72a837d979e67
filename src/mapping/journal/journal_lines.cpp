#include "mapping/journal/journal_lines.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <tuple>

namespace natcheck::journal {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 4096;
constexpr std::size_t nonce_digits = 24;
constexpr std::string_view version_key = "natcheck-mappings";
/// No one grants more, and a sum with a date does not overflow.
constexpr std::int64_t longest_lifetime_s = 0xffffffff;

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> via_names{"pcp", "nat-pmp", "upnp"};
constexpr std::array<std::string_view, 2> transport_names{"tcp", "udp"};

template <class Enum, std::size_t N>
std::string_view name_in(const std::array<std::string_view, N>& names, Enum value) {
  return names.at(static_cast<std::size_t>(value));
}

// --- writing ---------------------------------------------------------------------------------

/// What tells the mapping from others.
json::object key_part(const mapping_claim& claim) {
  return {{"via", name_in(via_names, claim.via)},
          {"protocol", name_in(transport_names, claim.protocol)},
          {"gateway", claim.gateway.to_string()},
          {"internal", to_string(claim.internal)},
          {"external_port", claim.external_port}};
}

json::object claim_part(const mapping_claim& claim) {
  json::object part = key_part(claim);
  part["interface"] = claim.interface;
  part["lifetime_s"] = claim.lifetime.count();
  if (!claim.nonce.empty()) part["nonce"] = claim.nonce;
  if (claim.description) part["description"] = *claim.description;
  if (claim.pinhole) part["pinhole"] = *claim.pinhole;
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

std::optional<mapping_claim> read_key(const json::object& part) {
  const auto via = word_in<mapping_protocol>(part, "via", via_names);
  const auto protocol = word_in<transport>(part, "protocol", transport_names);
  const auto gateway = address_in(part, "gateway");
  const auto internal = parse_endpoint(text_in(part, "internal").value_or(""), 0);
  const auto external_port = port_in(part, "external_port");
  if (!via || !protocol || !gateway || !internal || !external_port) return std::nullopt;
  if (internal->port == 0) return std::nullopt;  // there was none
  if (gateway->is_v4() != internal->ip.is_v4()) return std::nullopt;
  mapping_claim claim;
  claim.via = *via;
  claim.protocol = *protocol;
  claim.gateway = *gateway;
  claim.internal = *internal;
  claim.external_port = *external_port;
  return claim;
}

std::optional<mapping_claim> read_claim(const json::object& part) {
  auto claim = read_key(part);
  const auto lifetime = number_in(part, "lifetime_s", longest_lifetime_s);
  if (!claim || !lifetime) return std::nullopt;
  claim->lifetime = std::chrono::seconds(*lifetime);
  claim->interface = text_in(part, "interface").value_or("");
  claim->nonce = text_in(part, "nonce").value_or("");
  claim->description = text_in(part, "description");
  claim->pinhole = port_in(part, "pinhole");
  if (!is_nonce(claim->nonce)) return std::nullopt;
  return claim;
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

bool same_mapping(const mapping_claim& a, const mapping_claim& b) {
  const auto key = [](const mapping_claim& c) {
    return std::tie(c.via, c.protocol, c.gateway, c.internal);
  };
  if (key(a) != key(b)) return false;
  return a.via != mapping_protocol::upnp || a.external_port == b.external_port;
}

wall_time end_of(const dated_claim& claim) {
  if (claim.claim.lifetime.count() == 0) return claim.at + longest_belief;
  return claim.at + claim.claim.lifetime;
}

std::string version_line() { return line_of({{version_key, journal_version}}); }

std::string keep_line(const dated_claim& claim) {
  return line_of({{"keep", claim_part(claim.claim)}, {"at", claim.at.time_since_epoch().count()}});
}

std::string drop_line(const mapping_claim& claim) { return line_of({{"drop", key_part(claim)}}); }

void ledger::keep(const dated_claim& claim) {
  drop(claim.claim);
  claims_.push_back(claim);
}

void ledger::drop(const mapping_claim& claim) {
  std::erase_if(claims_, [&](const auto& known) { return same_mapping(known.claim, claim); });
}

void ledger::read_line(std::string_view line) {
  if (line.size() > longest_line) return;
  const json::value whole = parse_json(line);
  const json::object* members = whole.if_object();
  if (members == nullptr) return;
  if (const auto version = number_in(*members, version_key, longest_lifetime_s)) {
    foreign_ = foreign_ || *version != journal_version;
  }
  const auto at = number_in(*members, "at", longest_lifetime_s);
  if (const auto* part = object_in(*members, "keep"); part != nullptr && at) {
    const auto claim = read_claim(*part);
    if (claim) keep({*claim, wall_time(std::chrono::seconds(*at))});
  }
  if (const auto* part = object_in(*members, "drop")) {
    const auto claim = read_key(*part);
    if (claim) drop(*claim);
  }
}

void ledger::read(std::string_view text) {
  for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    read_line(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
}

void ledger::forget_ended(wall_time now) {
  std::erase_if(claims_, [now](const auto& known) { return end_of(known) <= now; });
}

std::string ledger::text() const {
  std::string all = version_line();
  for (const auto& claim : claims_) all += keep_line(claim);
  return all;
}

}  // namespace natcheck::journal
