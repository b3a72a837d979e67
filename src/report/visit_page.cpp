#include <fmt/format.h>

#include <algorithm>
#include <natcheck/visit_page.hpp>
#include <vector>

#include "core/canonical.hpp"
#include "report/page.hpp"
#include "report/visit_page_parts.hpp"

namespace natcheck {
namespace {

constexpr std::string_view headline = "You reached it";
constexpr std::string_view go_outside = "On a phone, turn Wi-Fi off and load again.";

std::string_view entity_of(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    default:
      return "&#39;";
  }
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (;;) {
    const auto plain = std::min(text.find_first_of("&<>\"'"), text.size());
    safe += text.substr(0, plain);
    if (plain == text.size()) return safe;
    safe += entity_of(text[plain]);
    text.remove_prefix(plain + 1);
  }
}

/// What the visitor's address proves.
std::string statement(const page_facts& facts) {
  const address seen = canonical(facts.seen.ip);
  switch (facts.location) {
    case visitor_location::outside:
      return fmt::format(
          "You came from {}, a public address: this server can be reached from outside.",
          seen.to_string());
    case visitor_location::perhaps:
      return fmt::format(
          "You came from {}, a public address, so this server can probably be reached from "
          "outside. It does not know its own external address; if you are in its network: {}",
          seen.to_string(), go_outside);
    case visitor_location::nearby:
      return fmt::format(
          "You came from {}, a public address close to the server's own, so you may be inside its "
          "network: this proves nothing about access from outside. {}",
          seen.to_string(), go_outside);
    case visitor_location::same_machine:
      return fmt::format(
          "You are on the same machine as the server: this proves nothing about access from "
          "outside. {}",
          go_outside);
    case visitor_location::same_network:
      return fmt::format(
          "You are inside the same network: this proves nothing about access from outside. {}",
          go_outside);
    case visitor_location::router:
      return fmt::format(
          "The server sees the address of its own router, not yours: you are inside the same "
          "network, or the router hides where visitors come from. This proves nothing about access "
          "from outside. {}",
          go_outside);
    case visitor_location::not_public:
      break;
  }
  return fmt::format(
      "You are inside the same network, or something on the way hides your address: {} is {}. This "
      "proves nothing about access from outside. {}",
      seen.to_string(), describe(scope_of(seen)), go_outside);
}

bool knows_outside(const page_facts& facts) {
  return facts.outside && is_public(facts.outside->ip);
}

/// The URL to try from outside; empty for a visitor from there, or where it is not known.
std::string url_for_outside(const page_facts& facts) {
  const bool there =
      facts.location == visitor_location::outside || facts.location == visitor_location::perhaps;
  if (there || !knows_outside(facts)) return {};
  return fmt::format("http://{}/", to_string(*facts.outside));
}

std::string server_words(const page_facts& facts) {
  return fmt::format("natcheck {}, instance {}", facts.version, facts.instance);
}

/// Everything before what differs from visitor to visitor.
std::string page_head() {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
      // An empty picture of its own: browsers would ask for /favicon.ico.
      "<title>{0} - natcheck</title>\n<link rel=\"icon\" href=\"data:,\">\n<style>{1}</style>\n"
      "</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
      headline, report::page_style);
}

std::string page_tail() {
  return fmt::format(
      "<h2>Echo test</h2>\n<noscript><p>The echo test needs JavaScript, which is turned off. The "
      "rest of this page works without it.</p></noscript>\n<p id=\"words\" role=\"status\" "
      "aria-live=\"polite\"></p>\n<div id=\"plot\"></div>\n<button id=\"again\" type=\"button\" "
      "hidden>Run again</button>\n</main>\n<script>{}</script>\n</body>\n</html>\n",
      report::page_script);
}

std::string item(std::string_view name, std::string_view value) {
  return fmt::format("<dt>{}</dt>\n<dd>{}</dd>\n", name, value);
}

}  // namespace

std::string to_html(const page_facts& facts) {
  static const std::string head = page_head(), tail = page_tail();
  std::string page;
  page.reserve(head.size() + tail.size() + 1024);
  page += head;
  page += fmt::format("<p class=\"said{}\">{}</p>\n<dl>\n",
                      facts.location == visitor_location::outside ? " outside" : "",
                      escaped(statement(facts)));
  page += item("Your address, as the server saw it", escaped(to_string(canonical(facts.seen))));
  page += item("Server", escaped(server_words(facts)));
  if (const auto url = escaped(url_for_outside(facts)); !url.empty()) {
    page += item("The address to try from outside", fmt::format("<a href=\"{0}\">{0}</a>", url));
  }
  page += "</dl>\n";
  page += tail;
  return page;
}

std::string to_text(const page_facts& facts) {
  constexpr std::size_t width = 78;
  std::string text = fmt::format("{}.\n\n", headline);
  for (const auto& line : report::wrap(statement(facts), width)) text += line + '\n';
  text += fmt::format("\nYour address    {}\nServer          {}\n",
                      to_string(canonical(facts.seen)), server_words(facts));
  const auto url = url_for_outside(facts);
  return url.empty() ? text : fmt::format("{}From outside    {}\n", text, url);
}

std::string_view page_policy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; style-src '{}'; script-src '{}'; connect-src 'self'; img-src data:; "
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      report::page_style_hash, report::page_script_hash);
  return policy;
}

}  // namespace natcheck
