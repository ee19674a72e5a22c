"""The prose says what the cells show: numbers, names and links are tied to where they come from.

A number with a decimal point, or of three digits and more, is shown by a cell of its section, or
stands in the code or the facts there, or is the article's. What no rule here can see: a number
exchanged for another of its own section, smaller numbers, and words.
"""

import re
from functools import cache

import programs
import pytest
from stored import (
    MODULES,
    NUMBER,
    PATHS,
    ROOT,
    STEMS,
    STEPS,
    code_cells,
    comments,
    exercise_of,
    read,
    sections,
    to_float,
    to_floats,
)

# The article's figures, each with a word without which a text that has it would mean another.
ARTICLE = {0.01937: "three|small|article", 0.01379: "seven|deep|article"}
ARTICLE |= dict.fromkeys((0.05, 1000, 4999, 10_000), "")
# What looks back on a whole notebook, or ahead, may take its numbers from all of it.
WHOLE = re.compile(r"# |## (Say it aloud|Words|Solutions)")
BACK = re.compile(r"(?i)\b(above|earlier|opening)\b")
NOTEBOOK = re.compile(r"(?<![\w.])(0\d)(?!\w|\.\d)|\((\d\d)_\w+\.ipynb|notebook (\d\d)")
# What tells the reader to do or to imagine something claims nothing.
TASK = re.compile(
    r"\W*(?:Now |Then |Or |And )?(?:try|set|change|choose|drag|write|press|move|give|take|draw|"
    r"put|make|let|train|run|use|compare|replace|pick|turn|imagine|picture|suppose|think of)\b",
    re.IGNORECASE,
)
# What tells of other times and places has its source there.
ELSEWHERE = re.compile(r"\]\(http|\b(?:19|20)\d\d\)|\b(?:in|since|of) (?:19|20)\d\d\b(?! \w+s\b)")
# Numbers that claim nothing.
FREE = [
    r"(?s)```.*?```",
    r"`[^`\n]*`",
    r"\]\([^)]*\)",  # an address
    r"<[^>]+>",  # markup
    r"\b(?:Python|PyTorch|NumPy|JupyterLab|version) \d[\d.]*",
    r"\b100 ?%",
]
NAMED = re.compile(r"(?i)\b(module|step) (\d)[,:] (?:the )?([\w ]+)")

# What is asked in an exercise that is run: its numbers are those of the check.
ASKED = {path.stem: path.read_text("utf-8").partition("\n## ")[0] for path in programs.PATHS}


@pytest.fixture
def stem(request):
    return request.node.callspec.params["notebook"].stem


def markdown(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def sentences(text):
    """A text's sentences, with 10 000 as 10000."""
    text = re.sub(r"(?<![\d.,])(\d{1,3}) (?=\d{3}(?!\d))", r"\1", text)
    return re.split(r"(?<=[.!?:])\s+|\n", text)


def claims(sentence):
    """The numbers in a sentence that must be shown, each with whether it is a share."""
    if TASK.match(sentence) or ELSEWHERE.search(sentence):
        return
    for pattern in FREE:
        sentence = re.sub(pattern, " ", sentence)
    for found in NUMBER.finditer(re.sub(r"(?<=\d)x(?=\d)", " x ", sentence)):
        number = found[0].partition("e")[0]
        if "." in number or len(re.sub(r"\D", "", number)) >= 3:
            yield found[0], found.string[found.end() :].lstrip().startswith("%")


def unit(number):
    """The place of a number's last digit, zeros at the end of a whole one left out."""
    digits, _, exponent = number.replace(",", "").lstrip("-").partition("e")
    whole, _, decimals = digits.partition(".")
    zeros = len(whole) - len(whole.rstrip("0"))
    return 10.0 ** (int(exponent or 0) + (-len(decimals) if decimals else zeros))


def is_shown(number, shown, share=False):
    """Whether a number is one of those that are shown, rounded to its own digits; signs aside."""
    value, half = abs(to_float(number)), unit(number) / 2 * (1 + 1e-6)
    scales = (1, 100) if share else (1,)
    return any(abs(value - scale * abs(other)) <= half for other in shown for scale in scales)


def evidence(found):
    """The numbers that some sections show: printed, in code and facts, and in what is asked."""
    names = {exercise_of(cell) for section in found for cell in section.cells} & set(ASKED)
    printed = [to_floats(section.printed()) for section in found]
    code = [section.code().values for section in found]
    return set().union(*printed, *code, *(to_floats(ASKED[name]) for name in names))


@cache
def evidence_of(number):
    """The numbers that a whole notebook shows."""
    paths = [path for path in PATHS if path.stem.startswith(number)]
    return set().union(*(evidence(sections(read(path))) for path in paths))


def unshown(notebook, own):
    """The numbers in a notebook's prose that nothing shows, each with its sentence.

    Args:
        own: Its own number, "05".
    """
    for section in sections(notebook):
        here = evidence_of(own) if WHOLE.match(section.heading) else evidence([section])
        for text in section.texts:
            article = {value for value, beside in ARTICLE.items() if re.search(beside, text)}
            for sentence in sentences(text):
                named = {"".join(found) for found in NOTEBOOK.findall(sentence)}
                named |= {own} if BACK.search(sentence) else set()
                shown = here.union(article, *map(evidence_of, named))
                for number, share in claims(sentence):
                    if not is_shown(number, shown, share):
                        yield number, sentence


def test_every_number_in_the_prose_is_shown_in_its_own_section(notebook, stem):
    found = list(unshown(notebook, stem[:2]))
    assert not found, "\n".join(f"{number}: {sentence}" for number, sentence in found)


def test_a_number_is_shown_where_it_is_rounded_from():
    assert is_shown("0.24", {0.2413})
    assert is_shown("0.24", {-0.24})
    assert is_shown("500", {487})
    assert is_shown("1,250", {1250})
    assert is_shown("12.5", {0.125}, share=True)
    for number in ("0.25", "0.2", "0.243", "24"):
        assert is_shown(number, {0.2413}) == (number == "0.2")
    assert not is_shown("501", {487})
    assert not is_shown("1,250", {1240})


def test_only_numbers_that_claim_something_must_be_shown():
    sentence = "It is 0.25 of 10000 after 37 steps; 2.5% of 12.5 % are 3."
    assert list(claims(sentence)) == [
        ("0.25", False),
        ("10000", False),
        ("2.5", True),
        ("12.5", True),
    ]
    for free in (
        "Try 0.2 instead.",
        "Imagine 200 people.",
        "The first deep ones had 152 layers, in 2015.",
        "With `lr=0.2` it ends lower.",
        "It is older than ReLU (Fukushima, 1969), and was used in 2012.",
        "Python 3.11, 100 % of them, [words](https://a.b/300.5), 1e-5 and three.",
    ):
        assert not list(claims(free)), free


def test_a_module_and_a_step_have_their_own_numbers(notebook):
    """In prose ("step 3, zero_grad"; "module 1, the dataset"), in tables and in comments."""
    for text in markdown(notebook):
        for kind, number, name in re.findall(NAMED, text):
            names = MODULES if kind.lower() == "module" else STEPS
            known = name.startswith(tuple(names))
            assert name.startswith(names[int(number) - 1]) or not known, text
        for number in re.findall(r"(?i)\bmodules? (\d)", text):
            assert 1 <= int(number) <= 6, text
        for number in re.findall(r"(?i)\bsteps? (\d)(?!\d)", text):
            assert 1 <= int(number) <= 5, text
        rows = re.findall(r"(?m)^\| (\d) \| ([\w ]+) \|", text)
        assert rows in ([], [(str(n), name) for n, name in enumerate(MODULES, start=1)])
    for cell in code_cells(notebook):
        misnumbered(cell)


def misnumbered(cell):
    """Refuse a numbered comment beside another module or step, and steps out of order."""
    last = 0
    for code, comment in comments(cell):
        for number, name in re.findall(r"(\d)\. (?:the )?(\w+(?: class)?)", comment):
            step = name in STEPS and STEPS.index(name) + 1 == int(number)
            module = name in MODULES and MODULES.index(name) + 1 == int(number)
            known = name in (*STEPS, *MODULES, "class")
            assert step or module or not known or (name, number) == ("class", "2"), comment
            if step and not module:
                for call in STEPS[2:]:
                    assert f".{call}()" not in code or call == name, comment
                again = number == "1" or exercise_of(cell)
                assert again or int(number) >= last, cell.source
                last = int(number)


def test_headings_exercises_and_lists_are_numbered_in_order(notebook):
    text = "\n".join(markdown(notebook))
    for pattern in (r"(?m)^## (\d+)\. ", r"(?m)^\*\*Exercise (\d+)\.\*\*"):
        found = [int(number) for number in re.findall(pattern, text)]
        assert found == list(range(1, len(found) + 1))
    for source in markdown(notebook):
        found = [int(number) for number in re.findall(r"(?m)^(\d+)\. ", source)]
        assert found == list(range(1, len(found) + 1)), source


def test_every_common_error_is_explained_under_its_number(notebook):
    section = next(s for s in sections(notebook) if s.heading == "## Common errors")
    errors = re.findall(r"(?m)^(?:\d+\. )?\w+(?:Error|Exception): ", section.printed())
    explained = re.findall(r"(?m)^\d+\. ", "\n".join(section.texts))
    assert len(errors) == len(explained) >= 1


def title(stem):
    notebook = read(ROOT / "notebooks" / f"{stem}.ipynb")
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def test_a_link_says_where_it_leads(notebook):
    """Its file is there, the number in its words is the file's, and its title the notebook's."""
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", "\n".join(markdown(notebook)))
    for words, address in links:
        if not address.startswith(("http", "#")):
            assert (ROOT / "notebooks" / address.split("#")[0]).exists(), address
        for number in re.findall(r"\b0\d\b|^\d\d(?= · )|(?<=otebook )\d\d", words):
            assert address.startswith(f"{number}_"), (words, address)
        if address.endswith(".ipynb") and " · " in words:
            name = words.split(" · ")[-1]
            plain = name.lower() == address[3:-6].replace("_", " ")
            assert plain or title(address[:-6]).startswith(name), (words, address)
    for text in markdown(notebook):
        for number in re.findall(
            r"(?<![\w.])(0\d)(?!\w|\.\d)", re.sub(r"\(\S+\.ipynb\)|`.*?`", "", text)
        ):
            assert number in {name[:2] for name in STEMS}, (number, text)


def test_previous_is_the_one_before_next_the_one_behind_and_what_is_needed_comes_before(
    notebook, stem
):
    foot = notebook.cells[-1].source
    place = STEMS.index(stem)
    assert foot.startswith("---\n")
    before = re.findall(r"Previous(?: and overview)?: \[[^\]]+\]\((\w+)\.ipynb\)", foot)
    behind = re.findall(r"Next: \[[^\]]+\]\((\w+)\.ipynb\)", foot)
    assert before == STEMS[:place][-1:]
    assert behind == STEMS[place + 1 :][:1]
    assert place == 0 or "](00_overview.ipynb)" in foot
    paragraphs = [part for text in markdown(notebook) for part in text.split("\n\n")]
    need = next(part for part in paragraphs if part.startswith("**You need**"))
    assert all(needed < stem for needed in re.findall(r"\((\w+)\.ipynb\)", need))


def test_each_notebook_opens_with_three_questions_from_earlier_ones(notebook, stem):
    if stem == STEMS[0]:
        return
    cell = next(text for text in markdown(notebook) if re.search("^## ", text, re.MULTILINE))
    assert cell.startswith("## Three from before\n")
    cards = re.findall(r"<details><summary>(.+?)</summary>(.+?)</details>", cell, re.DOTALL)
    assert len(cards) == 3
    for question, answer in cards:
        told = re.findall(r'<a href="(\w+)\.ipynb">', answer)
        assert told, question
        assert set(told) <= set(STEMS[: STEMS.index(stem)]), question


def test_every_picture_in_prose_has_words_in_its_place(notebook):
    for text in (*markdown(notebook), (ROOT / "README.md").read_text(encoding="utf-8")):
        for alt in re.findall(r"!\[([^\]]*)\]\(", text):
            assert len(alt.split()) >= 3, alt
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'alt="\w+ \w+ [^"]+"', tag), tag
