// What a person, or a program, sees of a running server.
#pragma once

#include <natcheck/serve.hpp>

#include "cli/live_block.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "report/serve_status.hpp"

namespace natcheck::cli {

/// JSON lines; or plain lines; or, on a terminal, lines above a block that shows how things stand,
/// and the page's address as a QR code.
class serve_screen {
 public:
  /// Both outlive it.
  serve_screen(session& here, const serve_command& command);

  void show(const serve_event& event);

 private:
  std::string told(const serve_event& event) const;
  std::string rendered(unsigned width) const;
  void show_live(const serve_event& event);
  void show_quietly(const serve_event& event) const;

  session& here_;
  const serve_command& command_;
  bool live_;
  serve_status status_;
  live_block block_;
};

}  // namespace natcheck::cli
