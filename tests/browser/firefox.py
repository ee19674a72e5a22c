"""Debian's Firefox, spoken to in WebDriver BiDi: a page, a mouse, a keyboard, and no driver."""

import contextlib
import itertools
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import websocket

FIREFOX = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)


@contextlib.contextmanager
def open_firefox(folder: Path) -> Iterator["Page"]:
    """Run Firefox without a window, its profile in `folder`; yields its page."""
    command = [FIREFOX, "--headless", "--no-remote", "--remote-debugging-port=0"]
    log = folder / "firefox.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [*command, "--profile", str(folder)], stdout=written, stderr=written
        )
    try:
        while not (found := re.search(r"WebDriver BiDi listening on (\S+)\n", log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        link = websocket.create_connection(f"{found[1]}/session", timeout=60, suppress_origin=True)
        with contextlib.closing(link):
            yield Page(link)
    finally:
        process.terminate()
        process.wait(30)


class Page:
    """A page of a Firefox, and the only one that is used.

    Args:
        link: A connection that speaks BiDi, without a session yet.
    """

    def __init__(self, link: websocket.WebSocket) -> None:
        """Begin the session and open the page."""
        self.link = link
        self.numbers = itertools.count(1)
        self.send("session.new", capabilities={})
        self.context = self.send("browsingContext.create", type="tab")["context"]  # has the focus

    def send(self, method: str, **parameters: object) -> dict:
        """Give a command and wait for its result."""
        number = next(self.numbers)
        self.link.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.link.recv())).get("id") != number:
            pass  # an event
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    def goto(self, address: str, width: int, height: int) -> None:
        """Open a page in a window of some size."""
        viewport = {"width": width, "height": height}
        self.send("browsingContext.setViewport", context=self.context, viewport=viewport)
        self.send("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, script: str) -> object:
        """Run an expression in the page, and wait for it if it is a promise."""
        answer = self.send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({script})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(f"{script}: {answer['exceptionDetails']['text']}")
        return json.loads(answer["result"]["value"])

    def until(self, condition: str, seconds: float = 60) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(condition):
            assert time.monotonic() < end, condition
            time.sleep(0.05)

    def drag(self, element: str, pixels: int) -> None:
        """Press the mouse on the middle of an element, move it to the right, and let it go."""
        box = f"({element}).getBoundingClientRect()"
        x, y = self.evaluate(f"(b => [b.x + b.width / 2, b.y + b.height / 2])({box})")
        places = [(x, y), *((x + pixels * part / 5, y) for part in range(1, 6))]
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y)} for x, y in places]
        self.act("pointer", moves[0], {"type": "pointerDown", "button": 0})
        self.act("pointer", *moves[1:], {"type": "pointerUp", "button": 0})

    def click(self, element: str) -> None:
        """Press the mouse on the middle of an element."""
        self.drag(element, 0)

    def press(self, key: str) -> None:
        """Press a key; those without a letter have a code of WebDriver's."""
        self.act("key", {"type": "keyDown", "value": key}, {"type": "keyUp", "value": key})

    def act(self, kind: str, *actions: dict) -> None:
        """Do something with the mouse or the keyboard."""
        device = {"type": kind, "id": kind, "actions": actions}
        self.send("input.performActions", context=self.context, actions=[device])
