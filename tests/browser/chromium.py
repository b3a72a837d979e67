"""Drives a headless Chromium over its debugging pipe: no driver, no port, no library.

The protocol (https://chromedevtools.github.io/devtools-protocol/) is JSON, each message ended by a
zero byte; Chromium reads from its descriptor 3 and writes to its descriptor 4.
"""

import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = 60

# Nothing may leave this machine: no name is known but that of this machine itself, and none of the
# browser's own errands are run.
_SWITCHES = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions", "--disable-breakpad",
    "--disable-domain-reliability", "--disable-client-side-phishing-detection", "--no-pings",
    "--disable-features=OptimizationHints,MediaRouter,DialMediaRouteProvider,Translate",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--no-proxy-server",
    "--hide-scrollbars", "--remote-debugging-pipe",
)


class Failed(Exception):
    """The browser did not do what it was asked for."""


class Chromium:
    """A browser with one tab, in a directory of its own that goes with it."""

    def __init__(self, *switches):
        name = next(filter(shutil.which, _NAMES), None)
        if not name:
            raise Failed("there is no Chromium here; scripts/setup browser installs it")
        self._home = tempfile.TemporaryDirectory(prefix="natcheck-browser-",
                                                 ignore_cleanup_errors=True)
        self._number = 0
        self._buffer = b""
        self.events = []
        self._start([name, *_SWITCHES, *switches, f"--user-data-dir={self._home.name}/profile",
                     "about:blank"])
        tabs = self.call("Target.getTargets", session=None)["targetInfos"]
        tab = next(one["targetId"] for one in tabs if one["type"] == "page")
        self._session = self.call("Target.attachToTarget", {"targetId": tab, "flatten": True},
                                  session=None)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def _start(self, command):
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        home = self._home.name
        environment = {**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home}
        # The shell puts the pipes where Chromium expects them.
        with (pathlib.Path(home) / "stderr").open("wb") as complaints:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", f'exec "$@" 3<&{commands} 4>&{answers}', "sh", *command],
                pass_fds=(commands, answers), env=environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=complaints)
        os.close(commands)
        os.close(answers)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self._to)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._from)
        self._home.cleanup()

    def call(self, method, parameters=None, session=""):
        """What the browser answers; `session` None asks the browser itself, not the tab."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters or {}}
        if session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        answer = self._receive_until(lambda one: one.get("id") == self._number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']}")
        return answer["result"]

    def _receive_until(self, wanted):
        deadline = time.monotonic() + _PATIENCE
        while True:
            message = self._receive(deadline)
            if "method" in message:
                self.events.append(message)
            if wanted(message):
                return message

    def _receive(self, deadline):
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._from], [], [], left)[0]
            part = os.read(self._from, 65536) if ready else b""
            if not part:
                raise Failed("Chromium says nothing: " + self._last_words())
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _last_words(self):
        return (pathlib.Path(self._home.name) / "stderr").read_text(errors="replace")[-2000:]

    def load(self, url):
        """Loads a page, and waits for its end."""
        self.events.clear()
        failed = self.call("Page.navigate", {"url": url}).get("errorText")
        if failed:
            raise Failed(f"{url}: {failed}")
        loaded = "Page.loadEventFired"
        if not self.events_of(loaded):
            self._receive_until(lambda one: one.get("method") == loaded)

    def events_of(self, method):
        return [one["params"] for one in self.events if one["method"] == method]

    def evaluate(self, expression):
        """The value of some JavaScript in the page; a promise is waited for."""
        answer = self.call("Runtime.evaluate", {"expression": expression, "returnByValue": True,
                                                "awaitPromise": True})
        if "exceptionDetails" in answer:
            raise Failed(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait_for(self, condition):
        """Waits until some JavaScript is true, looked at with every frame."""
        self.evaluate(f"new Promise(done => {{ const look = () => ({condition}) ? done(true) : "
                      "setTimeout(look, 10); look(); })")

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 2, "mobile": True})

    def set_theme(self, theme):
        self.call("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": theme}]})
