"""Exercises in the file of a notebook: in which cell each stands, and what that cell needs."""

import ast
import builtins
import dataclasses
import json
import re
import symtable
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

LARGEST = 50_000_000  # bytes of a notebook that is still read
LONGEST = 100_000  # letters of a cell that is still read
SOLUTION = "# Solution"  # how a cell begins that shows an official solution
OWN = re.compile(r"^## On your own", re.MULTILINE)  # behind it stand a notebook's exercises
CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")
MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[\w.]+\?{1,2})$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Cell:
    """A code cell.

    Attributes:
        source: Its text, without what only IPython understands.
        printed: What it printed when the notebook was saved.
        is_story: Whether it stands before the exercises of its notebook.
    """

    source: str
    printed: str = ""
    is_story: bool = True

    @property
    def is_solution(self) -> bool:
        """Whether it shows an official solution."""
        return self.source.lstrip().startswith(SOLUTION)

    @property
    def exercises(self) -> tuple[str, ...]:
        """The names of the exercises that it checks, also where it is no Python any more."""
        return find_exercises(self.source)


@cache
def find_exercises(source: str) -> tuple[str, ...]:
    """Find the names of the exercises that a cell checks."""
    if "check" not in source:
        return ()
    if not is_python(source):
        return tuple(CHECK.findall(source))
    return tuple(call.args[0].value for call in find_checks(ast.parse(source)))


def find_checks(tree: ast.AST) -> Iterator[ast.Call]:
    """Find the calls of `check` that name their exercise and hand over one answer."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            named = node.args and isinstance(node.args[0], ast.Constant)
            one_answer = len(node.args) + len(node.keywords) == 2
            if named and one_answer and isinstance(node.args[0].value, str):
                yield node


def read_cells(path: Path) -> list[Cell]:
    """Read the code cells of a notebook.

    Raises:
        ValueError: It cannot be read, and why, in one line.
    """
    try:
        if not path.is_file():  # a folder, or what never ends
            raise OSError
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8-sig") if size <= LARGEST else ""
    except (OSError, UnicodeDecodeError):
        raise ValueError("The file cannot be read.") from None
    if size > LARGEST:
        raise ValueError(f"The file has more than {LARGEST / 1e6:.0f} MB.")
    try:
        return list(parse_cells(json.loads(text)["cells"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ValueError("The file is no notebook. Has it been cut short?") from None


def parse_cells(cells: list[dict]) -> Iterator[Cell]:
    """Make code cells of what a notebook's file holds."""
    is_story = True
    for cell in cells:
        source = join(cell["source"])
        if cell["cell_type"] == "code":
            printed = "".join(join(output.get("text", "")) for output in cell.get("outputs", []))
            yield Cell(leave_out_magics(source), printed, is_story)
        elif OWN.search(source):
            is_story = False


def join(text: str | Sequence[str]) -> str:
    """Return a text that may stand in the file as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def leave_out_magics(source: str) -> str:
    """Put `pass` in the place of each line that is a command to IPython, with %, ! or ?."""
    source = source.replace("\r\n", "\n").strip()
    return source if is_python(source) else MAGIC.sub(r"\1pass", source)


@cache
def is_python(source: str) -> bool:
    """Tell whether Python can read a cell; one that nobody has written by hand counts as none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return len(source) <= LONGEST and bool(compile(source, "<cell>", "exec"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False


@cache
def find_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Find the names that a cell binds, and those that it uses and does not bind."""
    if not is_python(source):
        return frozenset(), frozenset()
    top = symtable.symtable(source, "<cell>", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    used, tables = set(), [top]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        used |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }
    return frozenset(bound), frozenset(used - bound - set(dir(builtins)))


def find_needed(cell: Cell, theirs: Sequence[Cell], ours: Sequence[Cell]) -> list[Cell]:
    """Find the cells that must run before an exercise's cell, in their order.

    The learner's cells right above it may hold a part of the answer: all of them. A name that they
    do not bind comes from the story of our notebook, and one that neither binds from the nearest
    cell further up in the learner's.

    Args:
        cell: The cell of an exercise.
        theirs: The learner's cells above it.
        ours: All cells of our notebook.
    """
    story = [one for one in ours if one.is_story and not one.exercises]
    known = {one.source for one in story}
    start = len(theirs)
    while start and is_part(theirs[start - 1], cell) and theirs[start - 1].source not in known:
        start -= 1
    others = [one for one in theirs[:start] if not one.is_solution]
    order = [*story, *others, *theirs[start:], cell]
    first = len(story) + len(others)  # of the answer
    names = [find_names(one.source) for one in order]
    needed = {*range(first, len(order))}
    asked = [(place, name) for place in needed for name in names[place][1]]
    while asked:
        limit, name = asked.pop()
        places = [place for place in range(limit) if name in names[place][0]]
        if places:
            place = max(places, key=lambda place: (place >= first, place < len(story), place))
            if place not in needed:
                needed.add(place)
                asked += [(place, one) for one in names[place][1]]
    return [order[place] for place in sorted(needed)][:-1]


def is_part(above: Cell, cell: Cell) -> bool:
    """Tell whether a cell above an exercise's may be a part of its answer."""
    return not (above.exercises or above.is_solution) and above.is_story == cell.is_story
