"""A planted mistake breaks the assertion that it should, and what none breaks is told."""

import os

import nbformat
import planted
import pytest
from stored import PATHS, asserts, code_cells, facts_of, read

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows cannot copy a process")


def notebook(*sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"c{n}") for n, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells)


RUN = notebook(
    "def double(x):\n    return 2 * x",
    "y = double(3)",
    "print(y)",
    'check("00-order", ...)',
)
FACTS = {"c2": "\nassert 5 < y < 7\nassert printed('{}') == [[6]]"}
HALVED = {"in": "c0", "old": "2 * x", "new": "x / 2"}


def plant(monkeypatch, capsys, edits, run=RUN, facts=FACTS):
    monkeypatch.setitem(planted.WRONG, "run", edits)
    missing = planted.plant(run, "run", facts)
    return capsys.readouterr().out.splitlines(), missing


def test_a_mistake_is_planted_in_a_copy_and_leaves_nothing_behind(monkeypatch, capsys):
    told, missing = plant(monkeypatch, capsys, {"c2": [[HALVED]]})
    assert told == ["run, c2: '2 * x' to 'x / 2': breaks lines [2, 3]"]
    assert missing == []


def test_two_edits_may_be_one_mistake(monkeypatch, capsys):
    late = {"in": "c1", "old": "double(3)", "new": "double(12)"}
    told, missing = plant(monkeypatch, capsys, {"c2": [[late, HALVED]]})
    assert "breaks lines []" in told[0]  # half of 12 is 6 again
    assert missing == [
        "run, c2: 'double(3)' to 'double(12)'; '2 * x' to 'x / 2': breaks nothing",
        "run, c2: nothing breaks `assert 5 < y < 7`",
    ]


def test_a_mistake_that_stops_before_the_assertion_breaks_nothing(monkeypatch, capsys):
    stops = {"in": "c1", "old": "double(3)", "new": "double()"}
    told, missing = plant(monkeypatch, capsys, {"c2": [[stops]]})
    assert "stops with TypeError: double() missing 1" in told[0]
    assert len(missing) == 2


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        ({"c2": [[HALVED | {"old": "3 * x"}]]}, "'3 * x' stands 0 times"),
        ({"c2": [[HALVED]], "c9": [[HALVED]]}, "run: no cell c9"),
    ],
)
def test_an_edit_that_has_no_place_is_told(monkeypatch, capsys, edits, says):
    told, missing = plant(monkeypatch, capsys, edits)
    assert says in "\n".join(told + missing)


def test_an_assertion_that_breaks_as_it_stands_is_told(monkeypatch, capsys):
    run = notebook("x = 3", "print(x)")
    _, missing = plant(monkeypatch, capsys, {}, run, {"c1": "assert x > 4"})
    assert missing == [
        "run, c1: lines {1} break as they stand",
        "run, c1: nothing breaks `assert x > 4`",
    ]


def test_every_range_of_the_series_has_a_mistake_with_a_place():
    for path in PATHS:
        cells = {cell.id: cell for cell in code_cells(read(path))}
        for name, mistakes in planted.WRONG[path.stem].items():
            for edit in (edit for mistake in mistakes for edit in mistake):
                assert cells[edit["in"]].source.count(edit["old"]) == 1, (name, edit)
        facts = facts_of(path.stem)
        ranges = {name for name in facts if any(map(planted.is_range, asserts(facts[name])))}
        assert ranges <= set(planted.WRONG[path.stem]), path.stem
