#include "protocols/greeting/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <natcheck/causes.hpp>
#include <vector>

#include "core/canonical.hpp"
#include "protocols/parsed.hpp"

namespace natcheck::greeting {
namespace {

constexpr std::string_view introducer = " natcheck/";
constexpr std::uint32_t max_ttl = 255;
constexpr std::uint32_t max_seq = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t plain_size = plain_question.size();
static_assert(plain_reply.size() == plain_size);

std::string_view plain_form(const question&) { return plain_question; }
std::string_view plain_form(const reply&) { return plain_reply; }

// --- writing -------------------------------------------------------------------------------

void append(std::string& line, std::string_view key, std::string_view value) {
  if (!value.empty()) line += fmt::format(" {}={}", key, value);
}

void append(std::string& line, std::string_view key, const std::optional<endpoint>& value) {
  if (value) append(line, key, to_string(canonical(*value)));
}

void append(std::string& line, std::string_view key, const std::optional<std::uint32_t>& value) {
  if (value) append(line, key, std::to_string(*value));
}

std::string_view word_for(translation value) {
  return value == translation::direct ? "direct" : "mapped";
}

std::string_view word_for(proximity value) {
  return value == proximity::network ? "network" : "gateway";
}

// --- reading -------------------------------------------------------------------------------

struct field {
  std::string_view key;
  std::string_view value;
};

using fields = std::vector<field>;

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_value(std::string_view text) {
  return !text.empty() && text.size() <= max_value &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// Any version is read alike, so that a later one can add keys and still be understood.
bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Cuts the text before the first space off, and the space.
std::string_view take_word(std::string_view& text) {
  const auto space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  text.remove_prefix(std::min(space + 1, text.size()));
  return word;
}

/// Reads "1 key=value key=value".
parsed<fields> parse_fields(std::string_view text) {
  if (text.ends_with(' ')) return parse_fault{cause_code::trailing_space};
  if (!is_version(take_word(text))) return parse_fault{cause_code::no_version_number};
  fields all;
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    const auto equals = std::min(word.find('='), word.size());
    const field one{word.substr(0, equals), word.substr(std::min(equals + 1, word.size()))};
    if (!is_key(one.key)) return parse_fault{cause_code::invalid_key};
    if (!is_value(one.value)) return parse_fault{{cause_code::invalid_value, one.key}};
    all.push_back(one);
  }
  return all;
}

/// Of a repeated key the first counts. Empty when the key is not there: no value is empty.
std::string_view find(const fields& all, std::string_view key) {
  const auto match =
      std::find_if(all.begin(), all.end(), [&](const field& f) { return f.key == key; });
  return match == all.end() ? std::string_view{} : match->value;
}

bool read(std::string_view text, std::optional<endpoint>& out) {
  if (text.empty()) return true;
  // The library would look a zone up among this machine's interfaces.
  if (text.find('%') != std::string_view::npos) return false;
  out = parse_endpoint(text, 0);
  return out && out->port != 0;
}

bool read(std::string_view text, std::uint32_t most, std::optional<std::uint32_t>& out) {
  if (text.empty()) return true;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return false;
  out = value;
  return true;
}

/// A word that is not known yet says nothing.
template <class Known>
std::optional<Known> read_word(std::string_view text, std::initializer_list<Known> all) {
  for (const Known known : all) {
    if (text == word_for(known)) return known;
  }
  return std::nullopt;
}

/// Gives what is wrong, or nothing.
cause decode(const fields& all, question& out) {
  out.session = find(all, "session");
  out.nonce = find(all, "nonce");
  if (!read(find(all, "to"), out.to)) return {cause_code::invalid_value, "to"};
  if (!read(find(all, "echo"), max_echo, out.echo)) return {cause_code::invalid_value, "echo"};
  if (!read(find(all, "seq"), max_seq, out.seq)) return {cause_code::invalid_value, "seq"};
  return {};
}

cause decode(const fields& all, reply& out) {
  out.session = find(all, "session");
  out.nonce = find(all, "nonce");
  out.instance = find(all, "instance");
  out.version = find(all, "version");
  out.path = read_word(find(all, "path"), {translation::direct, translation::mapped});
  out.near = read_word(find(all, "near"), {proximity::network, proximity::gateway});
  // One that is not understood counts as missing, as the words do.
  static_cast<void>(read(find(all, "ttl"), max_ttl, out.ttl));
  if (!read(find(all, "seen"), out.seen)) return {cause_code::invalid_value, "seen"};
  if (!read(find(all, "seq"), max_seq, out.seq)) return {cause_code::invalid_value, "seq"};
  return {};
}

template <class Message>
parsed<Message> decode(std::string_view text) {
  const auto all = parse_fields(text);
  if (!all) return all.error();
  Message message;
  cause fault = decode(*all, message);
  if (!fault.empty()) return parse_fault{std::move(fault)};
  return message;
}

/// What an unfinished line amounts to.
reading classify(std::string_view received, std::string_view plain) {
  if (received.size() < plain_size) {
    return plain.starts_with(received) ? reading::incomplete : reading::foreign;
  }
  const std::string_view extension = received.substr(plain_size);
  if (extension.empty()) return received == plain ? reading::plain : reading::foreign;
  const std::string_view begin = extension.substr(0, introducer.size());
  return introducer.starts_with(begin) ? reading::plain_more : reading::plain;
}

}  // namespace

std::string encode(const question& value) {
  std::string line = fmt::format("{}{}1", plain_question, introducer);
  append(line, "session", value.session);
  append(line, "nonce", value.nonce);
  append(line, "seq", value.seq);
  append(line, "to", value.to);
  append(line, "echo", value.echo);
  return line + '\n';
}

std::string encode_extension(const reply& value) {
  std::string line = fmt::format("{}1", introducer);
  append(line, "session", value.session);
  append(line, "nonce", value.nonce);
  append(line, "seq", value.seq);
  append(line, "seen", value.seen);
  append(line, "instance", value.instance);
  append(line, "version", value.version);
  if (value.path) append(line, "path", word_for(*value.path));
  if (value.near) append(line, "near", word_for(*value.near));
  append(line, "ttl", value.ttl);
  return line + '\n';
}

std::string encode(const reply& value) {
  return std::string(plain_reply) + encode_extension(value);
}

translation path_between(const endpoint& to, const endpoint& local) {
  return canonical(to) == canonical(local) ? translation::direct : translation::mapped;
}

template <class Message>
bool reader<Message>::settled() const {
  // "Hello, server!\n" is what netcat sends: plain, and no extension can follow any more.
  const bool plain_for_good = state_ == reading::plain && received_.size() > plain_size;
  return plain_for_good || state_ == reading::foreign || state_ == reading::malformed;
}

template <class Message>
reading reader<Message>::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && state_ != reading::extended) take(bytes[used++]);
  surplus_ = bytes.substr(used);
  return state_;
}

template <class Message>
void reader<Message>::take(char c) {
  if (settled()) {
    if (received_.size() < max_shown) received_ += c;
    return;
  }
  received_ += c;
  state_ = classify(received_, plain_form(value_));
  if (state_ != reading::plain_more) return;
  if (c == '\n') {
    finish_line();
  } else if (received_.size() == max_line) {
    state_ = reading::malformed;
    fault_ = {cause_code::line_too_long, max_line};
  }
}

template <class Message>
void reader<Message>::finish_line() {
  std::string_view text = received_;
  text.remove_prefix(plain_size + introducer.size());
  text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  auto message = decode<Message>(text);
  if (message) {
    state_ = reading::extended;
    value_ = std::move(*message);
  } else {
    state_ = reading::malformed;
    fault_ = std::move(message.error().reason);
  }
}

template <class Message>
std::string_view reader<Message>::seen_bytes() const {
  return std::string_view(received_).substr(0, max_shown);
}

template class reader<question>;
template class reader<reply>;

void copy_facts(const reply& said, handshake_evidence& evidence) {
  evidence.seen_as = said.seen;
  evidence.path = said.path;
  evidence.near = said.near;
  evidence.ttl = said.ttl;
  if (!said.version.empty()) evidence.server_version = said.version;
  if (!said.instance.empty()) evidence.server_instance = said.instance;
}

}  // namespace natcheck::greeting
