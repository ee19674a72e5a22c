"""Show that each range which a notebook asserts can be left: a planted wrong run leaves it.

    .venv/bin/python tests/planted.py [STEM ...]

planted.toml names, for each cell that asserts, edits of it or of a cell above: another rate, a
missing step, a smaller network. Each notebook runs once; where an edit stands, a copy of the
process goes on with it as far as the cell that asserts. An assertion that no edit breaks is told.
"""

import ast
import contextlib
import io
import os
import sys
import tomllib
import traceback
from pathlib import Path

import matplotlib
from IPython.core.interactiveshell import InteractiveShell
from stored import PATHS, asserts, calls, code_cells, read

WRONG = tomllib.loads(Path(__file__).with_name("planted.toml").read_text("utf-8"))


def is_range(assertion):
    """Whether it compares by size: what is equal, or of a shape, is no range."""
    nodes = [node for node in ast.walk(assertion) if isinstance(node, ast.Compare)]
    return any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for n in nodes for op in n.ops)


class Counted(ast.NodeTransformer):
    """Notes a broken assertion by its line, and goes on."""

    def visit_Assert(self, node):
        note = ast.parse(f"_broken.add({node.lineno})").body
        return ast.copy_location(ast.If(ast.UnaryOp(ast.Not(), node.test), note, []), node)


def execute(source, names):
    """Run a cell's code; `_broken` holds the lines of its broken assertions afterwards."""
    names["_broken"] = set()
    tree = ast.fix_missing_locations(Counted().visit(ast.parse(source)))
    exec(compile(tree, "<cell>", "exec"), names)


def execute_edited(cells, begin, end, edits, names):
    """Run cells from `begin` to `end` with some of them edited; return the lines that broke."""
    for cell in cells[begin : end + 1]:
        source = cell.source
        for edit in edits:
            if edit["in"] == cell.id:
                if source.count(edit["old"]) != 1:
                    raise ValueError(f"{edit['old']!r} stands {source.count(edit['old'])} times")
                source = source.replace(edit["old"], edit["new"])
        execute(source, names)
    return names["_broken"]


def in_a_copy(cells, begin, end, edits, names):
    """The same in a forked copy of this process, which leaves nothing behind here."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = sorted(execute_edited(cells, begin, end, edits, names))
        except BaseException:
            said = traceback.format_exc().splitlines()[-1]
        os.write(writer, repr(said).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    return ast.literal_eval(said) if said else "the copy died"


def plant(notebook, stem):
    """Run a notebook with its edits; print what each breaks, and return what none does."""
    cells = [cell for cell in code_cells(notebook) if not calls(cell, "check")]
    last = max(number for number, cell in enumerate(cells) if asserts(cell))
    cells = cells[: last + 1]
    place = {cell.id: number for number, cell in enumerate(cells)}
    wrong = WRONG.get(stem, {})
    mistakes = [(end, edits) for end in wrong if end in place for edits in wrong[end]]
    names, silent = {"__name__": "__main__"}, io.StringIO()
    broken = {name: set() for name in place}
    unbroken = [f"{stem}: no cell {name}" for name in wrong if name not in place]
    for number, cell in enumerate(cells):
        for end, edits in mistakes:
            if number != min(place[edit["in"]] for edit in edits):
                continue
            with contextlib.redirect_stdout(silent):
                lines = in_a_copy(cells, number, place[end], edits, names)
            said = "; ".join(f"{edit['old']!r} to {edit['new']!r}" for edit in edits)
            stopped = isinstance(lines, str)
            verb = "stops with" if stopped else "breaks lines"
            print(f"{stem}, {end}: {said}: {verb} {lines}", flush=True)
            if stopped or not lines:
                unbroken.append(f"{stem}, {end}: {said}: breaks nothing")
            else:
                broken[end] |= set(lines)
        with contextlib.redirect_stdout(silent):
            execute(cell.source, names)
        if names["_broken"]:
            unbroken.append(f"{stem}, {cell.id}: lines {names['_broken']} break as they stand")
        for line in filter(is_range, asserts(cell)):
            if line.lineno not in broken[cell.id]:
                unbroken.append(f"{stem}, {cell.id}: nothing breaks `{ast.unparse(line)}`")
    return unbroken


def main():
    matplotlib.use("agg")
    InteractiveShell.instance()  # `display` wants one
    found = []
    for path in PATHS:
        if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
            found += plant(read(path), path.stem)
    print("\n".join(["", *found]) if found else "\ngreen: every assertion can be broken")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
