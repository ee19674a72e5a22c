"""The prose says what the cells show: every number, name and link is tied to where it comes from.

A number in a section must be printed or stand in the code of that section, or be the article's.
What no rule here can see: a number exchanged for another of its own section, and words.
"""

import re
from dataclasses import dataclass

import programs
import pytest
from stored import (
    MODULES,
    ROOT,
    STEMS,
    STEPS,
    code_cells,
    exercise_of,
    numbers,
    read,
    sections,
    to_float,
    to_floats,
)

# The article's figures, each with the words in a sentence beside which it means what the
# article means, and words in the section without which it would mean something else.
ARTICLE = {
    0.01937: ("loss", "three|small|article"),
    0.01379: ("loss", "seven|deep"),
    0.05: ("rate|lr|SGD", ""),
    1000: ("points|outputs|labels", ""),
    -10: ("from|between", ""),
    10: ("from|between", ""),
    4999: ("iteration", ""),
    10_000: ("iteration", ""),
}
# The numbers in a network's list are widths, and no number of points or iterations.
WIDTH = re.compile(r"\[|cfg|list|layer|width|unit|node|neuron|hidden|parameter|weight|shape|\(")
# What looks back on a whole notebook, or ahead, may take its numbers from all of it.
WHOLE = re.compile(r"# |## (Say it aloud|Words)")
WORDS = ["three", "four", "five", "six", "seven", "eight", "nine", "ten"]
COUNTED = "(?:seeds|networks|optimizers|starts)"
SHARE = re.compile(r"(\d+(?:\.\d+)?) ?%")
NAMED = re.compile(r"(?i)\b(module|step) (\d)[,:] (?:the )?([\w ]+)")
# Numbers that name a place and claim nothing; tests of their own tie each to what it names.
NAMES = [
    r"\]\([^)]*\)",  # an address
    r"(?m)(?:^- |<li>)(?:[1-5], )+[1-5](?=:|$)",  # steps, in the order in which to press them
    r"<[^>]+>",  # markup
    r"(?m)^#{1,4} \d+\.",  # a numbered heading
    r"(?m)^\d+\. ",  # a numbered list
    r"(?m)^\| \d \|",  # the table of the six modules
    r"(?m)^1 dataset · .*|^\*\*1 dataset.*|.*\*\*6 training\*\*$",  # the strip
    r"\*\*1 iteration\*\*",  # a button
    r"\bAbout \d+ minutes(?:, and \d+ more)?",
    r"\b(?:Exercise|Solution) \d+",
    r"(?<![\w.])0\d(?!\w|\.\d)",  # a notebook
    r"(?i)\b(?:modules?|steps?) \d(?: (?:to|or|and) \d)?",
]


# What is asked in an exercise that is run: its numbers are those of the check.
ASKED = {path.stem: path.read_text("utf-8").partition("\n## ")[0] for path in programs.PATHS}


@pytest.fixture
def stem(request):
    return request.node.callspec.params["notebook"].stem


def markdown(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def claims(text):
    """A text's sentences, without the numbers that are names, and with 10 000 as 10000."""
    for pattern in NAMES:
        text = re.sub(pattern, " ", text)
    text = re.sub(r"(?<![\d.,])(\d{1,3}) (?=\d{3}(?!\d))", r"\1", text)
    return re.split(r"(?<=[.!?:])\s+|\n", text)


@dataclass
class Evidence:
    """Where the numbers of a section may come from.

    Attributes:
        printed: The numbers that its cells print; of an exercise none, for it prints its answer.
        code: The numbers that stand in its code.
        widths: Those in a network's list, in code or printed.
        shares: The numbers before a per cent sign, in both.
    """

    printed: set
    code: set
    widths: set
    shares: set


def with_evidence(notebook):
    """Each section with its evidence."""
    every = sections(notebook)
    for section in every:
        own = every if WHOLE.match(section.heading) else [section]
        printed = "\n".join(s.printed() for s in own if not s.heading.startswith("**Exercise"))
        code = [found for s in own for found in s.code()]
        asked = [ASKED[name] for s in own for name in map(exercise_of, s.cells) if name in ASKED]
        text = "\n".join([printed, *(text for found in code for text in found.texts)])
        lists = re.findall(r"\[\d+(?:, \d+)+\]", printed)
        for widths in lists:
            printed = printed.replace(widths, "")
        yield (
            section,
            Evidence(
                printed=to_floats(printed),
                code=set().union(*(found.values for found in code), *map(to_floats, asked)),
                widths=to_floats(" ".join(lists)).union(*(found.widths for found in code)),
                shares={float(number) for number in SHARE.findall(text)},
            ),
        )


def test_every_number_in_the_prose_has_its_source_in_its_own_section(notebook):
    for section, evidence in with_evidence(notebook):
        for sentence in (s for text in section.texts for s in claims(text)):
            exercise = section.heading.startswith("**Exercise")
            measured = re.search("loss|error", sentence) and not exercise
            for number in numbers(sentence):
                value = to_float(number)
                chosen = value in evidence.code and not (measured and "." in number)
                width = value in evidence.widths and (exercise or WIDTH.search(sentence))
                beside, within = ARTICLE.get(value, ("(?!)", ""))
                article = re.search(beside, sentence) and re.search(within, "".join(section.texts))
                source = value in evidence.printed or chosen or width or article
                assert source, (number, sentence)


def test_every_share_in_the_prose_is_one_in_its_own_section(notebook):
    for section, evidence in with_evidence(notebook):
        for number in SHARE.findall("\n".join(section.texts)):
            assert float(number) in evidence.shares, (number, section.heading)


def test_a_count_in_words_is_one_in_its_own_section(notebook):
    for section, evidence in with_evidence(notebook):
        for word in re.findall(rf"(?i)\b({'|'.join(WORDS)}) {COUNTED}\b", "\n".join(section.texts)):
            count = WORDS.index(word.lower()) + 3
            assert count in evidence.printed | evidence.code | evidence.widths, (
                word,
                section.heading,
            )


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
        steps = []
        for line in cell.source.splitlines():
            code, _, comment = line.partition("  # ")
            for number, name in re.findall(r"(\d)\. (?:the )?(\w+(?: class)?)", comment):
                step = name in STEPS and STEPS.index(name) + 1 == int(number)
                module = name in MODULES and MODULES.index(name) + 1 == int(number)
                known = name in (*STEPS, *MODULES, "class")
                assert step or module or not known or (name, number) == ("class", "2"), line
                steps += [int(number)] if step and not module else []
                for call in STEPS[2:] if step else []:
                    assert f".{call}()" not in code or call == name, line
        assert steps == sorted(steps), cell.source


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
    assert len(errors) == len(explained) >= 2


def title(stem):
    notebook = read(ROOT / "notebooks" / f"{stem}.ipynb")
    return notebook.cells[0].source.splitlines()[0].removeprefix("# ")


def test_a_link_says_where_it_leads(notebook, stem):
    """Its file is there, the number in its words is the file's, and its title the notebook's."""
    links = re.findall(r"\[([^\]]+)\]\(([^)]+)\)", "\n".join(markdown(notebook)))
    assert links
    for words, address in links:
        if not address.startswith(("http", "#")):
            assert (ROOT / "notebooks" / address.split("#")[0]).exists(), address
        for number in re.findall(r"\b0?\d\b", words):
            assert address.startswith(f"{int(number):02}_"), (words, address)
        if address.endswith(".ipynb"):
            name = words.split(" · ")[-1]
            plain = name.lower() == address[3:-6] or re.fullmatch(r"[Nn]otebook \d\d", name)
            assert plain or title(address[:-6]).startswith(name), (words, address)
    for text in markdown(notebook):
        for number in re.findall(
            r"(?<![\w.])(0\d)(?!\w|\.\d)", re.sub(r"\(\S+\.ipynb\)|`.*?`", "", text)
        ):
            assert number in {name[:2] for name in STEMS} - {stem[:2]}, (number, text)


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
    need = next(p for p in notebook.cells[1].source.split("\n\n") if p.startswith("**You need**"))
    assert all(needed < stem for needed in re.findall(r"\((\w+)\.ipynb\)", need))


def test_every_picture_in_prose_has_words_in_its_place(notebook):
    for text in (*markdown(notebook), (ROOT / "README.md").read_text(encoding="utf-8")):
        for alt in re.findall(r"!\[([^\]]*)\]\(", text):
            assert len(alt.split()) >= 3, alt
        for tag in re.findall(r"<img\b[^>]*>", text):
            assert re.search(r'alt="\w+ \w+ [^"]+"', tag), tag
