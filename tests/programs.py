"""The programs in exercise_programs/: other right ways to do an exercise, and other wrong ones.

One Markdown file for an exercise, with `## Variant: ...` and `## Wrong: ...`, each with one block
of code that ends in `check(...)`. A line `> ...` above the code is a part of what `check` must say.
Stub and solution stand in the notebook, the solution and its mistakes in the exercise itself; only
where an exercise is not yet data they stand here, too, as `## Stub` and `## Solution`.
"""

import re
from pathlib import Path
from typing import NamedTuple

from helpers.exercises.judging import PRELUDE

PANEL = """
from helpers.experiment import Experiment, Settings

class Playground:  # as much of a panel as `check` looks at; test_exercises.py has a whole one
    def __init__(self, settings):
        self.experiment = Experiment(settings)
        self.advance = self.experiment.advance
"""

PREPARED = compile(PRELUDE + PANEL, "<prelude>", "exec")


class Program(NamedTuple):
    """One block of code and what `check` must say to it."""

    exercise: str
    kind: str  # "stub", "solution", "variant" or "wrong"
    title: str
    says: str
    code: str

    def __str__(self):
        return f"{self.exercise} {self.kind} {self.title}".strip()

    def answer(self):
        """Run the code as a cell, and return what it hands to `check`."""
        handed = {}
        names = {"check": handed.__setitem__}
        exec(PREPARED, names)
        exec(compile(self.code, "<cell>", "exec"), names)
        return handed[self.exercise]


def read(path):
    _, *sections = re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for section in sections:
        heading, _, body = section.partition("\n")
        kind, _, title = heading.partition(": ")
        code = re.search(r"```python\n(.*?)```", body, re.DOTALL)[1]
        says = " ".join(re.findall(r"^> (.*)$", body.partition("```")[0], re.MULTILINE))
        yield Program(path.stem, kind.lower(), title, says, code)


PATHS = sorted(Path(__file__).with_name("exercise_programs").glob("*.md"))
PROGRAMS = [program for path in PATHS for program in read(path)]
