"""Every notebook is built alike: the same parts in the same order, and no number from nowhere."""

import ast
import re

import nbformat
import pytest
from stored import IGNORE, PATHS, ROOT, code_cells

from helpers.exercises import read_exercises

STEMS = [path.stem for path in PATHS]
MODULES = ["dataset", "network class", "instance", "loss", "optimizer", "training"]
ARTICLE = {0.01937, 0.01379, 0.05, 1000, 4999, 10_000}
HEADINGS = ["## On your own", "## Say it aloud", "## Common errors"]


@pytest.fixture
def stem(request):
    return request.node.callspec.params["notebook"].stem


def is_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))


def printed(notebook):
    """All text in the stored outputs."""
    parts = []
    for cell in code_cells(notebook):
        for output in cell.outputs:
            parts += [output.get("text", ""), output.get("data", {}).get("text/plain", "")]
    return "\n".join(parts)


def called(cell, name):
    """The calls of a function or method in a cell."""
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return [c for c in calls if name in (getattr(c.func, "id", 0), getattr(c.func, "attr", 0))]


def test_title_strip_and_minutes(notebook, stem):
    title, strip, minutes = notebook.cells[0].source.split("\n\n")
    assert title.startswith("# ")
    plain = strip.replace("*", "")
    assert plain == " · ".join(f"{n} {name}" for n, name in enumerate(MODULES, start=1))
    bold = re.findall(r"\*\*(.+?)\*\*", strip)
    own = {f"0{number}": [f"{number} {name}"] for number, name in enumerate(MODULES, start=1)}
    assert bold == ({"00": [plain]} | own).get(stem[:2], [])  # 07 and 08 look back at all of them
    assert 5 <= int(re.search(r"About (\d+) minutes", minutes)[1]) <= 45


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


def test_the_last_parts_in_order_and_links_to_the_neighbours(notebook, stem):
    sources = [cell.source for cell in notebook.cells]
    starts = [next(i for i, s in enumerate(sources) if s.startswith(h)) for h in HEADINGS]
    assert starts == sorted(starts)
    links = re.findall(r"\]\((\w+)\.ipynb\)", sources[-1])
    place = STEMS.index(stem)
    expected = {"00_overview", *STEMS[max(place - 1, 0) : place + 2]} - {stem}
    assert expected <= set(links)
    assert sources[-1].startswith("---")
    for source in sources[starts[1] : starts[2]]:
        assert source.count("<details><summary>") == source.count("</summary>") >= 4
        assert source.count("</details>") == source.count("<details>")
    assert any(cell.cell_type == "code" for cell in notebook.cells[starts[2] :])


def test_two_predictions_are_made_before_and_revealed_after(notebook):
    sources = [cell.source for cell in code_cells(notebook)]
    guesses = [s.split(" = predict(")[0] for s in sources if " = predict(" in s]
    assert len(guesses) >= 2
    for guess in guesses:
        asked = next(i for i, s in enumerate(sources) if s.startswith(f"{guess} = predict("))
        told = next(i for i, s in enumerate(sources) if f"{guess}.reveal(" in s)
        assert told > asked
    for cell in code_cells(notebook):
        for call in called(cell, "reveal"):
            assert not isinstance(call.args[0], ast.Constant), "a truth must be computed"


def test_three_exercises_are_open_and_their_solutions_folded_away_and_right(notebook, stem):
    names = []
    for cell, solution in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code" and cell.source.startswith("answer = ..."):
            (name,) = re.findall(r'^check\("(.+)", answer\)$', cell.source, re.MULTILINE)
            assert "Not answered yet" in cell.outputs[0].text
            assert solution.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
            assert solution.source.endswith(f'check("{name}", answer)')
            assert solution.outputs[0].text.startswith("Right.")
            names.append(name)
    assert len(names) >= 3
    assert names == [name for name in read_exercises() if name[:2] == stem[:2]]
    hidden = [c for c in code_cells(notebook) if c.metadata.get("jupyter")]
    assert len(hidden) == len(names)


def test_every_picture_is_followed_by_a_sentence(notebook):
    for place, cell in enumerate(notebook.cells):
        if is_picture(cell):
            after = notebook.cells[place + 1 :]
            following = next(c for c in after if c.cell_type == "markdown" or is_picture(c))
            assert following.cell_type == "markdown", cell.source
            assert not following.source.startswith(("#", "---")), cell.source


def test_cells_are_as_many_and_prose_as_long_as_a_reader_bears(notebook):
    taught = [
        cell
        for cell in code_cells(notebook)
        if not (called(cell, "predict") or called(cell, "check") or called(cell, "reveal"))
    ]
    assert 15 <= len(taught) <= 30
    prose = [len(c.source.split()) for c in notebook.cells if c.cell_type == "markdown"]
    assert sum(prose) / len(prose) <= 60


def test_every_number_in_the_prose_is_printed_or_the_articles(notebook):
    number = r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?:e-?\d+)?(?![\w.]*\.ipynb)"
    outputs = {to_float(n) for n in re.findall(r"\d[\d,]*\.?\d*(?:e[-+]?\d+)?", printed(notebook))}
    code = {to_float(n) for c in code_cells(notebook) for n in re.findall(r"[\d_.]+", c.source)}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\]\(.*?\)|`.*?`", "", cell.source)  # no addresses, no code
            for found in re.findall(number, text):
                value = to_float(found)
                if "." in found:
                    assert value in outputs | ARTICLE, (found, cell.source)
                elif value >= 100:
                    assert value in outputs | ARTICLE | code, (found, cell.source)


def to_float(text):
    try:
        return float(text.replace(",", "").replace("_", "").rstrip("."))
    except ValueError:
        return None


def test_what_is_compared_prints_no_number_that_processors_disagree_on(notebook):
    """At most three digits of a float in a compared cell's own text."""
    for cell in code_cells(notebook):
        if IGNORE not in cell.metadata.get("tags", []):
            for output in cell.outputs:
                for found in re.findall(r"\d+\.\d+", output.get("text", "")):
                    assert len(found.replace(".", "").strip("0")) <= 4, (found, cell.source)


def test_readme_lists_every_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\(notebooks/(\w+)\.ipynb\)", readme) == STEMS
    assert all(nbformat.read(path, as_version=4).cells for path in PATHS)
