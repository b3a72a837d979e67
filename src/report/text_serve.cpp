#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>
#include <natcheck/report.hpp>

#include "core/units.hpp"
#include "report/names.hpp"
#include "report/page.hpp"

namespace natcheck {
namespace {

using report::page;
using report::words_for;

constexpr std::size_t indent = 12;
constexpr std::size_t time_indent = 10;

std::string outside(const mapping& entry) {
  if (!entry.external_address) return fmt::format("port {} of the router", entry.external_port);
  return to_string(endpoint{*entry.external_address, entry.external_port});
}

/// One event on a page; the overloads are in the order of the variant.
class writer {
 public:
  writer(page& out, std::chrono::system_clock::time_point at) : out_(out), at_(at) {}

  void operator()(const events::listening& e) {
    out_.paragraph("Listening", fmt::format("{} ({})", to_string(e.local), words_for(e.protocol)),
                   indent);
  }

  void operator()(const events::mapped& e) { announce("Mapped", e.entry, e.probe_command); }

  void operator()(const events::map_not_needed& e) {
    out_.paragraph("No NAT",
                   "this machine itself has " + e.external.ip.to_string() +
                       ", a public address; nothing has to be mapped",
                   indent);
    ask(e.probe_command);
  }

  void operator()(const events::map_failed& e) { out_.judgement(e.judged.main, answer::no); }

  void operator()(const events::greeted& e) {
    const auto what = e.spoken == dialect::plain
                          ? std::string("plain greeting")
                          : fmt::format("greeted, {} echoed", counted(e.bytes, "byte"));
    timed(fmt::format("reached from {}: {}, {}", to_string(e.peer), what, in_ms(e.duration)));
  }

  void operator()(const events::rejected& e) {
    timed(fmt::format("turned away {}: {}", to_string(e.peer), e.reason));
  }

  void operator()(const events::renewed& e) {
    timed(
        fmt::format("mapping of {} renewed for {}", outside(e.entry), words_for(e.entry.lifetime)));
  }

  void operator()(const events::mapping_lost& e) {
    timed(fmt::format("mapping of {} lost: {}", outside(e.entry), e.reason));
  }

  void operator()(const events::remapped& e) {
    timed("the mapping is there again, as follows");
    announce("Mapped", e.entry, e.probe_command);
  }

  void operator()(const events::unmapped& e) {
    if (e.removed) return out_.paragraph("Closed", outside(e.entry) + " on the router", indent);
    out_.paragraph("Not closed",
                   fmt::format("{}: {}; it ends by itself within {}", outside(e.entry), e.detail,
                               words_for(e.entry.lifetime)),
                   indent);
  }

  void operator()(const events::stopped& e) {
    out_.paragraph(
        "Stopped",
        fmt::format("after {}: {} greeted, {} turned away",
                    words_for(std::chrono::duration_cast<std::chrono::seconds>(e.uptime)),
                    counted(e.greeted, "visitor"), e.rejected),
        indent);
  }

 private:
  void timed(const std::string& text) {
    const auto seconds = std::chrono::system_clock::to_time_t(at_);
    std::tm local{};
    localtime_r(&seconds, &local);
    out_.paragraph(fmt::format("{:%H:%M:%S}", local), text, time_indent);
  }

  // A mapping proves nothing by itself; only a greeting from outside does, so one is asked for.
  void announce(const char* head, const mapping& entry, const std::string& command) {
    out_.paragraph(
        head,
        fmt::format("{} {} {}", outside(entry), out_.glyph("→", "->"), to_string(entry.internal)),
        indent);
    out_.paragraph("",
                   fmt::format("by {}, {}for {}, renewed while this runs", words_for(entry.via),
                               entry.verified ? "read back, " : "", words_for(entry.lifetime)),
                   indent);
    if (entry.external_address && !is_public(*entry.external_address)) {
      return warn(*entry.external_address);
    }
    ask(command);
  }

  void ask(const std::string& command) {
    out_.paragraph("Ask somebody outside to run", command, 30);
  }

  void warn(const address& external) {
    out_.paragraph("Careful",
                   fmt::format("{} is not a public address, but {}: as it stands, the Internet "
                               "cannot reach it. natcheck discover tells what is in the way.",
                               external.to_string(), describe(scope_of(external))),
                   indent);
  }

  page& out_;
  std::chrono::system_clock::time_point at_;
};

}  // namespace

std::string to_text(const serve_event& event, const text_style& style) {
  page out(style);
  std::visit(writer(out, event.at), event.what);
  return out.text();
}

}  // namespace natcheck
