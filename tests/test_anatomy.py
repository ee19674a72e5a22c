"""Every notebook is built alike: the same parts in the same order, and no number from nowhere."""

import ast
import contextlib
import io
import re
import symtable
import tomllib

import pytest
from stored import (
    IGNORE,
    MODULES,
    ROOT,
    RUN,
    STEMS,
    asserts,
    calls,
    code_cells,
    exercise_of,
    is_run,
    parse,
    shown,
)

HEADINGS = ["## On your own", "## Say it aloud", "## Common errors", "## Solutions"]
WITHOUT_EXERCISES = {"10_cures"}  # it has taken over cells of 05 and 09, and no exercise yet


@pytest.fixture
def stem(request):
    return request.node.callspec.params["notebook"].stem


def is_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def test_title_strip_and_minutes(notebook, stem):
    title, strip, minutes = notebook.cells[0].source.split("\n\n")
    assert title.startswith("# ")
    plain = strip.replace("*", "")
    assert plain == " · ".join(f"{n} {name}" for n, name in enumerate(MODULES, start=1))
    bold = re.findall(r"\*\*(.+?)\*\*", strip)
    own = {f"0{number}": [f"{number} {name}"] for number, name in enumerate(MODULES, start=1)}
    whole = {key: [plain] for key in ("00", "09", "10", "11")}  # 07 and 08 look back at all of them
    assert bold == (whole | own).get(stem[:2], [])
    exercises = "" if stem in WITHOUT_EXERCISES else r", and \d+ more for the exercises"
    assert re.match(rf"\*About \d+ minutes{exercises}\.", minutes)


def test_do_learn_need(notebook):
    assert re.findall(r"^\*\*(.+?)\*\*", notebook.cells[1].source, re.MULTILINE) == [
        "You will", "You will learn", "You need",
    ]  # fmt: skip


def test_imports_come_first_and_every_helper_has_its_words(notebook):
    first = code_cells(notebook)[0]
    words = notebook.cells[notebook.cells.index(first) - 1].source
    body = ast.parse(first.source).body
    assert ast.unparse(body.pop()) == "torch.set_num_threads(1)"
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module.startswith("helpers."):
            for alias in node.names:
                assert f"`{alias.name}`" in words, alias.name


def test_the_last_parts_in_order(notebook, stem):
    sources = [cell.source for cell in notebook.cells]
    parts = [s.splitlines()[0] for s in sources if s.startswith(tuple(HEADINGS))]
    assert parts == (HEADINGS[1:3] if stem in WITHOUT_EXERCISES else HEADINGS)
    starts = [i for i, s in enumerate(sources) if s.startswith(tuple(HEADINGS[1:3]))]
    for source in sources[slice(*starts)]:
        assert source.count("<details><summary>") == source.count("</summary>") >= 4
        assert source.count("</details>") == source.count("<details>")
    assert any(cell.cell_type == "code" for cell in notebook.cells[starts[1] :])


def test_two_predictions_are_made_before_and_revealed_after(notebook):
    sources = [cell.source for cell in code_cells(notebook)]
    guesses = [s.split(" = predict(")[0] for s in sources if " = predict(" in s]
    assert len(guesses) >= 2
    for guess in guesses:
        asked = next(i for i, s in enumerate(sources) if s.startswith(f"{guess} = predict("))
        told = next(i for i, s in enumerate(sources) if f"{guess}.reveal(" in s)
        assert told > asked
    for cell in code_cells(notebook):
        for call in calls(cell, ".reveal"):
            assert not isinstance(call.args[0], ast.Constant), "a truth must be computed"


def solutions(notebook):
    """The folded cells that answer an exercise, by its name."""
    hidden = [cell for cell in code_cells(notebook) if "jupyter" in cell.metadata]
    return {exercise_of(cell): cell for cell in hidden}


def test_three_exercises_are_open_and_their_solutions_folded_away_at_the_end(notebook, stem):
    """That the solution is the one that is tested, `test_declared.py` looks at."""
    solved, opened = solutions(notebook), []
    if stem in WITHOUT_EXERCISES:
        assert not solved
        return
    sources = [cell.source for cell in notebook.cells]
    end = next(i for i, source in enumerate(sources) if source.startswith("## Solutions"))
    for place, cell in enumerate(notebook.cells):
        name = cell.cell_type == "code" and exercise_of(cell)
        if not name or cell is solved[name]:
            continue
        opened.append(name)
        number = len(opened)
        assert f"**Exercise {number}.**" in sources[place - 1]
        assert sources[place - 1].endswith(f"[Solution](#Solution-{number})")
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
    assert len(opened) >= 3
    assert opened == list(solved)
    assert all(name.startswith(f"{stem[:2]}-") for name in opened)
    asked = {name for name in looked_up() | RUN if name[:2] == stem[:2]}
    assert asked == set(opened)
    assert len(looked_up() & asked) <= 2


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
        with contextlib.redirect_stdout(io.StringIO()) as said:
            exec(solution.source, space)
        now, stored = said.getvalue().strip(), shown(solution).strip()
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


def count_lines(cell):
    """The lines of a cell, without blank ones and without those of its assertions."""
    ends = [range(node.lineno, node.end_lineno + 1) for node in asserts(cell)]
    asserted = {number for lines in ends for number in lines}
    lines = enumerate(cell.source.splitlines(), start=1)
    return sum(bool(line.strip()) and number not in asserted for number, line in lines)


def test_a_cell_is_short_unless_it_defines_something_in_full(notebook):
    for cell in code_cells(notebook)[1:]:  # the first holds the imports
        body = parse(cell.source).body
        in_full = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)
        if not (in_full or exercise_of(cell)):
            lines = count_lines(cell)
            assert lines <= 12, cell.source


def test_what_is_compared_prints_no_number_that_processors_disagree_on(notebook):
    """At most three digits of a float in a compared cell's own text."""
    for cell in code_cells(notebook):
        if IGNORE not in cell.metadata.get("tags", []):
            for output in cell.outputs:
                for found in re.findall(r"\d+\.\d+", output.get("text", "")):
                    assert len(found.replace(".", "").strip("0")) <= 4, (found, cell.source)


def test_readme_lists_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\[(\d\d) · [^\]]+\]\(notebooks/(\w+)\.ipynb\)", readme)
    assert links == [(stem[:2], stem) for stem in STEMS]
