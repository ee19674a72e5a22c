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
    """Take screenshots of the panel, one every so often."""
    for _ in range(number):
        picture = Image.open(io.BytesIO(panel.box.screenshot()))
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
        notebook = lab.Notebook(browser, address, "07_depth.ipynb", width=1040)
        notebook.page.set_viewport_size({"width": 1040, "height": 1300})
        notebook.page.evaluate("() => jupyterapp.shell.collapseLeft()")
        notebook.run_all()
        panel = lab.Panel(notebook)
        shoot(panel, frames, 1)
        panel.button("Run").click()
        shoot(panel, frames, 8)
        press(panel, "Hidden layers", "ArrowRight", 3)
        shoot(panel, frames, 8)
        panel.box.locator("select").nth(1).select_option("Adam")
        press(panel, "Learning rate", "ArrowLeft", 12)
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
