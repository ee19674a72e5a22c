"""Every notebook is built alike: the same parts in the same order, and no number from nowhere."""

import contextlib
import io
import re
import symtable
import tempfile
import tomllib

import matplotlib.pyplot as plt
import pytest
from stored import (
    IGNORE,
    MODULES,
    ROOT,
    RUN,
    calls,
    code_cells,
    exercise_of,
    is_run,
    shown,
)

# The parts of a notebook, in their order.
PARTS = [
    r"# .+",
    r"\*{0,2}1 dataset\b.+",
    r"\*About \d+ minutes.*",
    r"\*\*You will\*\*",
    r"\*\*You will learn\*\*",
    r"\*\*You need\*\*",
    r"## On your own",
    r"## Say it aloud",
    r"## Common errors",
    r"## Solutions",
    r"---$",
]


@pytest.fixture
def stem(request):
    return request.node.callspec.params["notebook"].stem


def is_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def test_the_parts_stand_in_their_order(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = [re.search(f"^{part}", text, re.MULTILINE) for part in PARTS]
    places = [part and part.start() for part in found]
    assert None not in places, PARTS[places.index(None)]
    assert places == sorted(places)


def test_the_strip_has_the_notebooks_own_module_in_bold(notebook, stem):
    lines = [line for cell in notebook.cells for line in cell.source.splitlines()]
    strip = next(line for line in lines if line.replace("*", "").startswith("1 dataset"))
    plain = " · ".join(f"{n} {name}" for n, name in enumerate(MODULES, start=1))
    assert strip.replace("*", "") == plain
    bold = re.findall(r"\*\*(.+?)\*\*", strip)
    own = {f"0{number}": [f"{number} {name}"] for number, name in enumerate(MODULES, start=1)}
    assert bold == own[stem[:2]] if stem[:2] in own else bold in ([], [plain])


def test_torch_takes_one_thread(notebook):
    assert any(calls(cell, ".set_num_threads") for cell in code_cells(notebook))


def test_what_is_unfolded_can_be_folded(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            opened = cell.source.count("<details>")
            assert opened == cell.source.count("</details>") == cell.source.count("<summary>")


def test_common_errors_are_real_ones(notebook):
    places = {cell.source.split("\n")[0]: n for n, cell in enumerate(notebook.cells)}
    errors = notebook.cells[places["## Common errors"] : places["## Solutions"]]
    assert any(cell.cell_type == "code" for cell in errors)


def solutions(notebook):
    """The folded cells that answer an exercise, by its name."""
    cells = code_cells(notebook)
    hidden = [cell for cell in cells if "source_hidden" in cell.metadata.get("jupyter", {})]
    return {exercise_of(cell): cell for cell in hidden}


def test_exercises_are_open_and_their_solutions_folded_away_at_the_end(notebook, stem):
    """That the solution is the one that is tested, `test_declared.py` looks at."""
    solved, opened = solutions(notebook), []
    sources = [cell.source for cell in notebook.cells]
    end = next(i for i, source in enumerate(sources) if source.startswith("## Solutions"))
    for place, cell in enumerate(notebook.cells):
        name = cell.cell_type == "code" and exercise_of(cell)
        if not name or cell is solved[name]:
            continue
        opened.append(name)
        number = len(opened)
        assert f"**Exercise {number}.**" in sources[place - 1]
        assert f"[Solution](#Solution-{number})" in sources[place - 1]
        behind = notebook.cells.index(solved[name])
        assert behind > end
        assert sources[behind - 1].split("\n\n")[-1] == f"### Solution {number}"
        assert solved[name].metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
        assert sources[behind].startswith("# Solution\n")  # the line JupyterLab shows of it
        assert shown(solved[name]).startswith("Right. ")
        if is_run(cell):
            assert sources[place].splitlines()[-1].startswith(f'check("{name}", ')
            assert re.match("Not answered yet|Not yet", shown(cell))
        else:
            assert re.search(r"^answer = \.\.\.$", cell.source, re.MULTILINE)
            assert "Not answered yet" in shown(cell)
    assert opened == list(solved)
    assert all(name.startswith(f"{stem[:2]}-") for name in opened)
    asked = {name for name in looked_up() | RUN if name[:2] == stem[:2]}
    assert asked == set(opened)


def looked_up():
    """The exercises whose answer is a value."""
    return set(tomllib.loads((ROOT / "helpers/exercises/answers.toml").read_text("utf-8")))


def names(cell):
    """The names to which a cell gives a value, and those that it needs from cells before it."""
    top = symtable.symtable(cell.source, "cell", "exec")
    bound = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    needed = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    inner = list(top.get_children())
    for table in inner:
        needed |= {s.get_name() for s in table.get_symbols() if s.is_global()}
        inner += table.get_children()
    return bound, needed - bound


def history(notebook, cell):
    """The cells that give a cell what it needs, and what they need in turn, in their order."""
    found, earlier = [], code_cells(notebook)
    needed = names(cell)[1]
    for other in reversed(earlier[: earlier.index(cell)]):
        bound, needs = names(other)
        if bound & needed and not exercise_of(other):
            needed = needed - bound | needs
            found.append(other)
    return found[::-1]


def test_each_solution_gives_the_answer_that_is_stored_behind_it(notebook):
    """Runs it, so that a wrong one, and an explanation that is not today's, are seen at once."""
    for solution in solutions(notebook).values():
        space = {"__name__": "__main__"}
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in history(notebook, solution):
                exec(cell.source, space)
                plt.close("all")  # pictures that nobody looks at here
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(solution.source, space)
        now, stored = said.getvalue().strip(), shown(solution).strip()
        for made in space.values():
            if isinstance(made, tempfile.TemporaryDirectory):  # a kernel would keep it open
                made.cleanup()
        if is_run(solution):  # on other data each time
            now, stored = (re.sub(r"\d[\d.,e+-]*", "#", text) for text in (now, stored))
        assert now == stored


def test_every_picture_is_followed_by_a_sentence(notebook):
    for place, cell in enumerate(notebook.cells):
        if is_picture(cell):
            after = notebook.cells[place + 1 :]
            following = next(c for c in after if c.cell_type == "markdown" or is_picture(c))
            assert following.cell_type == "markdown", cell.source
            assert not following.source.startswith(("#", "---")), cell.source


def test_what_is_compared_prints_no_number_that_processors_disagree_on(notebook):
    """At most three digits of a float in a compared cell's own text."""
    for cell in code_cells(notebook):
        if IGNORE not in cell.metadata.get("tags", []):
            for output in cell.outputs:
                for found in re.findall(r"\d+\.\d+", output.get("text", "")):
                    assert len(found.replace(".", "").strip("0")) <= 4, (found, cell.source)
