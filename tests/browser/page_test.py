#!/usr/bin/env python3
"""Looks at the page of `natcheck serve` as a browser on a phone does.

Usage: page_test.py --natcheck PROGRAM [--screenshots DIRECTORY] [TEST...]
"""

import argparse
import base64
import hashlib
import json
import pathlib
import re
import subprocess
import sys
import unittest
import urllib.request

from chromium import Chromium

ROUNDS = 20
OPTIONS = argparse.Namespace()

# The contrast of two colours by WCAG 2.1, and what each text of the page stands on.
CONTRASTS = """
(() => {
  const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = color => { const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map(part);
                           return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const contrast = color => { const [a, b] = [light(color), paper].sort((x, y) => y - x);
                              return (a + 0.05) / (b + 0.05); };
  return ["h1", "p", "dt", "dd", "button"].map(name =>
    [name, contrast(getComputedStyle(document.querySelector(name)).color)])
    .concat([["svg text", contrast(getComputedStyle(document.querySelector("svg text")).fill)],
             ["circle", contrast(getComputedStyle(document.querySelector("circle")).fill)]]);
})()"""


class Server:
    """natcheck serve, on a port of the kernel's choice."""

    def __init__(self):
        self._process = subprocess.Popen([OPTIONS.natcheck, "serve", "--port", "0", "--json"],
                                         stdout=subprocess.PIPE, text=True)
        self.events = []
        listening = self.wait_for("listening", lambda one: one["address"].startswith("0.0.0.0:"))
        self.url = f"http://127.0.0.1:{listening['address'].rpartition(':')[2]}/"

    def wait_for(self, event, matches=lambda _: True):
        for line in self._process.stdout:
            self.events.append(json.loads(line))
            if self.events[-1]["event"] == event and matches(self.events[-1]):
                return self.events[-1]
        raise AssertionError(f"no {event} came")

    def stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            self.events += map(json.loads, self._process.stdout)
            self._process.stdout.close()
            self._process.wait()
        return self.events


class PageTest(unittest.TestCase):
    """The page with everything switched on."""

    @classmethod
    def setUpClass(cls):
        cls.browser = cls.enterClassContext(Chromium())
        cls.browser.resize(360, 640)
        cls.browser.call("Page.addScriptToEvaluateOnNewDocument", {
            "source": "window.violations = []; addEventListener('securitypolicyviolation', "
                      "event => violations.push(event.violatedDirective));"})

    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.stop)
        self.browser.load(self.server.url)

    def text_of(self, selector):
        return self.browser.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait_for_echoes(self):
        self.browser.wait_for("!document.getElementById('again').disabled && "
                              "!document.getElementById('again').hidden")

    def test_says_what_it_has_to_say(self):
        self.assertEqual(self.text_of("h1"), "You reached it")
        self.assertIn("on the same machine as the server", self.text_of(".said"))
        seen = self.text_of("dd")
        self.assertRegex(seen, r"^127\.0\.0\.1:\d+$")
        self.wait_for_echoes()
        visits = [one for one in self.server.stop() if one["event"] == "greeted"]
        self.assertEqual({one["dialect"] for one in visits}, {"http"})
        self.assertIn(seen, [one["peer"] for one in visits])
        self.assertEqual(sum(one["bytes"] for one in visits), ROUNDS * 1024)

    def test_echoes_and_draws(self):
        self.wait_for_echoes()
        for _ in range(2):
            words = self.text_of("#words")
            self.assertIn(f"All {ROUNDS} echoes came back intact, 1024 bytes each.", words)
            times = [float(number) for number in re.findall(r"([\d.]+)\sms", words)]
            self.assertEqual(len(times), 3, words)
            self.assertEqual(times, [min(times), sorted(times)[1], max(times)], words)
            self.assertEqual(self.browser.evaluate("document.querySelectorAll('circle').length"),
                             ROUNDS)
            places = self.browser.evaluate(
                "[...document.querySelectorAll('circle')].map(one => one.getBoundingClientRect())"
                ".map(box => [box.left, box.top, box.right, box.bottom])")
            frame = self.browser.evaluate(
                "(box => [box.left, box.top, box.right, box.bottom])"
                "(document.querySelector('svg').getBoundingClientRect())")
            for left, top, right, bottom in places:
                self.assertTrue(frame[0] <= left and right <= frame[2], "outside of the drawing")
                self.assertTrue(frame[1] <= top and bottom <= frame[3], "outside of the drawing")
            # In one go: on a quick machine the echoes are back before a second question is asked.
            self.assertIn("Sending", self.browser.evaluate(
                "document.getElementById('again').click(), "
                "document.getElementById('words').innerText"))
            self.wait_for_echoes()

    def test_says_in_words_what_went_wrong(self):
        self.wait_for_echoes()
        self.server.stop()
        self.browser.evaluate("document.getElementById('again').click()")
        self.wait_for_echoes()
        self.assertEqual(self.text_of("#words"),
                         "Echo 1 of 20 failed: the connection broke, or the server has stopped; "
                         "0 before it came back intact.")

    def test_sees_a_byte_that_was_changed(self):
        self.wait_for_echoes()
        for change, words in (("back[17] ^= 1; return back", "differ from those sent"),
                              ("return back.slice(1)", "1023 bytes came back, not 1024")):
            self.browser.evaluate(
                "Response.prototype.arrayBuffer = (really => async function() { const back = "
                f"new Uint8Array(await really.call(this)); {change}; }})"
                "(window.really ||= Response.prototype.arrayBuffer)")
            self.browser.evaluate("document.getElementById('again').click()")
            self.wait_for_echoes()
            self.assertIn(words, self.text_of("#words"))

    def test_asks_nobody_else(self):
        self.wait_for_echoes()
        asked = [one["request"]["url"]
                 for one in self.browser.events_of("Network.requestWillBeSent")]
        self.assertEqual(asked.count(self.server.url), 1)
        self.assertEqual(asked.count(self.server.url + "echo"), ROUNDS)
        others = [url for url in asked if not url.startswith((self.server.url, "data:"))]
        self.assertEqual(others, [])
        self.assertEqual(len(asked), ROUNDS + 1 + sum(url.startswith("data:") for url in asked))
        self.assertEqual(self.browser.evaluate("violations"), [])
        self.assertEqual(self.browser.events_of("Runtime.exceptionThrown"), [])
        self.assertEqual(self.browser.events_of("Log.entryAdded"), [])

    def test_its_policy_has_the_hashes_of_its_own_style_and_script(self):
        request = urllib.request.Request(self.server.url, headers={"Accept": "text/html"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            policy, page = answer.headers["Content-Security-Policy"], answer.read().decode()
        for tag in ("style", "script"):
            content = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
            digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
            self.assertIn(f"{tag}-src 'sha256-{digest}'", policy)

    def test_its_policy_forbids_what_is_not_its_own(self):
        """Or the test above would see nothing, whatever the page did."""
        self.browser.evaluate("document.body.append(Object.assign("
                              "document.createElement('script'), {textContent: 'alert(1)'}))")
        self.browser.wait_for("violations.length")
        self.assertIn("script-src", self.browser.evaluate("violations[0]"))

    def test_light_and_dark(self):
        self.wait_for_echoes()
        papers = []
        for theme in ("light", "dark"):
            self.browser.set_theme(theme)
            papers.append(self.browser.evaluate("getComputedStyle(document.body).backgroundColor"))
            for name, contrast in self.browser.evaluate(CONTRASTS):
                self.assertGreaterEqual(contrast, 4.5, f"{name} on {theme}")
            self.screenshot(theme)
        self.assertNotEqual(*papers)

    def test_fits_a_phone(self):
        self.wait_for_echoes()
        for width in (320, 360, 412):
            self.browser.resize(width, 640)
            wide = self.browser.evaluate("document.documentElement.scrollWidth")
            self.assertLessEqual(wide, width)
            # Letters of the body text are no smaller than the browser's own.
            size = self.browser.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
            self.assertGreaterEqual(size, 16)
        self.assertEqual(self.browser.evaluate("document.documentElement.lang"), "en")
        self.assertEqual(self.browser.evaluate("document.getElementById('words').ariaLive"),
                         "polite")
        self.assertIn("Round trips of 20 echoes",
                      self.browser.evaluate("document.querySelector('svg').ariaLabel"))

    def screenshot(self, name):
        if OPTIONS.screenshots:
            picture = self.browser.call("Page.captureScreenshot",
                                        {"captureBeyondViewport": True})["data"]
            (OPTIONS.screenshots / f"{name}.png").write_bytes(base64.b64decode(picture))


class WithoutJavaScript(unittest.TestCase):
    """The page where scripts are switched off."""

    def test_the_statement_is_there(self):
        server = Server()
        self.addCleanup(server.stop)
        browser = self.enterContext(Chromium("--blink-settings=scriptEnabled=false"))
        browser.resize(360, 640)
        browser.load(server.url)
        root = browser.call("DOM.getDocument")["root"]["nodeId"]

        def find(selector):
            return browser.call("DOM.querySelector", {"nodeId": root, "selector": selector})[
                "nodeId"]

        def outer(selector):
            return browser.call("DOM.getOuterHTML", {"nodeId": find(selector)})["outerHTML"]

        self.assertEqual(outer("h1"), "<h1>You reached it</h1>")
        self.assertIn("proves nothing about access from outside", outer(".said"))
        self.assertRegex(outer("dd"), r"127\.0\.0\.1:\d+")
        # With scripts, there is no element in it, but text.
        self.assertIn("needs JavaScript", outer("noscript p"))
        self.assertIn("hidden", outer("#again"))
        self.assertEqual(find("svg"), 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--natcheck", required=True)
    parser.add_argument("--screenshots", type=pathlib.Path)
    parser.add_argument("tests", nargs="*")
    parser.parse_args(namespace=OPTIONS)
    unittest.main(argv=[sys.argv[0], *OPTIONS.tests], verbosity=2)


if __name__ == "__main__":
    main()
