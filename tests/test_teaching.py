"""TEACHING.md agrees with the notebooks: minutes and their sums, links, votes, exercises."""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
from stored import PATHS, ROOT, STEMS, calls, exercise_of, questions, read, sections

sys.path.append(str(Path(__file__).with_name("make")))

from reference import Place, all_cells, headings

PAGE = ROOT / "notebooks" / "TEACHING.md"
TOP = re.compile(r"\*About (\d+) minutes, and (\d+) more for the exercises( of the core)?\.")
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
NAME = re.compile(r"`(\d\d-[a-z0-9-]+)`")
A_VOTE = 5  # minutes
HALF_DAY = 240  # minutes
NUMBERS = {"two": 2, "three": 3}
LEADS = [
    "What students get wrong",
    "Five questions for a vote",
    "On the projector",
    "May be left out",
]


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text("utf-8")


@pytest.fixture(params=STEMS)
def stem(request):
    return request.param


def part(text, stem):
    """What the page says of a notebook."""
    found = re.search(rf"(?ms)^## {stem[:2]} · .+?(?=^## |\Z)", text)
    assert found, f"no section on {stem}"
    return found[0]


def said(section, lead):
    """What stands in a section behind a lead in bold, up to the next lead."""
    found = re.search(rf"(?ms)^\*\*{re.escape(lead)}\.?\*\*(.+?)(?=^\*\*|\Z)", section)
    assert found, lead
    return found[1]


def table(text, first):
    """The rows of the table whose first heading is that, each a list of its cells."""
    lines = text[text.index(f"| {first} |") :].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def minutes_at_top(stem):
    """The minutes of the core, and those of the exercises, as the notebook says them."""
    core, exercises, _ = TOP.search(opening(stem)).groups()
    return int(core), int(exercises)


@cache
def opening(stem):
    cells = read(ROOT / "notebooks" / f"{stem}.ipynb").cells
    return next(cell.source for cell in cells if TOP.search(cell.source))


def stems_in(cell):
    """The notebooks to which a cell of a table links."""
    return [address.removesuffix(".ipynb") for _, address in LINK.findall(cell)]


@cache
def minutes_of_exercises():
    """The minutes of each exercise, by its name."""
    found = {}
    for path in PATHS:
        for section in sections(read(path)):
            told = re.search(r"^\*\*Exercise \d.+? · about (\d+) minutes", "\n".join(section.texts))
            names = {exercise_of(cell) for cell in section.cells} - {None}
            found |= {name: int(told[1]) for name in names if told}
    return found


@cache
def places():
    """The headings under which each question is asked, and each exercise set."""
    found = {}
    for stem, cell, before in all_cells():
        if cell.cell_type == "code" and not cell.source.startswith("# Solution"):
            for call in calls(cell, "predict", "check"):
                name = getattr(call.args[0], "value", None)
                found.setdefault(name, []).append(Place(stem, before).link())
    return found


@cache
def known(stem):
    """The questions and the exercises of a notebook."""
    own = {name for name in minutes_of_exercises() if name.startswith(stem[:2])}
    return own | set(questions(read(ROOT / "notebooks" / f"{stem}.ipynb")))


def test_a_section_has_the_minutes_of_its_notebook(text, stem):
    assert TOP.search(part(text, stem)).groups() == TOP.search(opening(stem)).groups()


def test_the_table_of_minutes_holds_all_notebooks_and_their_sums(text):
    *rows, (_, core, exercises, *mine) = table(text, "notebook")
    assert [stems_in(row[0]) for row in rows] == [[stem] for stem in STEMS]
    for stem, row in zip(STEMS, rows, strict=True):
        assert (int(row[1]), int(row[2])) == minutes_at_top(stem)
        assert row[3:] == mine == ["", "", ""]
    assert int(core) == sum(minutes_at_top(stem)[0] for stem in STEMS)
    assert int(exercises) == sum(minutes_at_top(stem)[1] for stem in STEMS)


@pytest.mark.parametrize("day", ["first half day", "second half day"])
def test_a_half_day_adds_up(text, day):
    *rows, (_, together, _) = table(text, day)
    assert all(mine == "" for *_, mine in rows)
    assert sum(int(minutes) for _, minutes, _ in rows) == int(together) == HALF_DAY
    assert [what for what, *_ in rows].count("break") == 2
    lasts = minutes_of_exercises()
    for what, minutes, _ in rows:
        if stems_in(what):
            assert int(minutes) == sum(minutes_at_top(stem)[0] for stem in stems_in(what))
        if NAME.search(what):
            assert int(minutes) == sum(lasts[name] for name in NAME.findall(what))
        if what.endswith(" votes"):
            assert int(minutes) == A_VOTE * NUMBERS[what.split()[0]]


def test_the_two_half_days_take_the_notebooks_that_they_say(text):
    days = [table(text, day) for day in ("first half day", "second half day")]
    taken = [stem for day in days for what, *_ in day for stem in stems_in(what)]
    told = re.search(r"It takes six: (.+?)\.", text)[1]
    assert [stem[:2] for stem in taken] == re.findall(r"\d\d", told)


def test_the_six_weeks_add_up_and_hold_all_notebooks(text):
    *rows, totals = table(text, "week")
    assert [stem for row in rows for stem in stems_in(row[1])] == STEMS
    assert [int(row[0]) for row in rows] == [1, 2, 3, 4, 5, 6]
    votes = re.search(r"(\w+) votes on each notebook", text)[1]
    for row in rows:
        core, pause, voting, lesson, home = map(int, row[2:7])
        own = [minutes_at_top(stem) for stem in stems_in(row[1])]
        assert (core, home) == tuple(map(sum, zip(*own, strict=True)))
        assert voting == A_VOTE * NUMBERS[votes] * len(own)
        assert lesson == core + pause + voting
        assert row[7:] == ["", ""]
    for column in range(2, 7):
        assert int(totals[column]) == sum(int(row[column]) for row in rows)


def test_each_link_leads_to_a_file_and_a_heading_and_says_which(text):
    found = LINK.findall(text)
    assert len(found) > 100
    for words, address in found:
        path, _, anchor = address.partition("#")
        assert (ROOT / "notebooks" / path).is_file(), address
        number = re.match(r"\d\d", words)
        assert not number or path.startswith(number[0]), words
        if anchor:
            stem = path.removesuffix(".ipynb")
            assert f"[{words}]({address})" in links_to(stem), f"{words}: {unquote(anchor)}"


@cache
def links_to(stem):
    """The links to all headings of a notebook."""
    cells = [cell for name, cell, _ in all_cells() if name == stem]
    return {Place(stem, found[1]).link() for cell in cells for found in headings(cell)}


def test_a_notebook_has_five_votes_each_where_its_link_leads_and_its_answer_folded(text, stem):
    section = said(part(text, stem), "Five questions for a vote")
    votes = re.findall(r"(?ms)^\d\. .+?(?=^\d\. |\Z)", section)
    names = [NAME.findall(vote.partition("<details>")[0])[-1] for vote in votes]
    assert len(set(names)) == len(names) == 5
    assert set(names) <= known(stem)
    asked = set(questions(read(ROOT / "notebooks" / f"{stem}.ipynb")))
    assert len(asked & set(names)) == min(5, len(asked - deeper(stem)))  # predictions come first
    for name, vote in zip(names, votes, strict=True):
        shown, fold, folded = vote.partition("   <details><summary>")
        (link,) = LINK.finditer(shown)
        assert link[0] in places()[name], name
        assert fold, name
        assert "Right: " not in shown, name
        assert "Right: " in folded, name
        assert folded.rstrip().endswith("</details>"), name


def deeper(stem):
    """The questions of a notebook that do not belong to its core."""
    return {
        name
        for name, found in places().items()
        if all(link.startswith(f"[{stem[:2]} · Deeper") for link in found)
    }


def test_each_mistake_names_an_exercise_or_a_question_of_its_notebook(text, stem):
    mistakes = re.findall(r"(?m)^- (.+)$", said(part(text, stem), "What students get wrong"))
    assert 3 <= len(mistakes) <= 5
    for mistake in mistakes:
        names = set(NAME.findall(mistake))
        assert names, mistake
        assert names <= known(stem), mistake


def test_each_name_in_the_plans_is_an_exercise(text):
    names = set(NAME.findall(text.partition("\n## 00 · ")[0]))
    assert names
    assert names <= set(minutes_of_exercises())


def test_each_control_that_is_to_be_shown_is_there(text, stem):
    widgets = (ROOT / "helpers" / "widgets").glob("*.py")
    there = "\n".join(path.read_text("utf-8") for path in widgets)
    there += "\n".join(cell.source for name, cell, _ in all_cells() if name == stem)
    shown = said(part(text, stem), "On the projector")
    for control in re.findall(r"\*\*(.+?)\*\*", shown):
        name = re.escape(control)
        assert re.search(rf"[\"']{name}[\"']|\b{name}=", there), control


def test_a_section_has_its_parts_in_order(text, stem):
    section = part(text, stem)
    places = [section.index(f"**{lead}") for lead in LEADS]
    assert places == sorted(places)
    assert LINK.search(said(section, "May be left out"))


def test_the_commands_and_imports_on_the_page_are_there(text):
    modules = set(re.findall(r"\bhelpers(?:\.\w+)+", text))
    assert len(modules) == 2
    assert all(importlib.util.find_spec(module) for module in modules)
    for module, name in re.findall(r"`from ([\w.]+) import (\w+)`", text):
        assert callable(getattr(importlib.import_module(module), name))
