"""Print what an editor may want to know of the notebooks; nothing refuses these numbers.

    .venv/bin/python tests/make/report.py

Words and code cells up to `## On your own`, and an estimate of the minutes for them: 100 words a
minute, and half a minute a code cell.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))

from stored import PATHS, read


def report(path):
    """A line for a notebook."""
    cells = read(path).cells
    ends = [n for n, cell in enumerate(cells) if cell.source.startswith("## On your own")]
    core = cells[: ends[0]] if ends else cells
    words = sum(len(cell.source.split()) for cell in core if cell.cell_type == "markdown")
    code = sum(cell.cell_type == "code" for cell in core)
    lines = sum(len(cell.source.splitlines()) for cell in core if cell.cell_type == "code")
    return f"{path.stem:18} {words:6} {code:6} {lines:6} {words / 100 + code / 2:8.0f}"


if __name__ == "__main__":
    print(f"{'':18}  words  cells  lines  minutes")
    print("\n".join(map(report, PATHS)))
