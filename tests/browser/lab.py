"""A real JupyterLab and a real browser, over a copy of the notebooks."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import nbformat
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).parents[2]
TOKEN = "sine"
SESSION = "jupyterapp.shell.currentWidget?.sessionContext?.session"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
]  # fmt: skip


@contextlib.contextmanager
def open_lab(folder: Path):
    """Run JupyterLab over a copy of the notebooks in `folder`; yields its address."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    env = os.environ | {name: str(folder / name.lower()) for name in names}
    env |= {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "spaces"),
    }
    news = folder / "settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)  # or a question about news lies over the notebook
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
        f"--port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.root_dir={folder}", "--expose-app-in-browser", "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    with (folder / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{address}/api/status?token={TOKEN}")
                break
            time.sleep(0.2)
        yield address
    finally:
        server.terminate()
        server.wait(30)


@contextlib.contextmanager
def open_browser():
    """Run the system's Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def read_cells(name: str) -> list[nbformat.NotebookNode]:
    """Read the cells of a stored notebook."""
    return nbformat.read(ROOT / "notebooks" / name, as_version=4).cells


def find_cell(name: str, text: str) -> int:
    """Find the number of a stored notebook's first code cell that holds a text."""
    cells = read_cells(name)
    sources = [cell.source if cell.cell_type == "code" else "" for cell in cells]
    return next(number for number, source in enumerate(sources) if text in source)


def find_violations(page: Page, selector: str) -> list[tuple[str, str]]:
    """Ask axe-core what keeps a part of a page from being used by everybody.

    Returns:
        The broken rule and the element, for each fault.
    """
    found = Axe().run(page, context=selector).response["violations"]
    return [(rule["id"], node["html"][:160]) for rule in found for node in rule["nodes"]]


class Notebook:
    """One notebook open in JupyterLab."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        path: str,
        width: int = 1280,
        height: int = 1000,
        dark: bool = False,
        reset: bool = True,
        **context: object,
    ) -> None:
        """Open it and wait for its kernel; `context` goes to the browser.

        Without `reset` it joins the kernel that runs already.
        """
        self.errors: list[str] = []
        viewport = {"width": width, "height": height}
        self.context = browser.new_context(viewport=viewport, **context)
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{address}/lab/tree/notebooks/{path}?token={TOKEN}{'&reset' * reset}")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.set_theme(dark)
        self.wait(f"() => {SESSION}?.kernel?.status === 'idle'")

    def set_theme(self, dark: bool) -> None:
        """Change JupyterLab's colours, without loading the page anew."""
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": theme})
        self.wait(f"() => document.body.dataset.jpThemeLight === '{str(not dark).lower()}'")

    def command(self, name: str, arguments: dict | None = None) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("([n, a]) => jupyterapp.commands.execute(n, a)", [name, arguments or {}])

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until a condition in the page holds."""
        self.page.wait_for_function(condition, timeout=1000 * seconds)

    def run_all(self) -> None:
        """Run every cell and wait until the last one is done."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")

    def scroll_to(self, number: int) -> None:
        """Bring a cell to the top of the window, and make it the active one."""
        content = "jupyterapp.shell.currentWidget.content"
        self.page.evaluate(f"() => {content}.scrollToItem({number}, 'start')")
        self.page.evaluate(f"() => {{ {content}.activeCellIndex = {number}; }}")

    def show(self, number: int, source: str | None = None, run: bool = False) -> Locator:
        """Scroll to a cell, write in it if asked, run it if so; returns what it displays."""
        self.scroll_to(number)
        content = "jupyterapp.shell.currentWidget.content"
        if source is not None:
            script = f"text => {content}.activeCell.model.sharedModel.setSource(text)"
            self.page.evaluate(script, source)
        if source is not None or run:
            self.command("notebook:run-cell")
        return self.page.locator(f"[data-windowed-list-index='{number}'] .jp-OutputArea").first

    def show_files(self, there: bool) -> None:
        """Open or fold the list of files on the left."""
        self.page.evaluate(f"() => jupyterapp.shell.{'expand' if there else 'collapse'}Left()")
        self.page.wait_for_timeout(300)

    def execute(self, code: str) -> str:
        """Run code in the notebook's kernel, outside its cells; returns what it prints."""
        return self.page.evaluate(
            f"""async code => {{
                let printed = '';
                const future = {SESSION}.kernel.requestExecute({{code}});
                future.onIOPub = message => {{ printed += message.content.text ?? ''; }};
                await future.done;
                return printed;
            }}""",
            code,
        )

    def restart(self) -> None:
        """Restart the kernel without asking."""
        self.page.evaluate(f"() => {SESSION}.kernel.restart()")
        self.wait(f"() => {SESSION}?.kernel?.status === 'idle'")

    def close(self) -> None:
        """Close the page, once; the kernel ends with its session."""
        if self.context in self.context.browser.contexts:
            self.command("kernelmenu:shutdown")
            self.context.close()


class Panel:
    """One panel on a page, found by its place among the page's panels.

    Each frame is a new element, so nobody may hold one.

    Attributes:
        image: What moves of the fit; its label says what the picture shows.
        loss: What moves of the loss.
        network: What moves of the drawn network.
    """

    def __init__(self, notebook: Notebook, place: int = 0) -> None:
        """Wait until it shows its pictures and its words, and scroll to it."""
        self.page = notebook.page
        self.box = self.page.locator(".jp-OutputArea-output:has(.sine-panel)").nth(place)
        self.image = self.box.get_by_role("img", name=re.compile("^iteration "))
        self.loss = self.box.locator("svg[viewBox='390 0 360 226']").last
        self.network = self.box.get_by_role("img", name=re.compile("^(units drawn|no hidden)"))
        self.box.wait_for(timeout=60_000)
        for part in (self.image, self.network, self.box.locator(".sine-numbers")):
            part.wait_for()  # its views come one by one
        self.box.get_by_text("cfg = ").wait_for()
        self.box.scroll_into_view_if_needed()

    def button(self, name: str) -> Locator:
        """Find a button by its name, before which an icon may stand."""
        exact = re.compile(rf"^\W*{re.escape(name)}$")
        return self.box.get_by_role("button", name=exact)

    def run_or_pause(self) -> Locator:
        """Find the button that runs and pauses, whatever it says now."""
        return self.button("Run").or_(self.button("Pause"))

    def toggle(self, name: str) -> Locator:
        """Find what is on or off by its name."""
        return self.box.get_by_role("checkbox", name=name, exact=True)

    def handle(self, name: str) -> Locator:
        """Find the handle of a slider by the name that a screen reader says."""
        return self.box.get_by_role("slider", name=name, exact=True)

    def value(self, name: str) -> str:
        """Read what stands beside a slider."""
        return self.handle(name).get_attribute("aria-valuetext")

    def text(self, start: str) -> str:
        """Read the line of text that begins with some words."""
        return self.box.locator(".widget-html-content", has_text=start).first.inner_text()

    def lines(self) -> list[str]:
        """Read every line of text."""
        texts = self.box.locator(".widget-html-content").all_inner_texts()
        return [text for text in texts if text]

    def says(self, words: str) -> bool:
        """Tell whether some words stand in a line of text, or in a picture."""
        return words in "\n".join(self.lines())

    def iteration(self) -> int:
        """Read the number of iterations done."""
        number = self.box.locator(".sine-numbers b").first.inner_text()
        return int(number.replace(",", ""))

    def frame(self) -> str:
        """Tell one frame of the fit from another."""
        return self.image.inner_html()

    def until(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.lines()
            self.page.wait_for_timeout(20)
