// Reads the HTTP answers of devices that were only ever tried with browsers and miniupnpc. Pure.
#pragma once

#include <cstddef>
#include <natcheck/cause.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/http/xml_end.hpp"
#include "protocols/parsed.hpp"

namespace natcheck::http {

struct response {
  unsigned status = 0;  ///< 100 to 999; never an interim one (1xx) but 101
  std::string body;     ///< without the chunks' frames
  std::optional<std::string> location = std::nullopt;  ///< the Location header, as it came
};

struct response_bounds {
  std::size_t header = 0;  ///< bytes, those of interim answers included
  std::size_t body = 0;    ///< bytes on the wire, chunks' frames included; 0: the header will do
};

/// Is fed what comes, byte by byte or at once, and polled. Far more lenient than RFC 9112:
///
/// - A line ends with LF, with or without CR. Empty lines before the status line are skipped, and
///   so are interim answers.
/// - The status line needs "HTTP" or "ICY", in any case, and a number. The version does not matter.
/// - Header lines that are none are skipped; there may be blanks before the colon.
/// - Chunks come before a length. A length that is missing, 0, contradictory or no number tells
///   nothing: the body ends with the connection, or as every XML does: with its root element.
/// - A body that is cut off is taken as it is.
class response_reader {
 public:
  explicit response_reader(response_bounds bounds) : bounds_(bounds) {}

  void feed(std::string_view bytes);
  /// The other side says nothing more.
  void end();
  /// Empty while more has to come. To be taken once.
  std::optional<parsed<response>> poll();

  /// Whether any byte came.
  bool began() const { return header_size_ > 0; }
  /// Whether nothing says that more has to come: if the other side pauses now, this may be all.
  bool may_be_all() const;

 private:
  enum class step { start, header, body, chunk_size, chunk, done, failed };

  void take_header_bytes(std::string_view& bytes);
  bool take_line(std::string_view& bytes);
  void take_status(std::string_view line);
  void take_header(std::string_view line);
  void end_header();
  void take_body(std::string_view& bytes);
  void take_chunk_size(std::string_view& bytes);
  /// Of the bytes on the wire, against their limit.
  void count(std::size_t taken, std::size_t& size, std::size_t limit);
  void fail(cause reason);
  bool is_interim() const { return answer_.status < 200 && answer_.status != 101; }

  response_bounds bounds_;
  step step_ = step::start;
  response answer_;
  cause fault_;
  std::string line_;         ///< that has no end yet
  std::string last_header_;  ///< what a folded line continues
  std::string length_;       ///< Content-Length, as it came; several are joined
  std::string coding_;       ///< Transfer-Encoding, as it came
  std::size_t header_size_ = 0;
  std::size_t body_size_ = 0;            ///< on the wire
  std::optional<std::size_t> expected_;  ///< of the body, or of this chunk: bytes still to come
  xml_end root_;
};

}  // namespace natcheck::http
