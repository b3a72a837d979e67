// The fixed parts of the page: its style and its script, and their hashes for the page's
// Content-Security-Policy. The browser test computes the hashes from the page and says which ones
// are right; with wrong ones a browser neither styles the page nor runs the script.
#pragma once

#include <string_view>

namespace natcheck::report {

// Colours have a contrast of 4.5:1 at least in both themes (WCAG 2.1, 1.4.3).
inline constexpr std::string_view page_style = R"(
:root{color-scheme:light dark;--ink:#1b1f24;--dim:#57606a;--paper:#fff;--line:#d0d7de;--good:#116329;--careful:#8a4600;--blue:#0550ae}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#9aa4af;--paper:#0d1117;--line:#3d444d;--good:#56d364;--careful:#e3b341;--blue:#79c0ff}}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
main{max-width:36rem;margin:0 auto;padding:1rem}
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}
h2{font-size:1.2rem;margin:1.5rem 0 .25rem}
p{margin:.5rem 0}
.said{border-left:.3rem solid var(--careful);padding-left:.75rem}
.outside{border-color:var(--good)}
a{color:var(--blue)}
dt{color:var(--dim);margin-top:.5rem}
dd{margin:0;font-family:ui-monospace,monospace;overflow-wrap:anywhere}
svg{display:block;width:100%;height:auto;font-size:11px;fill:var(--dim)}
polyline{fill:none;stroke:var(--blue);stroke-width:1.5}
circle{fill:var(--blue)}
.axis{stroke:var(--line)}
button{font:inherit;padding:.6rem 1rem;border:1px solid var(--line);border-radius:.4rem;background:none;color:inherit}
)";

inline constexpr std::string_view page_style_hash =
    "sha256-K2Lr6xCD85IY9Mwa962WOP+H7Yn2xMvW0pMFWE0A5jo=";

inline constexpr std::string_view page_script = R"js(
"use strict";
const ROUNDS = 20, SIZE = 1024, PATIENCE = 10000;
const [words, plot, again] = ["words", "plot", "again"].map(id => document.getElementById(id));
const ms = value => value.toFixed(value < 10 ? 1 : 0) + "\u00a0ms";

async function echo() {
  const sent = crypto.getRandomValues(new Uint8Array(SIZE));
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  const start = performance.now();
  let answer, back;
  try {
    answer = await fetch("/echo", {method: "POST", body: sent, cache: "no-store", signal: patience.signal});
    back = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    throw patience.signal.aborted ? "no answer within 10 seconds" : "the connection broke, or the server has stopped";
  } finally {
    clearTimeout(timer);
  }
  const took = performance.now() - start;
  if (!answer.ok) throw "the server answered with error " + answer.status;
  if (back.length != SIZE) throw back.length + " bytes came back, not " + SIZE;
  if (back.some((byte, i) => byte != sent[i])) throw "the bytes that came back differ from those sent";
  return took;
}

function add(parent, name, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  if (text !== undefined) node.textContent = text;
  return parent.appendChild(node);
}

function draw(times) {
  const top = Math.max(...times, 0.1);
  const x = i => 56 + i * 250 / (ROUNDS - 1), y = value => 130 - value / top * 115;
  const label = "Round trips of " + times.length + " echoes, " + ms(Math.min(...times)) + " to " + ms(Math.max(...times));
  const svg = add(document.createDocumentFragment(), "svg", {viewBox: "0 0 320 165", role: "img", "aria-label": label});
  for (const value of [0, top / 2, top]) {
    add(svg, "line", {x1: 48, x2: 312, y1: y(value), y2: y(value), class: "axis"});
    add(svg, "text", {x: 44, y: y(value) + 4, "text-anchor": "end"}, value ? ms(value) : 0);
  }
  for (const i of [0, 9, ROUNDS - 1]) add(svg, "text", {x: x(i), y: 145, "text-anchor": "middle"}, i + 1);
  add(svg, "text", {x: 180, y: 160, "text-anchor": "middle"}, "echo number");
  add(svg, "polyline", {points: times.map((value, i) => x(i) + "," + y(value)).join(" ")});
  times.forEach((value, i) => add(svg, "circle", {cx: x(i), cy: y(value), r: 3}));
  plot.replaceChildren(svg);
}

function summary(times) {
  const sorted = [...times].sort((a, b) => a - b), n = sorted.length;
  const median = (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2;
  return " Round trip: shortest " + ms(sorted[0]) + ", median " + ms(median) + ", longest " + ms(sorted[n - 1]) + ".";
}

async function run() {
  const times = [];
  again.disabled = true;
  plot.replaceChildren();
  words.textContent = "Sending " + SIZE + " random bytes " + ROUNDS + " times…";
  try {
    while (times.length < ROUNDS) times.push(await echo());
    words.textContent = "All " + ROUNDS + " echoes came back intact, " + SIZE + " bytes each.";
  } catch (why) {
    words.textContent = "Echo " + (times.length + 1) + " of " + ROUNDS + " failed: " + why + "; " + times.length + " before it came back intact.";
  }
  if (times.length) {
    words.textContent += summary(times);
    draw(times);
  }
  again.disabled = again.hidden = false;
}

again.addEventListener("click", run);
run();
)js";

inline constexpr std::string_view page_script_hash =
    "sha256-/32pbrDghCZBL3XCEP2J4jOSFgdY26kGkQm+lJqiXQg=";

}  // namespace natcheck::report
