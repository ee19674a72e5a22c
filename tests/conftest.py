"""What all tests share: one thread, folders of their own for what is written, order, notebooks."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from pathlib import Path

import cells
import hypothesis
import pytest
import seeds
from stored import PATHS, read

os.environ["OMP_NUM_THREADS"] = "1"  # two processes share two cores; for their kernels too

# How long an example takes says how busy the machine is, and no more.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")

# Where matplotlib, IPython and Jupyter write. A home that cannot be written makes matplotlib print
# into a notebook's first cell, and a person's own settings change what is drawn.
FOLDERS = [
    "MPLCONFIGDIR",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
]

if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker and a kernel inherit what is set here
    own = tempfile.mkdtemp(prefix="sine-fit-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    for name in FOLDERS:
        os.environ[name] = os.path.join(own, name.lower())
    startup = Path(os.environ["IPYTHONDIR"], "profile_default", "startup")
    startup.mkdir(parents=True)
    (startup / "begin.py").write_text(cells.BEGIN, "utf-8")
    from matplotlib import font_manager  # noqa: F401 -- lists the fonts, once for all of them


def pytest_addoption(parser):
    words = "run what a day has no time for, too: tests marked weekly, and all seeds"
    parser.addoption("--everything", action="store_true", help=words)


def pytest_configure(config):
    config.pluginmanager.register(cells)  # the hooks of this file do not reach the notebooks
    seeds.take(config.option.everything)


def pytest_report_header():
    return f"seeds: {','.join(map(str, seeds.SEEDS))}"


# The longest begin first, or one process ends long after the other: these, then the other
# notebooks, then the other files. Of the two with a browser one comes after the other.
LONGEST = [
    "test_panel.py",
    "07_depth.ipynb",
    "test_sweep.py",
    "test_exercise_programs.py",
    "test_cells.py",
]


def pytest_collection_modifyitems(config, items):
    if not config.option.everything:
        weekly = [item for item in items if item.get_closest_marker("weekly")]
        items[:] = [item for item in items if item not in weekly]
        config.hook.pytest_deselected(items=weekly)

    def place(item):
        name = item.path.name
        return LONGEST.index(name) if name in LONGEST else len(LONGEST) + name.endswith(".py")

    items.sort(key=place)


def pytest_collection_finish():
    gc.collect()
    gc.freeze()  # a million objects of torch's, in which no later collection has to look


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_open():
    """Close what a file's tests leave open: notebooks' cells make panels and pictures, too."""
    yield
    if playground := sys.modules.get("helpers.widgets.playground"):
        for panel in playground.OPEN[:]:
            panel.close()
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


@pytest.fixture
def same_world(monkeypatch):
    """Spare each refused answer the run of the solution by which `check` finds torch unchanged."""
    from helpers.exercises import asking

    monkeypatch.setattr(asking, "is_world_changed", lambda _: False)


@pytest.fixture
def make():
    """Panels that are closed at the end of the test; no test waits for a picture."""
    from panels import SMALL  # these take two seconds, and few files need them

    from helpers.widgets.playground import Playground

    panels = []

    def build(settings=SMALL, fps=200):
        panels.append(Playground(settings, fps))
        return panels[-1]

    yield build
    for panel in panels:
        panel.close()


@pytest.fixture
def panel(make):
    return make()


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def notebook(request):
    """One of the stored notebooks, each in turn."""
    return read(request.param)
