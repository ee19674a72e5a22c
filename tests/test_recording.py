"""A moving still plays once, rests on its last picture, and says what it is."""

import base64
import importlib.util
import io
import math
from dataclasses import fields
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from helpers.experiment import Experiment, Settings
from helpers.plots import DATA_COLOUR, FIT_COLOUR
from helpers.widgets.live import LivePlot
from helpers.widgets.picture import HEIGHT, WIDTH
from helpers.widgets.png import DARK, render, trace_letter
from helpers.widgets.shapes import LOOKS, Line, make_page

FOLDER = Path(__file__).parent / "make"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


recording = load("recording")
SETTINGS = Settings(cfg=(1, 3, 1), lr=0.01, n_samples=50)


def draw(turn):
    """A line that turns as a hand of a clock, and one that stays."""
    page = make_page(60, 40)
    hand = np.array([30, 30 + 15 * math.sin(turn)]), np.array([20, 20 - 15 * math.cos(turn)])
    stays = np.array([5.0, 55]), np.array([38.0, 38])
    return [Line(page, *stays, LOOKS["axis"]), Line(page, *hand, LOOKS["prediction"])]


HANDS = [draw(turn) for turn in (0, 1, 2, 3, 3.1)]


def read(png):
    """What is shown where nothing moves, the moving pictures in RGBA, and their milliseconds."""
    image = Image.open(io.BytesIO(png))
    assert image.default_image
    shown, times = [], []
    for number in range(image.n_frames):
        image.seek(number)
        shown.append(np.array(image.convert("RGBA"), int))
        times.append(image.info.get("duration", 0))
    return shown[0], shown[1:], times[1:]


def off(picture, shapes, width, height):
    """How far a picture is from shapes as they are drawn, at most, in its first rows."""
    return abs(picture[:height] - render(shapes, width, height, 1).astype(int)).max()


def test_each_picture_is_shown_as_long_and_the_last_stays():
    png = recording.write_recording(HANDS, 60, 40, recording.SECONDS)
    default, moving, times = read(png)
    assert len(moving) == len(HANDS)
    assert Image.open(io.BytesIO(png)).info["loop"] == 1
    assert times == pytest.approx([1000 * recording.SECONDS / len(HANDS)] * len(HANDS))
    assert sum(times) <= 5000
    for picture, shapes in zip(moving, HANDS, strict=True):
        assert off(picture, shapes, 60, 40) < 40
    assert (default == moving[-1]).all()


def test_the_same_pictures_make_the_same_bytes():
    first, second = (recording.write_recording(HANDS, 60, 40, 1) for _ in range(2))
    assert first == second


def test_pictures_share_few_colours():
    image = Image.open(io.BytesIO(recording.write_recording(HANDS, 60, 40, 1)))
    assert 8 < len(image.getpalette()) / 3 <= recording.COLOURS + 1


@pytest.fixture(scope="module")
def filmed():
    experiment = Experiment(SETTINGS)
    live = LivePlot(experiment.x, experiment.y, "small")
    iterations = [experiment.advance() for _ in range(40)]
    live.record(iterations[-1])  # as a loop that has ended
    png, text = recording.film(live, iterations, "what it is")
    yield live, png, text
    live.close()


def test_a_film_begins_untrained_and_ends_as_the_run_ended(filmed):
    live, png, text = filmed
    default, moving, _ = read(png)
    assert len(moving) == recording.FRAMES
    assert default.shape[:2] == (HEIGHT + recording.ROW, WIDTH)
    assert live.iterations == list(range(40))
    live.draw()
    ended = [shape for part in live.picture.shown for shape in part]
    assert off(moving[-1], ended, WIDTH, HEIGHT) < 60
    assert off(moving[0], ended, WIDTH, HEIGHT) > 100
    assert (abs(np.diff(moving, axis=0)).max(axis=(1, 2, 3)) > 100).all(), "each moment is another"
    assert text.startswith("what it is · small · ")
    assert text.endswith(live.text())
    assert "iteration 39" in text


def test_its_colours_are_those_of_data_fit_and_ink(filmed):
    _, png, _ = filmed
    _, moving, _ = read(png)
    seen = {f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue, _ in np.vstack(moving[-1])}
    assert {colour.lower() for colour in (DATA_COLOUR, FIT_COLOUR, DARK, "#FFFFFF")} <= seen


def test_below_the_picture_stand_its_words_in_full(filmed):
    _, png, _ = filmed
    default, _, _ = read(png)
    rows = default[HEIGHT:, :, 0] < 128
    assert rows.any()
    assert 8 + sum(trace_letter(c)[1] for c in recording.describe(Settings())) < WIDTH


def test_the_words_name_each_setting():
    settings = Settings(
        (1, 8, 6, 1), 0.03, "Adam", "Tanh", "chirp", noise=0.25, seed=17, n_samples=40
    )
    words = recording.describe(settings)
    values = [getattr(settings, field.name) for field in fields(settings)][1:]
    assert "hidden layers 8, 6" in words
    assert [value for value in values if str(value) not in words] == []
    assert "hidden layers none" in recording.describe(Settings(cfg=(1, 1)))


PANEL = """
from helpers.experiment import Settings
from helpers.widgets import Playground
Playground(Settings(cfg=(1, 3, 1), lr=0.01, n_samples=50))
"""
LOOP = """
from helpers.experiment import Experiment
from helpers.widgets import LivePlot
experiment = Experiment(Settings(cfg=(1, 4, 1), n_samples=30, noise=0.1))
with LivePlot(experiment.x, experiment.y, title="mine") as live:
    for _ in range(40):
        live.show(experiment.advance())
"""


def test_a_notebooks_panel_and_first_loop_are_recorded(tmp_path, monkeypatch):
    outputs = load("outputs")
    monkeypatch.setattr(outputs, "SHOW", f"__import__('recording').LAST = 99; {outputs.SHOW}")
    sources = ["{'recording', 'sys'} & set(dir())", PANEL, LOOP, LOOP.replace("mine", "other")]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    notebook = nbformat.v4.new_notebook(cells=cells)
    outputs.run_recorded(notebook, tmp_path)
    assert [cell.execution_count for cell in notebook.cells] == [1, 2, 3, 4]
    names, panel, first, second = (cell.outputs[0] for cell in notebook.cells)
    assert names.data["text/plain"] == "set()"  # nothing that a notebook has not made itself
    words = [recording.DRAG, recording.describe(SETTINGS), "iteration 99"]
    for output, said in ((panel, words), (first, [recording.WATCH, "mine", "iteration 39"])):
        metadata = output.metadata["image/png"]
        assert [part for part in said if part not in metadata["alt"]] == []
        assert metadata["width"] == WIDTH
        _, moving, _ = read(base64.b64decode(output.data["image/png"]))
        assert len(moving) == recording.FRAMES
    assert first.metadata["image/png"]["alt"].endswith(first.data["text/plain"])
    assert panel.data["text/plain"].startswith("cfg = ")
    assert second.metadata["image/png"]["alt"] == second.data["text/plain"]
