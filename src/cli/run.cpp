#include "cli/run.hpp"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>

#include "cli/discover_screen.hpp"
#include "cli/exit_codes.hpp"
#include "cli/help.hpp"
#include "cli/interfaces.hpp"
#include "cli/output.hpp"
#include "cli/results.hpp"
#include "cli/serve_screen.hpp"
#include "cli/session.hpp"
#include "report/printable.hpp"

namespace natcheck::cli {
namespace {

int number_of(exit_code code) { return static_cast<int>(code); }

/// The message of a log line as a terminal may have it: devices have a word in some of them.
class printable_message : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& line, const std::tm&,
              spdlog::memory_buf_t& out) override {
    const auto text = report::printable({line.payload.data(), line.payload.size()}, true);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<printable_message>();
  }
};

void set_up_log(const common_options& options) {
  using enum spdlog::level::level_enum;
  static constexpr std::array levels = {warn, debug, trace};
  auto logger = spdlog::stderr_logger_mt("natcheck");
  auto form = std::make_unique<spdlog::pattern_formatter>();
  form->add_flag<printable_message>('*').set_pattern("%H:%M:%S.%e %l: %*");
  logger->set_formatter(std::move(form));
  const auto index = std::min<std::size_t>(options.verbosity, levels.size() - 1);
  logger->set_level(options.quiet && index == 0 ? err : levels[index]);
  spdlog::set_default_logger(std::move(logger));
}

int fail(const failure& reason) {
  complain(to_string(reason));
  return number_of(reason.kind == outcome::invalid ? exit_code::usage : exit_code::fault);
}

/// The code of a command that ended by itself, unless its result could not be written.
int finish(const session& here, exit_code code) {
  return number_of(here.output_failed() ? exit_code::fault : code);
}

/// As a shell reports a program that a signal ended; SIGPIPE is what a reader that left amounts to.
int interrupted(const session& here) {
  if (here.output_failed()) return number_of(exit_code::fault);
  return 128 + (here.signal() != 0 ? here.signal() : SIGPIPE);
}

std::string shown(const common_options& common, const discover_report& found,
                  const text_style& style) {
  if (common.json) return to_json(found);
  return common.quiet ? short_text(found) : to_text(found, style);
}

int run_command(const discover_command& command) {
  session here(command.common);
  discover_screen screen(here, command);
  screen.wait_for(waiting_text(command.options));
  discover_options options = command.options;
  options.answer_only = command.common.quiet && !command.common.json;
  options.on_evidence = screen.observer();
  options.on_progress = [&](std::string_view what) { screen.wait_for(std::string(what)); };
  const auto report = here.run(discover(std::move(options)));
  if (!report || here.stopped()) return interrupted(here);
  if (report->has_error()) return fail(report->error());
  const discover_report& found = report->value();
  screen.print(shown(command.common, command.redact ? redacted(found) : found, here.style()));
  return finish(here, exit_code_of(found.judged.answer));
}

/// The commands on mappings: each has one report.
template <class Report>
int run_mappings(const common_options& common, const char* waiting_for,
                 boost::asio::awaitable<result<Report>> work) {
  session here(common);
  here.waiting().begin(waiting_for);
  const auto report = here.run(std::move(work));
  if (!report || here.stopped()) return interrupted(here);
  if (report->has_error()) return fail(report->error());
  const Report& found = report->value();
  if (common.json) {
    here.print(to_json(found));
  } else if (!common.quiet) {
    here.print(to_text(found, here.style()));
  }
  return finish(here, exit_code_of(found.judged.answer));
}

int run_command(const mappings_command& command) {
  return run_mappings(command.common, "asking the router for its port mappings",
                      list_mappings(command.options));
}

int run_command(const add_command& command) {
  return run_mappings(command.common, "asking the router to open the port",
                      add_mappings(command.options));
}

int run_command(const remove_command& command) {
  return run_mappings(command.common, "asking the router to close the port",
                      remove_mappings(command.options));
}

int run_command(const clean_command& command) {
  return run_mappings(command.common, "asking the router to close the ports that natcheck opened",
                      clean_mappings(command.options));
}

/// A fault of this machine is no answer of anyone else.
exit_code code_of(const probe_report& report) {
  const auto& seen = report.evidence.handshakes;
  const bool asked = std::ranges::none_of(seen, &handshake_evidence::machine_fault);
  if (!asked && report.judged.main.code == verdict_code::inconclusive) return exit_code::fault;
  return exit_code_of(report.judged.answer);
}

void show(session& here, const common_options& common, const probe_report& report) {
  if (common.json) return here.print(to_json(report));
  if (!common.quiet) here.print(to_text(report, here.style()));
}

int run_command(const probe_command& command) {
  const common_options& common = command.common;
  const probe_options& options = command.options;
  const bool shows_each = options.count > 1 && !common.json && !common.quiet;
  session here(common);
  const std::string waiting = fmt::format("asking {:.60}", options.host);
  std::vector<handshake_evidence> done;
  const auto on_handshake = [&](const handshake_evidence& handshake) {
    done.push_back(handshake);
    const auto number = static_cast<unsigned>(done.size());
    if (shows_each) here.print(to_text(handshake, number, here.style()));
    if (number < options.count) here.waiting().begin(waiting);
  };
  here.waiting().begin(waiting);
  auto report = here.run(probe(options, on_handshake));
  if (report && report->problem) return fail(*report->problem);
  if (!report && !done.empty()) report = report_of_ended(options, std::move(done));
  if (report) show(here, common, *report);
  if (!report || here.stopped()) return interrupted(here);
  return finish(here, code_of(*report));
}

int run_command(const serve_command& command) {
  session here(command.common);
  serve_screen screen(here, command);
  const auto ended =
      here.run(serve(command.options, [&](const serve_event& event) { screen.show(event); }));
  const bool as_asked =
      !ended || ended->has_value() || (here.stopped() && ended->error().kind == outcome::cancelled);
  if (as_asked) return finish(here, exit_code::yes);
  const int code = fail(ended->error());
  return ended->error().kind == outcome::refused ? number_of(exit_code::no) : code;
}

int run_command(const help_request& request) {
  const std::string text = help_text(request.about);
  if (!request.asked_for) {
    fmt::print(stderr, "{}", text);
    return number_of(exit_code::usage);
  }
  const auto written = output().write(text);
  return number_of(written == output::state::failed ? exit_code::fault : exit_code::yes);
}

int run_command(const version_request&) {
  const auto written = output().write(fmt::format("natcheck {}\n", version()));
  return number_of(written == output::state::failed ? exit_code::fault : exit_code::yes);
}

int run_command(const usage_error& error) {
  complain(error.message);
  return number_of(exit_code::usage);
}

/// What the commands have in common before they run.
template <class Command>
int prepare_and_run(const Command& command) {
  const std::string wrong = wrong_interface(command.options.interface, interface_names());
  if (!wrong.empty()) return run_command(usage_error{wrong});
  set_up_log(command.common);
  return run_command(command);
}

}  // namespace

int run(const parsed_command& command) {
  return std::visit(
      [](const auto& chosen) {
        if constexpr (requires { chosen.common; }) {
          return prepare_and_run(chosen);
        } else {
          return run_command(chosen);
        }
      },
      command);
}

}  // namespace natcheck::cli
