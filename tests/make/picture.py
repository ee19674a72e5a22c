"""Make the README's picture: the panel in a real JupyterLab, with a hand on its sliders.

python tests/make/picture.py        (about a minute; needs Chromium)
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
import lab  # noqa: E402

TARGET = ROOT / "notebooks" / "images" / "panel.gif"
WIDTH = 720
FRAME = 250  # milliseconds


def shoot(panel, frames, number):
    """Take screenshots of what is on one screen, one every so often."""
    top = panel.run_or_pause().bounding_box()
    bottom = panel.handle("Width 1").bounding_box()
    clip = {
        "x": top["x"] - 4,
        "y": top["y"] - 4,
        "width": panel.box.bounding_box()["width"] + 8,
        "height": bottom["y"] - top["y"] + 32,
    }
    for _ in range(number):
        picture = Image.open(io.BytesIO(panel.page.screenshot(clip=clip)))
        size = (WIDTH, round(picture.height * WIDTH / picture.width))
        frames.append(picture.convert("RGB").resize(size, Image.Resampling.LANCZOS))
        panel.page.wait_for_timeout(FRAME)


def press(panel, label, key, number):
    """Move a slider from the keyboard."""
    panel.handle(label).focus()
    for _ in range(number):
        panel.page.keyboard.press(key)
        panel.page.wait_for_timeout(60)


def main():
    frames = []
    with (
        tempfile.TemporaryDirectory() as folder,
        lab.open_lab(Path(folder)) as address,
        lab.open_browser() as browser,
    ):
        notebook = lab.Notebook(browser, address, "00_overview.ipynb", width=1120)
        notebook.show_files(False)
        cell = "from helpers.widgets import Playground\n\npanel = Playground()\npanel"
        notebook.show(lab.find_cell("00_overview.ipynb", "Playground("), cell)
        panel = lab.Panel(notebook)
        panel.button("Run").evaluate("e => e.scrollIntoView()")
        panel.page.wait_for_timeout(500)
        shoot(panel, frames, 1)
        panel.button("Run").click()
        shoot(panel, frames, 8)
        press(panel, "Hidden layers", "ArrowRight", 3)
        shoot(panel, frames, 8)
        press(panel, "Learning rate", "ArrowLeft", 14)  # to 0.003
        panel.box.get_by_label("Optimizer").select_option("Adam")  # which 0.05 would throw off
        shoot(panel, frames, 8)
        notebook.close()
    both = Image.new("RGB", (2 * WIDTH, frames[0].height))  # data and fit are seen in one each
    for place, frame in enumerate((frames[0], frames[-1])):
        both.paste(frame, (place * WIDTH, 0))
    colours = both.quantize(96)
    frames = [frame.quantize(palette=colours, dither=Image.Dither.NONE) for frame in frames]
    first, *rest = frames
    first.save(TARGET, save_all=True, append_images=rest, duration=FRAME, loop=0, optimize=True)
    print(f"{len(frames)} frames, {TARGET.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
