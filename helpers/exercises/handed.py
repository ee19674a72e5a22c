"""Exercises in the file of a notebook: in which cell each stands, and what that cell needs."""

import ast
import builtins
import dataclasses
import json
import re
import symtable
from collections.abc import Iterator, Sequence
from pathlib import Path

LARGEST = 50_000_000  # bytes of a notebook that is still read
SOLUTION = "# Solution"  # how a cell begins that shows an official solution
OWN = re.compile(r"^## On your own", re.MULTILINE)  # behind it stand a notebook's exercises
CHECK = re.compile(r"""\bcheck\(\s*["']([\w-]+)["']""")


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
    def exercises(self) -> list[str]:
        """The names of the exercises that it checks, also where it is no Python any more."""
        if not is_python(self.source):
            return CHECK.findall(self.source)
        return [call.args[0].value for call in find_checks(ast.parse(self.source))]


def find_checks(tree: ast.AST) -> Iterator[ast.Call]:
    """Find the calls of `check` that name their exercise and hand over one answer."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check":
            named = node.args and isinstance(node.args[0], ast.Constant)
            if named and isinstance(node.args[0].value, str) and len(node.args) == 2:
                yield node


def read_cells(path: Path) -> list[Cell]:
    """Read the code cells of a notebook.

    Raises:
        ValueError: It cannot be read, and why, in one line.
    """
    try:
        size = path.stat().st_size
        text = path.read_text(encoding="utf-8") if size <= LARGEST else ""
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
    if is_python(source):
        return source
    return re.sub(r"^([ \t]*)[%!?].*$", r"\1pass", source, flags=re.MULTILINE)


def is_python(source: str) -> bool:
    """Tell whether Python can read a cell."""
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def find_names(source: str) -> tuple[set[str], set[str]]:
    """Find the names that a cell binds, and those that it uses and does not bind."""
    if not is_python(source):
        return set(), set()
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
    return bound, used - bound - set(dir(builtins))


def find_needed(cell: Cell, theirs: Sequence[Cell], ours: Sequence[Cell]) -> list[Cell]:
    """Find the cells that must run before an exercise's cell, in their order.

    A name that the story of our notebook binds comes from there. Any other comes from the nearest
    cell above in the learner's own: an answer may stand in several cells.

    Args:
        cell: The cell of an exercise.
        theirs: The learner's cells above it.
        ours: All cells of our notebook.
    """
    order = [one for one in ours if one.is_story]
    story = set(map(id, order))
    order += [one for one in theirs if not one.is_solution]
    names = {}  # by name, the places of the cells that bind it
    for place, one in enumerate(order):
        for name in find_names(one.source)[0]:
            names.setdefault(name, []).append(place)
    needed, asked = set(), [(len(order), name) for name in find_names(cell.source)[1]]
    while asked:
        limit, name = asked.pop()
        places = [place for place in names.get(name, []) if place < limit]
        if not places:
            continue
        from_story = [place for place in places if id(order[place]) in story]
        place = (from_story or places)[-1]
        if place not in needed:
            needed.add(place)
            asked += [(place, name) for name in find_names(order[place].source)[1]]
    return [order[place] for place in sorted(needed)]
