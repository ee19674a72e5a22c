"""Marks for a class: `python -m helpers.exercises.grade FOLDER`.

Reads the notebooks that were handed in, and writes `marks.csv` (student, notebook, exercise,
verdict, sentence) and a file of feedback for each student. The folder holds one folder for each
student, or one file: `ann/05_optimizer.ipynb`, `ann.ipynb`.

A learner's code runs with the rights of whoever calls this. Time, memory and the size of files are
limited; what it reads and deletes is not. README says how to put it into a container.
"""

import argparse
import sys
from pathlib import Path

from helpers.exercises.marking import MEGABYTES, RANK, SECONDS, grade, write


def main() -> None:
    """Judge the notebooks in the folder that the command names."""
    parser = argparse.ArgumentParser(
        prog="python -m helpers.exercises.grade",
        description="Runs the exercises in students' notebooks, and writes marks.csv and feedback.",
        epilog="Their code runs with your rights: see README.",
    )
    parser.add_argument("folder", type=Path, help="holds a folder or a file for each student")
    parser.add_argument("--out", type=Path, default=Path("marks"), help="where to write: marks")
    parser.add_argument("--workers", type=int, help="how many at a time: one for each core")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for one exercise: 90")
    parser.add_argument("--megabytes", type=float, default=MEGABYTES, help="for each: 2000")
    asked = parser.parse_args()

    def tell(done: int, of: int) -> None:
        print(f"\r{done} of {of} answers judged", end="", file=sys.stderr, flush=True)

    try:
        marks = grade(asked.folder, asked.workers, asked.seconds, asked.megabytes, tell)
    except ValueError as error:
        parser.exit(2, f"{error}\n")
    write(marks, asked.out)
    counts = ", ".join(f"{sum(m.verdict == one for m in marks)} {one}" for one in RANK)
    print(f"\n{len({m.student for m in marks})} students: {counts}. See {asked.out}/marks.csv")


if __name__ == "__main__":
    main()
