"""A lab and a browser for the tests here; without a Chromium they are skipped, and say so."""

import os
from pathlib import Path

import lab
import pytest

ARTIFACTS = Path(__file__).parents[1] / "artifacts"


@pytest.fixture(scope="session")
def address(tmp_path_factory):
    """Address of a JupyterLab over a copy of the notebooks."""
    if lab.CHROMIUM is None:
        assert not os.environ.get("REQUIRE_BROWSER"), "REQUIRE_BROWSER is set: install Chromium"
        pytest.skip("no Chromium on this machine (chromium, chromium-browser or google-chrome)")
    with lab.open_lab(tmp_path_factory.mktemp("lab")) as address:
        yield address


@pytest.fixture(scope="module")
def browser(address):
    with lab.open_browser() as browser:
        yield browser


@pytest.fixture
def open_notebook(browser, address):
    """Open notebooks; none may leave an error in the browser's console."""
    opened = []

    def open_one(path, address=address, **how):
        opened.append(lab.Notebook(browser, address, path, **how))
        return opened[-1]

    yield open_one
    errors = [error for notebook in opened for error in notebook.errors]
    for notebook in opened:
        notebook.close()
    assert errors == []


@pytest.fixture
def picture(request):
    """Where to put a screenshot, as an artifact of the test."""
    ARTIFACTS.mkdir(exist_ok=True)
    return lambda name: str(ARTIFACTS / f"{request.node.name}-{name}.png")
