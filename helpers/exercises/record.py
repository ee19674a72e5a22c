"""What a learner has passed, read from the notebooks that lie saved in a folder."""

from pathlib import Path

from helpers.exercises.asking import EXERCISES
from helpers.exercises.handed import read_cells
from helpers.exercises.lookup import read_exercises


def report(folder: str | Path = ".") -> None:
    """Print which exercises of the series this folder's saved notebooks have passed.

    It reads the output that was saved with each exercise's cell, runs nothing and writes nothing.

    Args:
        folder: Where the notebooks lie; the folder of the notebook that asks, if not given.
    """
    passed = find_passed(Path(folder))
    names: dict[str, list[str]] = {}
    for name in sorted({*EXERCISES, *read_exercises()}):
        names.setdefault(name[:2], []).append(name)
    print("This is read from what you have saved: save a notebook before you look.\n")
    for number, own in names.items():
        done = [name for name in own if name in passed]
        left = [name[3:] for name in own if name not in passed]
        told = f"still open: {', '.join(left)}" if left else "all of them"
        print(f"Notebook {number}: {len(done)} of {len(own)} passed, {told}")
    print(f"\nTogether {len(passed)} of {sum(map(len, names.values()))}.")


def find_passed(folder: Path) -> set[str]:
    """Find the exercises whose own cell was saved with a verdict that begins with "Right."."""
    passed = set()
    for path in sorted(folder.glob("*.ipynb")):
        try:
            cells = read_cells(path)
        except ValueError:
            continue
        for cell in cells:
            if not cell.is_solution and "Right. " in cell.printed:
                passed |= {*cell.exercises} & {*EXERCISES, *read_exercises()}
    return passed
