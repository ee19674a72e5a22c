"""REFERENCE.md and cards.txt are what their generator makes now, and each link leads somewhere."""

import csv
import importlib.util
import re
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest
from stored import PATHS, ROOT, read, sections

PATH = Path(__file__).parent / "make" / "reference.py"
spec = importlib.util.spec_from_file_location("reference", PATH)
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")
SOURCE = reference.read_source()


@pytest.fixture(scope="module")
def text():
    return reference.REFERENCE.read_text("utf-8")


def part(text, heading):
    """What stands under a heading of the page, up to the next of its level."""
    return re.split(r"(?m)^## ", text.partition(f"## {heading}\n")[2])[0]


def anchors(path):
    """The anchors of a notebook, as JupyterLab makes them of its headings."""
    texts = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    found = re.findall(r"(?m)^#{1,4} (.+)$", "\n".join(texts))
    return {re.sub(r"[`*]", "", heading).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", [reference.REFERENCE, reference.CARDS], ids=lambda path: path.name)
def test_what_is_stored_is_what_the_notebooks_say(path):
    assert path.read_text("utf-8") == reference.make()[path], (
        f"{path.name} is older than the notebooks or reference.toml: run {reference.COMMAND}"
    )


def test_each_link_leads_to_a_file_and_a_heading(text):
    links = set(LINK.findall(text))
    assert len(links) > 100
    for link in links:
        stem, _, anchor = link.partition("#")
        path = ROOT / "notebooks" / stem
        assert path in PATHS, link
        assert not anchor or unquote(anchor) in anchors(path), link


def test_each_term_stands_where_its_link_leads(text):
    rows = re.findall(r"(?m)^- \*\*(.+?)\*\*: (.+) \[.+?\]\((.+?)#(.+)\)$", part(text, "Terms"))
    assert {name for name, *_ in rows} == set(SOURCE["terms"])
    for name, _, stem, anchor in rows:
        word = SOURCE["places"].get(name, {}).get("word", name.strip("`"))
        heading = unquote(anchor)
        here = [s for s in split(ROOT / "notebooks" / stem) if s[0] == heading]
        assert any(word.lower() in said.lower() for _, said in here), (name, heading)


def split(path):
    """The text and code of a notebook, cut at its headings, each piece with its anchor."""
    found = []
    for cell in read(path).cells:
        is_text = cell.cell_type == "markdown"
        for piece in re.split(r"(?m)^(?=#{1,4} )", cell.source) if is_text else [cell.source]:
            heading = re.match(r"#{1,4} (.+)", piece) if is_text else None
            if heading:
                found.append([re.sub(r"[`*]", "", heading[1]).replace(" ", "-"), ""])
            if found:
                found[-1][1] += piece + "\n"
    return found


def test_a_term_is_said_in_one_sentence():
    for name, sentence in SOURCE["terms"].items():
        assert sentence.endswith("."), name
        assert not re.search(r"[.!?] [A-Z]", sentence), name


def test_each_symptom_has_a_measure_a_cause_a_cure_and_a_place(text):
    said = part(text, "When it does not learn")
    assert re.findall("(?m)^### (.+)$", said)[3:] == [group["title"] for group in SOURCE["groups"]]
    rows = [row for row in re.findall(r"(?m)^\| (.+) \|$", said) if not row.startswith("you see")]
    assert len(rows) == sum(len(group["symptoms"]) for group in SOURCE["groups"]) >= 12
    for row in rows:
        cells = row.split(" | ")
        assert len(cells) == 5, row
        assert all(cells), row
        assert LINK.search(cells[-1]), row


def test_the_questions_and_the_recipe_are_those_of_the_notebooks(text):
    said = part(text, "When it does not learn")
    assert re.findall(r"(?m)^(\d)\. \[", said) == list("123456")
    assert said.count("A best rate should have a worse one on either side.") == 1


def test_each_error_message_stands_there_with_its_cause(text):
    found = [error for path in PATHS for error in reference.errors_of(path)]
    assert {kind for kind, *_ in found} == set(re.findall(r"(?m)^### (\w+)$", text))
    for path in PATHS:
        section = next(s for s in sections(read(path)) if s.heading == "## Common errors")
        printed = re.findall(r"(?m)^\d+\. \w+(?:Error|Exception): (.+)$", section.printed())
        assert len(printed) == len(list(reference.errors_of(path)))
        for message in printed:
            assert re.sub(r"\d+", "0", message.strip()) in re.sub(r"\d+", "0", text), message
    for _, _, called, cause in found:
        assert f"- `{called}`: {cause}" in text


def test_the_program_runs_as_it_is_printed():
    program = reference.write_program()
    short = program.replace("range(1000)", "range(2)")
    assert short != program
    out = StringIO()
    with redirect_stdout(out):
        exec(compile(short, "REFERENCE.md", "exec"), {})
    assert "iteration 0: loss" in out.getvalue()


def test_the_program_has_the_six_modules_and_the_five_steps():
    numbers = re.findall(r"# (\d)\. ", reference.write_program())
    assert "".join(numbers) == "123456" + "12345"


def test_the_cards_are_all_that_is_to_be_said_aloud():
    lines = reference.CARDS.read_text("utf-8").splitlines()
    heads = [line for line in lines if line.startswith("#")]
    assert lines[: len(heads)] == heads == ["#separator:tab", "#html:true", "#tags column:3"]
    rows = list(csv.reader(lines[len(heads) :], delimiter="\t"))
    assert all(len(row) == 3 and all(row) for row in rows)
    assert max(Counter(question for question, *_ in rows).values()) == 1  # Anki would join them
    for path in PATHS:
        section = next(s for s in sections(read(path)) if s.heading == "## Say it aloud")
        asked = "\n".join(section.texts).count("<summary>")
        assert [stem for *_, stem in rows].count(path.stem) == asked >= 1
