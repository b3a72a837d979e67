#include "protocols/http/response_reader.hpp"

#include <algorithm>
#include <charconv>
#include <natcheck/causes.hpp>

#include "core/text.hpp"

namespace natcheck::http {
namespace {

constexpr std::string_view blanks = " \t";

/// Whether `line`, of which more may come, can become a status line, or an empty one before it.
bool may_be_status(std::string_view line) {
  const auto begins = [&](std::string_view word) {
    return equal_ignoring_case(line.substr(0, word.size()), word.substr(0, line.size()));
  };
  return line == "\r" || begins("HTTP") || begins("ICY");
}

/// 0: there is none.
unsigned status_in(std::string_view line) {
  const auto space = line.find_first_of(blanks);
  if (!may_be_status(line) || space == std::string_view::npos) return 0;
  const auto text = trimmed(line.substr(space));
  unsigned status = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  return error == std::errc{} && status >= 100 && status <= 999 ? status : 0;
}

/// Empty where it is no number, or none that a machine can hold.
std::optional<std::size_t> number_in(std::string_view text, int base) {
  std::size_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number, base);
  const bool is_whole = end == last || base == 16;  // behind a chunk's size stands what will
  return error == std::errc{} && is_whole ? std::optional{number} : std::nullopt;
}

bool has_no_body(unsigned status) { return status == 204 || status == 304; }

}  // namespace

void response_reader::fail(cause reason) {
  fault_ = std::move(reason);
  step_ = step::failed;
}

/// Moves bytes into `line_` up to the end of a line; false where it did not come yet.
bool response_reader::take_line(std::string_view& bytes) {
  const auto end = bytes.find('\n');
  line_ += bytes.substr(0, end);
  bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
  if (end == std::string_view::npos) return false;
  if (line_.ends_with('\r')) line_.pop_back();
  return true;
}

void response_reader::take_status(std::string_view line) {
  if (line.empty()) return;
  answer_.status = status_in(line);
  if (answer_.status == 0) return fail(cause_code::http_answer_not_http);
  step_ = step::header;
}

void response_reader::take_header(std::string_view line) {
  if (line.empty()) return end_header();
  const bool continues = blanks.find(line.front()) != std::string_view::npos;
  const auto colon = line.find(':');
  if (!continues && colon == std::string_view::npos) return;
  if (!continues) last_header_ = trimmed(line.substr(0, colon));
  const auto value = trimmed(continues ? line : line.substr(colon + 1));
  if (equal_ignoring_case(last_header_, "Content-Length")) {
    // The same once more says nothing new; another one makes it no number.
    if (length_ != value) length_ += (length_.empty() ? "" : ",") + std::string(value);
  } else if (equal_ignoring_case(last_header_, "Transfer-Encoding")) {
    coding_ += value;
  } else if (equal_ignoring_case(last_header_, "Location")) {
    answer_.location = answer_.location.value_or("") + std::string(value);
  }
}

void response_reader::end_header() {
  if (is_interim()) {
    answer_ = {};
    last_header_.clear();
    length_.clear();
    coding_.clear();
    step_ = step::start;
    return;
  }
  if (bounds_.body == 0 || has_no_body(answer_.status)) {
    step_ = step::done;
  } else if (contains_ignoring_case(coding_, "chunked")) {
    step_ = step::chunk_size;
  } else {
    step_ = step::body;
    expected_ = number_in(length_, 10);
    // What is longer than anyone reads is no length; of 0 see may_be_all().
    if (expected_ == 0U || expected_ > bounds_.body) expected_.reset();
  }
}

/// Takes what belongs to the body, or to the chunk.
void response_reader::take_body(std::string_view& bytes) {
  const auto size = std::min(bytes.size(), expected_.value_or(bytes.size()));
  answer_.body += bytes.substr(0, size);
  bytes.remove_prefix(size);
  if (expected_) *expected_ -= size;
  if (root_.reached(answer_.body)) {
    step_ = step::done;
  } else if (expected_ == 0U) {
    step_ = step_ == step::chunk ? step::chunk_size : step::done;
  }
}

/// An empty line is the end of the chunk before.
void response_reader::take_chunk_size(std::string_view& bytes) {
  if (!take_line(bytes)) return;
  const auto line = trimmed(line_);
  if (!line.empty()) {
    expected_ = number_in(line, 16);
    if (!expected_) {
      fail(cause_code::http_chunk_without_size);
    } else {
      step_ = expected_ == 0U ? step::done : step::chunk;
    }
  }
  line_.clear();
}

void response_reader::take_header_bytes(std::string_view& bytes) {
  const bool ended = take_line(bytes);
  if (step_ == step::start && !may_be_status(line_)) return fail(cause_code::http_answer_not_http);
  if (!ended) return;
  step_ == step::start ? take_status(line_) : take_header(line_);
  line_.clear();
}

void response_reader::count(std::size_t taken, std::size_t& size, std::size_t limit) {
  size += taken;
  if (size > limit && step_ != step::failed) {
    fail({cause_code::http_answer_too_long, limit / 1024});
  }
}

void response_reader::feed(std::string_view bytes) {
  while (!bytes.empty() && step_ != step::done && step_ != step::failed) {
    const auto before = bytes.size();
    if (step_ == step::start || step_ == step::header) {
      take_header_bytes(bytes);
      count(before - bytes.size(), header_size_, bounds_.header);
      continue;
    }
    step_ == step::chunk_size ? take_chunk_size(bytes) : take_body(bytes);
    count(before - bytes.size(), body_size_, bounds_.body);
  }
}

void response_reader::end() {
  if (step_ == step::start && may_be_status(line_) && !line_.empty()) take_status(line_);
  if (step_ == step::failed || step_ == step::done) return;
  if (step_ == step::start || is_interim()) return fail(cause_code::http_closed_unanswered);
  step_ = step::done;
}

std::optional<parsed<response>> response_reader::poll() {
  if (step_ == step::failed) return parse_fault{fault_};
  if (step_ == step::done) return std::move(answer_);
  return std::nullopt;
}

bool response_reader::may_be_all() const {
  if (step_ != step::body || expected_) return false;
  return !answer_.body.empty() || number_in(length_, 10) == 0U;
}

}  // namespace natcheck::http
