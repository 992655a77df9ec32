"""Headless Chromium, driven over a pipe by its own protocol: no driver and no package needed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PATIENCE = 90.0
_SECOND_CLICK = 5.0
PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="needs Debian's package chromium")
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync "
    "--disable-background-networking --disable-component-update --disable-dev-shm-usage "
    "--hide-scrollbars --autoplay-policy=no-user-gesture-required"
)


def with_text(selector: str, text: str) -> str:
    """The JavaScript that gives the first element of this kind with exactly this text."""
    found = f"[...document.querySelectorAll({json.dumps(selector)})]"
    return f"{found}.find(e => e.innerText === {json.dumps(text)})"


class Page:
    """One tab."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session
        for domain in ("Page", "Runtime"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.send(method, self._session, **params)

    def open(self, url: str) -> None:
        """Go to ``url``, also where only what is after the # differs."""
        self.send("Page.navigate", url="about:blank")
        self.send("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; one that is a promise is awaited."""
        found = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str) -> Any:
        """Wait until the expression is true; gives its value."""
        end = time.monotonic() + PATIENCE
        while True:
            # between two documents there is nothing to ask
            with contextlib.suppress(BrowserError, AssertionError):
                if value := self.run(script):
                    return value
            assert time.monotonic() < end, f"never true: {script}\n{self.text()[:3000]}"
            time.sleep(0.2)

    def text(self) -> str:
        """All that a reader can see without scrolling or clicking, and what is below."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def wait_for(self, text: str) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(text)})")

    def press(self, tag: str, text: str) -> None:
        """Click on the first element of this kind with this text."""
        found = with_text(tag, text)
        self.wait(f"!!{found}")
        self.run(f"{found}.click()")

    def click(self, element: str, then: str) -> None:
        """Click with the mouse, which menus want, on what the expression gives, to see ``then``.

        A page that is still being built may take no notice; a person clicks again.
        """
        seen = f"!!document.body?.innerText.includes({json.dumps(then)})"
        end = time.monotonic() + PATIENCE
        while not self.run(seen):
            assert time.monotonic() < end, (
                f"no {then!r} by clicks on {element}\n{self.text()[:3000]}"
            )
            self._click_once(element)
            self._wait_briefly(seen)

    def tick(self, box: str) -> None:
        """Tick a checkbox with the mouse."""
        end = time.monotonic() + PATIENCE
        while not self.run(f"{box}?.checked"):
            assert time.monotonic() < end, f"not ticked: {box}"
            self._click_once(box)
            self._wait_briefly(f"{box}?.checked")

    def _wait_briefly(self, script: str) -> None:
        end = time.monotonic() + _SECOND_CLICK
        while time.monotonic() < end and not self.run(script):
            time.sleep(0.2)

    def _click_once(self, element: str) -> None:
        middle = self.wait(
            f"""(e => {{
                if (!e) return null;
                e.scrollIntoView({{block: 'center'}});
                const box = e.getBoundingClientRect();
                return box.width && [box.x + box.width / 2, box.y + box.height / 2];
            }})({element})"""
        )
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            place = {"x": middle[0], "y": middle[1], "button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, **place)

    def size(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def shoot(self, path: Path) -> None:
        """Save what is seen as PNG."""
        path.parent.mkdir(parents=True, exist_ok=True)
        found = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(found["data"]))


class BrowserError(Exception):
    """The browser refuses a request."""


class Browser:
    """A Chromium of our own with an empty profile."""

    def __init__(self) -> None:
        assert PROGRAM is not None
        self._profile = tempfile.mkdtemp(prefix="sweeper-browser-")
        there, self._to = os.pipe()
        self._from, back = os.pipe()
        command = f"exec {PROGRAM} {_FLAGS} --user-data-dir={self._profile}"
        self._process = subprocess.Popen(
            ["bash", "-c", f"{command} --remote-debugging-pipe about:blank 3<&{there} 4>&{back}"],
            pass_fds=(there, back),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(there)
        os.close(back)
        self._number, self._buffer = 0, b""

    def send(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._number:
            pass
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            data = os.read(self._from, 1 << 16)
            assert data, "the browser is gone"
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def page(self, width: int = 1440, height: int = 900) -> Page:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.size(width, height)
        return page

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(PATIENCE)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    made = Browser()
    try:
        yield made
    finally:
        made.close()
