"""Moving stills for a page without a kernel: a run as an animated PNG that plays once.

outputs.py has them made in a notebook's kernel: `watch` before its first cell, `show` after its
last.
"""

import io

import numpy as np
from IPython.display import Image as Shown
from IPython.display import display
from PIL import Image
from PIL.PngImagePlugin import Blend

from helpers.experiment import Experiment
from helpers.widgets.live import LivePlot
from helpers.widgets.picture import HEIGHT, WIDTH, Picture
from helpers.widgets.playground import OPEN
from helpers.widgets.png import render
from helpers.widgets.record import Record, Use
from helpers.widgets.screen import BELOW, describe_state, draw_below, make_scene
from helpers.widgets.shapes import TEXT_SIZE, Text
from helpers.widgets.stills import close_widget

FRAMES = 16
SECONDS = 4.8  # a page may move by itself for five
COLOURS = 64
LAST = 3000  # the panel's last iteration
DRAG = "a recording: run the cell to drag"
WATCH = "a recording: run the cell to watch it live"
ROW = 18  # pixels from one line of text to the next

RUNS = {}  # for each LivePlot what its loop has shown it


def write_recording(frames, width, height, seconds):
    """Write pictures as an animated PNG, which plays once and rests on the last one.

    Where nothing can move (a PDF), the last picture is shown. A pixel is one as it is shown: with
    two for each, as a still has them, the file would be more than twice as large.

    Args:
        frames: For each picture its shapes, from back to front.
        width: Width in pixels, as it is shown.
        height: Height in pixels, as it is shown.
        seconds: How long all of them take.
    """
    places, palette = share_colours([render(frame, width, height, 1) for frame in frames])
    unchanged = len(palette)  # a colour that nobody sees: what stood there stays
    changes = np.where(places[1:] == places[:-1], np.uint8(unchanged), places[1:])
    last, *moving = (Image.fromarray(part) for part in (places[-1], places[0], *changes))
    for image in (last, *moving):
        image.putpalette([*palette.ravel().tolist(), 0, 0, 0])
        image.info["transparency"] = unchanged
    stream = io.BytesIO()
    how = {"duration": 1000 * seconds / len(frames), "loop": 1, "blend": Blend.OP_OVER}
    how |= {"default_image": True, "transparency": unchanged, "optimize": True}
    last.save(stream, "png", save_all=True, append_images=moving, **how)
    return stream.getvalue()


def share_colours(pictures):
    """Choose few colours for all pictures: half of them the most frequent, as they are.

    Among these are the colours of paper, ink and lines; the rest are for edges.

    Args:
        pictures: Of one size, each (height, width, 4), uint8.

    Returns:
        The place of each pixel's colour in the palette, (pictures, height, width), uint8, and the
        palette, (colours, 3), uint8.
    """
    packed = np.stack([picture[..., :3] @ np.array([1 << 16, 1 << 8, 1]) for picture in pictures])
    found, of_pixels, times = np.unique(packed, return_inverse=True, return_counts=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)
    order = np.argsort(-times, kind="stable")
    palette = colours[order[: COLOURS // 2]]
    rest = colours[order[COLOURS // 2 :]]
    if len(rest):
        few = Image.fromarray(rest[None].astype(np.uint8)).quantize(COLOURS - COLOURS // 2)
        palette = np.concatenate([palette, np.reshape(few.getpalette(), (-1, 3))])
    distances = ((colours[:, None] - palette) ** 2).sum(axis=2)
    nearest = distances.argmin(axis=1).astype(np.uint8)
    return nearest[of_pixels].reshape(packed.shape), palette.astype(np.uint8)


def film(live, iterations, label):
    """Record a loop once more.

    Args:
        live: Knows the data and the title; is cleared.
        iterations: All of the run, in their order.
        label: What stands below the picture, before the line of text.

    Returns:
        An animated PNG, and what it is and shows in a sentence.
    """
    live.clear()
    moments = choose_moments(len(iterations) - 1)
    frames = []
    for place, iteration in enumerate(iterations):
        live.record(iteration)
        if place in moments:
            live.draw()
            still, moving = live.picture.shown
            frames.append([*still, *moving, *write_below(HEIGHT, f"{label} · {live.text()}")])
    png = write_recording(frames, WIDTH, HEIGHT + ROW, SECONDS)
    return (
        png,
        f"{label} · {live.title} · data, prediction and loss curve, at the end {live.text()}",
    )


def record(settings):
    """Train what the panel trains with these settings, and record it; returns as `film`."""
    experiment = Experiment(settings)
    noted = Record(experiment)
    picture = Picture(experiment.x, experiment.y)
    moments = choose_moments(LAST)
    frames = []
    for number in range(LAST + 1):
        if number in moments:
            state = noted.look(experiment, Use(settings), False, "")
            said = describe_state(state)
            picture.update(make_scene(state))
            still, moving = picture.shown
            words = write_below(HEIGHT + BELOW, f"{DRAG} · {said}", describe(settings))
            frames.append([*still, *moving, *draw_below(state), *words])
        noted.take(experiment.advance())
    close_widget(picture)
    png = write_recording(frames, WIDTH, HEIGHT + BELOW + 2 * ROW, SECONDS)
    shown = "data, prediction, loss curve and the drawn network"
    return png, f"{DRAG} · {describe(settings)} · {shown}, at the end {said}"


def choose_moments(last):
    """Choose iterations, the last among them, that lie the closer the earlier."""
    return {round(last * (part / (FRAMES - 1)) ** 1.5) for part in range(FRAMES)}


def write_below(top, *lines):
    """Write lines of text below a picture."""
    return [Text(8, top + TEXT_SIZE + ROW * number, line) for number, line in enumerate(lines)]


def describe(settings):
    """Say in words what the controls show."""
    hidden = ", ".join(map(str, settings.cfg[1:-1])) or "none"
    return (
        f"hidden layers {hidden} · learning rate {settings.lr:g} · {settings.activation} · "
        f"{settings.optimizer} · {settings.n_samples} points of {settings.function} · "
        f"noise {settings.noise:g} · seed {settings.seed}"
    )


def watch():
    """Have each `LivePlot` of this kernel keep what its loop shows it."""
    show_one = LivePlot.show

    def keep(live, iteration, held_out=None):
        show_one(live, iteration, held_out)
        RUNS.setdefault(live, []).append(iteration)

    LivePlot.show = keep


def show():
    """Display the recordings of this kernel's first panel and of its first loop."""
    live, iterations = next(iter(RUNS.items()))
    for png, text in (record(OPEN[0].settings), film(live, iterations, WATCH)):
        display(Shown(png, width=WIDTH, alt=text))
