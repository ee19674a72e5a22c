"""A real JupyterLab and a real browser, over a copy of the notebooks."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

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
        sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
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


class Notebook:
    """One notebook open in JupyterLab."""

    def __init__(
        self, browser: Browser, address: str, path: str, width: int = 1280, dark: bool = False
    ) -> None:
        """Open it and wait for its kernel."""
        self.errors: list[str] = []
        self.context = browser.new_context(viewport={"width": width, "height": 1000})
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.goto(f"{address}/lab/tree/notebooks/{path}?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        if dark:
            self.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
        self.wait(f"() => {SESSION}?.kernel?.status === 'idle'")

    def command(self, name: str, arguments: dict | None = None) -> None:
        """Run one of JupyterLab's commands."""
        self.page.evaluate("([n, a]) => jupyterapp.commands.execute(n, a)", [name, arguments or {}])

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until a condition in the page holds."""
        self.page.wait_for_function(condition, timeout=1000 * seconds)

    def run_all(self) -> None:
        """Run every cell and wait until the last one is done."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")

    def close(self) -> None:
        """Close the page; the kernel ends with its session."""
        self.command("kernelmenu:shutdown")
        self.context.close()
