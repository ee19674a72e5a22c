"""Show that each range which the facts assert can be left: a planted wrong run leaves it.

    .venv/bin/python tests/planted.py [STEM ...]

facts/planted.toml names, for each cell with facts, edits of it or of a cell above: another rate, a
missing step, a smaller network. Each notebook runs once; where an edit stands, a copy of the
process goes on with it as far as the cell with the facts. An assertion that no edit breaks is told.
"""

import ast
import contextlib
import io
import linecache
import os
import sys
import tomllib
import traceback

import matplotlib
from facts import FOLDER, same_draws, seen_by
from IPython.core.interactiveshell import InteractiveShell
from stored import PATHS, asserts, calls, code_cells, facts_of, read

WRONG = tomllib.loads((FOLDER / "planted.toml").read_text("utf-8"))


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
    """Run a cell's code, which `inspect` may read, and return what it prints."""
    file = f"<cell {hash(source)}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    with contextlib.redirect_stdout(io.StringIO()) as text:
        exec(compile(source, file, "exec"), names)
    return text.getvalue()


def judge(source, names, text):
    """Run the facts of a cell that has printed a text; return the lines that broke."""
    tree = ast.fix_missing_locations(Counted().visit(ast.parse(source)))
    seen = seen_by(source, names, text) | {"_broken": set()}
    with same_draws():
        exec(compile(tree, "<facts>", "exec"), seen)
    return seen["_broken"]


def execute_edited(cells, begin, end, edits, names, source):
    """Run cells from `begin` to `end` with some edited; return the lines of the facts that broke.

    Args:
        source: The facts of the last of these cells.
    """
    for cell in cells[begin : end + 1]:
        edited = cell.source
        for edit in edits:
            if edit["in"] == cell.id:
                if edited.count(edit["old"]) != 1:
                    raise ValueError(f"{edit['old']!r} stands {edited.count(edit['old'])} times")
                edited = edited.replace(edit["old"], edit["new"])
        text = execute(edited, names)
    return judge(source, names, text)


def in_a_copy(*arguments):
    """The same in a forked copy of this process, which leaves nothing behind here."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = sorted(execute_edited(*arguments))
        except BaseException:
            said = traceback.format_exc().splitlines()[-1]
        os.write(writer, repr(said).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as file:
        said = file.read().decode()
    os.waitpid(child, 0)
    return ast.literal_eval(said) if said else "the copy died"


def plant(notebook, stem, facts):
    """Run a notebook with its edits; print what each breaks, and return what none does."""
    cells = [cell for cell in code_cells(notebook) if not calls(cell, "check")]
    place = {cell.id: number for number, cell in enumerate(cells)}
    wrong = WRONG.get(stem, {})
    unbroken = [f"{stem}: no cell {name}" for name in {*wrong, *facts} if name not in place]
    mistakes = [(end, edits) for end in wrong if end in place for edits in wrong[end]]
    names = {"__name__": "__main__"}
    broken = {name: set() for name in place}
    last = max((place[name] for name in facts if name in place), default=-1)
    for number, cell in enumerate(cells[: last + 1]):
        for end, edits in mistakes:
            if number != min(place[edit["in"]] for edit in edits):
                continue
            lines = in_a_copy(cells, number, place[end], edits, names, facts.get(end, ""))
            said = "; ".join(f"{edit['old']!r} to {edit['new']!r}" for edit in edits)
            stopped = isinstance(lines, str)
            verb = "stops with" if stopped else "breaks lines"
            print(f"{stem}, {end}: {said}: {verb} {lines}", flush=True)
            if stopped or not lines:
                unbroken.append(f"{stem}, {end}: {said}: breaks nothing")
            else:
                broken[end] |= set(lines)
        text = execute(cell.source, names)
        source = facts.get(cell.id, "")
        if lines := judge(source, names, text):
            unbroken.append(f"{stem}, {cell.id}: lines {lines} break as they stand")
        for line in filter(is_range, asserts(source)):
            if line.lineno not in broken[cell.id]:
                unbroken.append(f"{stem}, {cell.id}: nothing breaks `{ast.unparse(line)}`")
    return unbroken


def main():
    matplotlib.use("agg")
    InteractiveShell.instance()  # `display` wants one
    found = []
    for path in PATHS:
        if len(sys.argv) == 1 or path.stem in sys.argv[1:]:
            found += plant(read(path), path.stem, facts_of(path.stem))
    print("\n".join(["", *found]) if found else "\ngreen: every assertion can be broken")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
