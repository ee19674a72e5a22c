"""Facts run after their cell, leave nothing behind, and fail with their line and values."""

import re
import subprocess
import sys
from pathlib import Path

import facts
import nbformat
import pytest
from processors import on_path
from stored import PATHS, STEMS, code_cells, facts_of, read

CONFTEST = """
import cells, facts, pathlib
facts.FOLDER = pathlib.Path(__file__).parent / "facts"
def pytest_configure(config):
    config.pluginmanager.register(cells)
"""

# A cell, its tags, what it has stored.
CELLS = {
    "00-draw": ("import torch\nseed = torch.manual_seed(0)\nright = 3", [], ""),
    "00-print": (
        "print(f'lr {0.1}: loss {right}, 40% dead: {True}')",
        ["nbval-ignore-output"],
        "?",
    ),
    "00-same": ("print(f'{torch.rand(1).item():.4f}')", [], "0.4963\n"),
    "00-none": ("print({'own', 'printed', 'out'} & set(dir()))", [], "set()\n"),
    "00-false": ("losses = [3, 4]", [], ""),
    "00-skipped": ("1 / 0", ["nbval-skip"], ""),
}
FACTS = """import math

# %% 00-draw
own = torch.rand(3)

# %% 00-print
assert printed("lr {}: loss {}, {} dead: {}") == [[0.1, 3, 0.4, True]]
assert 2.9 < right < math.pi
globals()["out"] = 5

# %% 00-false
low = min(losses)
assert 1 < low < 2

# %% 00-skipped
assert True

# %% 00-nowhere
assert True
"""


def run(folder, *chosen):
    """Run the notebook above with its facts, and return what pytest says."""
    notebook = nbformat.v4.new_notebook()
    for number, (name, (source, tags, text)) in enumerate(CELLS.items(), start=1):
        cell = nbformat.v4.new_code_cell(source, id=name, execution_count=number)
        cell.metadata.tags = tags
        cell.outputs = [nbformat.v4.new_output("stream", text=text)] if text else []
        notebook.cells.append(cell)
    nbformat.write(notebook, folder / "a.ipynb")
    (folder / "facts").mkdir()
    (folder / "facts" / "a.py").write_text(FACTS, "utf-8")
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    options = ["-pnbval.plugin", "--nbval", "--nbval-current-env", "-rA", "-q", "--color=no"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--disable-plugin-autoload", *options, *chosen],
        cwd=folder,
        env=on_path(Path(__file__).parent),
        capture_output=True,
        text=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    return run(tmp_path_factory.mktemp("facts"), "a.ipynb")


def verdicts(said):
    return re.findall(r"^(PASSED|FAILED|ERROR|SKIPPED) a\.ipynb::Cell (\d)", said, re.MULTILINE)


def test_a_true_fact_passes_and_leaves_no_name_and_no_draw_behind(said):
    assert {("PASSED", str(place)) for place in range(4)} <= set(verdicts(said)), said


def test_a_false_fact_fails_its_cell_with_line_and_values(said):
    assert ("FAILED", "4") in verdicts(said)
    line = FACTS.splitlines().index("assert 1 < low < 2") + 1
    assert re.search(rf'a\.py", line {line}, in <module>\n +assert 1 < low < 2\n', said), said
    assert "AssertionError: assert 3 < 2" in said


def test_a_fact_that_never_ran_is_told_behind_the_last_cell(said):
    assert ("ERROR", "5") in verdicts(said)
    assert "facts that never ran: 00-nowhere, 00-skipped" in said


def test_who_asks_for_one_cell_is_not_told_of_the_others(tmp_path):
    said = run(tmp_path, "a.ipynb::Cell 0")
    assert "1 passed" in said
    assert "never ran" not in said


def test_facts_stand_where_their_file_has_them():
    file = facts.path_of("06_training")
    lines = file.read_text("utf-8").splitlines()
    for source in facts.read_facts(file).values():
        for number, line in enumerate(source.splitlines()):
            assert line in ("", lines[number])


def test_the_facts_of_a_cell_begin_once(tmp_path):
    (tmp_path / "a.py").write_text("# %% a\n1\n# %% b\n2\n# %% a\n3\n")
    with pytest.raises(ValueError, match=r"a\.py, line 5: the facts of a begin twice"):
        facts.read_facts(tmp_path / "a.py")
    assert facts.read_facts(tmp_path / "none.py") == {}


def test_what_was_not_printed_is_told():
    printed = facts.printed_in("loss 1,000 to 2e-05, nan\nloss 3 to 4.5, x.\n")
    assert printed("loss {} to {}, x") == [[3, 4.5]]
    assert printed("loss {}") == [[1000], [3]]
    assert printed("to {}") == [[2e-5], [4.5]]
    with pytest.raises(AssertionError, match=r"no line like 'lost {}' in what was printed"):
        printed("lost {}")


def test_the_right_option_is_read_where_the_questions_stand(tmp_path, monkeypatch):
    (tmp_path / "questions.toml").write_text('["05-race"]\nright = "Adam"\n')
    monkeypatch.setattr(facts, "QUESTIONS", tmp_path / "questions.toml")
    own = facts.seen_by("assert right('05-race') == right_one", {"right": 3}, "")
    assert own["right"]("05-race") == "Adam"
    assert facts.seen_by("assert right == 3", {"right": 3}, "") == {"right": 3}


@pytest.mark.parametrize("path", sorted(facts.FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_each_fact_is_of_a_cell(path):
    assert path.stem in STEMS
    notebook = read(PATHS[STEMS.index(path.stem)])
    assert set(facts_of(path.stem)) <= {cell.id for cell in code_cells(notebook)}
