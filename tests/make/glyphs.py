"""Draws the digits of notebook 11: python tests/make/glyphs.py."""

from pathlib import Path

import numpy as np
from matplotlib import get_data_path, rc_context, rcParamsDefault
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

FONTS = ["DejaVuSans", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "cmr10", "cmtt10"]
PATH = Path(__file__).parents[2] / "helpers" / "glyphs.pgm"


def draw() -> np.ndarray:
    """Draw the sheet: a row for each font, a column for each digit, uint8 (96, 160), 255 white."""
    folder = Path(get_data_path(), "fonts", "ttf")
    with rc_context(rcParamsDefault):
        sheet = Figure(figsize=(10, 6), dpi=16)  # a square of 16 pixels for a digit
        for row, font in enumerate(FONTS):
            for digit in range(10):
                place = (digit + 0.5) / 10, 1 - (row + 0.5) / 6
                style = {"font": folder / f"{font}.ttf", "size": 70, "ha": "center"}
                sheet.text(*place, str(digit), va="center_baseline", **style)
        canvas = FigureCanvasAgg(sheet)
        canvas.draw()
    drawn = np.array(canvas.buffer_rgba())[:, :, 0]
    for top in range(0, 96, 16):
        for left in range(0, 160, 16):
            square = drawn[top : top + 16, left : left + 16]
            square[:] = center(square)
    return drawn


def center(square: np.ndarray) -> np.ndarray:
    """Move the ink of a digit, (16, 16), by whole pixels until its box is in the middle."""
    for axis in (0, 1):
        where = np.flatnonzero((square < 224).any(axis=1 - axis))
        square = np.roll(square, (15 - where[0] - where[-1]) // 2, axis)
    return square


if __name__ == "__main__":
    PATH.write_bytes(b"P5\n160 96\n255\n" + draw().tobytes())
