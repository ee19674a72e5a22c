"""Write notebooks/REFERENCE.md and notebooks/cards.txt, from the notebooks and reference.toml.

    .venv/bin/python tests/make/reference.py

Program, error messages with their causes, and cards are taken from the notebooks. Terms and
symptoms stand in reference.toml, and each of them is led to the place that shows it.
"""

import ast
import csv
import io
import re
import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

sys.path.append(str(Path(__file__).parents[1]))

from stored import MODULES, PATHS, ROOT, STEMS, STEPS, calls, read, sections, shown

COMMAND = ".venv/bin/python tests/make/reference.py"
SOURCE = Path(__file__).with_suffix(".toml")
REFERENCE = ROOT / "notebooks" / "REFERENCE.md"
CARDS = ROOT / "notebooks" / "cards.txt"

HEADING = re.compile(r"(?m)^#{1,4} (.+)$")
AHEAD = re.compile(r"^## Three from before|^\*\*You will\*\*", re.MULTILINE)
CARD = re.compile(r"<details><summary>(.+?)</summary>(.+?)</details>", re.DOTALL)
PRINTED = re.compile(r"(?ms)^(\d+)\. (\w+): (.+?)(?=^\d+\. \w+: |\Z)")
CAUSE = re.compile(r"(?m)^(\d+)\. (.+)$")
FRAGMENT = "!$&',;=:@/?"  # what may stand in an anchor as it is, brackets aside

OPENING = """\
# Reference

To look up, and to print: the whole program with its six modules and five steps; what to do when a \
network does not learn; every error message of the series, with its cause; and the terms, each \
with the place where it is first used. The questions of all "Say it aloud" sections stand as cards \
in `cards.txt`, which Anki imports.
"""
SYMPTOMS = """\
## When it does not learn

No error stops the program, and yet something is wrong. Measure before you change anything. Change \
one thing, and run again with a new network. There may be several faults, and the cure of one \
brings the next to light: then begin at the top again.

### Look at this first

1. Read what PyTorch warns of, in red, even if the program goes on.
2. Print the shapes of x, of y, of `net(x)` and of `net(x) - y`. The last three are the same.
3. Print the mean and the spread of x and of y. Training is easiest where they are near 0 and 1.
4. Print three pairs of x and y as they stand right before the loop, and check one by hand.
5. Print the first ten losses, and not every hundredth.
"""
COLUMNS = """\
| you see | measure | it comes from | what helps | in |
|---|---|---|---|---|
"""
ERRORS = """\
## Error messages

Read the type first, and then the message; most messages name two things that do not fit \
together. Beneath each stands what was called, why that fails, and what to write instead. The \
numbers in a message are those of the example.
"""
TERMS = """\
## Terms

Each leads to the place where it is first used, or explained.
"""
CLOSING = f"""\
---
Made from the notebooks by `{COMMAND}`. Change those, or `tests/make/reference.toml`, and not this \
page.
"""


@dataclass(frozen=True)
class Place:
    """A heading of a notebook."""

    stem: str
    heading: str

    def target(self):
        return f"{self.stem}.ipynb#{anchor(self.heading)}"

    def link(self):
        return f"[{self.stem[:2]} · {self.heading}]({self.target()})"


def anchor(heading):
    """The anchor that JupyterLab gives a heading."""
    return quote(re.sub("[`*]", "", heading).replace(" ", "-"), safe=FRAGMENT)


def headings(cell):
    """The headings in a cell, each with its place there."""
    return [] if cell.cell_type == "code" else list(HEADING.finditer(cell.source))


@cache
def all_cells():
    """The cells of all notebooks, each with its notebook and the heading before it."""
    cells = []
    for path in PATHS:
        heading = ""
        for cell in read(path).cells:
            cells.append((path.stem, cell, heading))
            heading = ([found[1] for found in headings(cell)] or [heading])[-1]
    return cells


def place_in(stem, cell, before, position):
    """The heading under which a position of a cell stands."""
    found = [heading[1] for heading in headings(cell) if heading.start() <= position]
    return Place(stem, (found or [before])[-1])


def place_of(name):
    """The heading under which a cell begins, by the cell's id."""
    for stem, cell, before in all_cells():
        if cell.id == name:
            return place_in(stem, cell, before, 0)
    raise ValueError(f"no cell has the id {name!r}, to which reference.toml leads")


def patterns(word, is_code):
    """How a term may stand in a text: in italics, or else in bold, or else as a word or as code."""
    plain = re.escape(word)
    yield rf"(?<!\*)\*{plain}s?\*(?!\*)"
    yield rf"\*\*{plain}s?\*\*"
    yield rf"`[\w.]*{plain}(?!\w)" if is_code else rf"(?<![\w-]){plain}s?(?![\w-])"


def may_explain(cell):
    """Whether a term may be met for the first time in a cell: it is text, and looks not ahead."""
    return cell.cell_type == "markdown" and not AHEAD.search(cell.source)


def find_term(name, word=None, cell=None):
    """The place where a term is first used.

    Args:
        word: How it is called there, where that is not its name.
        cell: The id of the cell that explains it, where that is not the first it stands in.
    """
    is_code = name.startswith("`") and not cell
    for pattern in patterns(word or name.strip("`"), is_code):
        for stem, found, before in all_cells():
            here = found.id == cell if cell else may_explain(found)
            match = here and re.search(pattern, found.source, re.IGNORECASE)
            if match:
                return place_in(stem, found, before, match.start())
    where = f"in the cell {cell}" if cell else "in any notebook"
    raise ValueError(f"the term {name!r} of reference.toml does not stand {where}")


def section(notebook, heading):
    return next(found for found in sections(notebook) if found.heading == heading)


# --- The program


def write_program():
    """The program of notebook 00: its imports, its helpers, and all cells that name a module."""
    cells = section(read(PATHS[0]), "## The whole program").cells
    parts = [
        cell.source
        for cell in cells
        if re.match(r"from |# \d\. ", cell.source)
        or "defines-helper" in cell.metadata.get("tags", [])
    ]
    imports, *rest = parts
    imports = imports.replace("\n\nfrom torch", "\n\nimport torch\nfrom torch", 1)
    spaced = [
        f"\n{part}\n" if re.search("(?m)^(def|class) ", part) else part for part in [imports, *rest]
    ]
    return re.sub("\n{4,}", "\n\n\n", "\n\n".join(spaced))


def introduce_program():
    modules = ", ".join(f"{n} {name}" for n, name in enumerate(MODULES, start=1))
    steps = ", ".join(f"{n} {name}" for n, name in enumerate(STEPS, start=1))
    place = Place(STEMS[0], "The whole program")
    return (
        f"## The whole program\n\nSix modules: {modules}.\nFive steps, in module 6: {steps}.\n\n"
        f"It is explained line by line in {place.link()}.\n\n```python\n{write_program()}\n```\n"
    )


# --- Error messages


def calls_shown(cell):
    """What a cell hands to `show_errors`, as code."""
    for call in calls(cell, "show_errors"):
        for given in call.args:
            code = given.body if isinstance(given, ast.Lambda) else given
            text = " ".join(ast.get_source_segment(cell.source, code).split())
            yield text if code is not given else f"{text}()"


def errors_of(path):
    """The errors of a notebook: type, message, what was called, and the cause."""
    notebook, inside, open_errors = read(path), False, []
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            inside = cell.source.startswith("## Common errors")
        if not inside:
            continue
        if cell.cell_type == "code":
            found = PRINTED.findall(shown(cell))
            open_errors = list(zip(found, calls_shown(cell), strict=True))
        elif open_errors:
            causes = dict(CAUSE.findall(cell.source))
            for (number, kind, message), called in open_errors:
                yield kind, message.strip(), called, causes[number]
            open_errors = []


def join_errors():
    """The messages by their type, each with all places where it comes; numbers aside."""
    found = {}
    for path in PATHS:
        for kind, message, called, cause in errors_of(path):
            alike = (kind, re.sub(r"\d+", "0", message))
            found.setdefault(alike, (message, []))[1].append((path.stem, called, cause))
    joined = [(kind, *rest) for (kind, _), rest in found.items()]
    return sorted(joined, key=lambda error: (error[0], error[1].casefold()))


def write_message(message):
    lines = [line.rstrip() for line in message.splitlines()]
    return f"`{message}`" if len(lines) == 1 else "\n".join(["```text", *lines, "```"])


def write_errors():
    parts = [ERRORS]
    for kind, errors in groupby(join_errors(), key=lambda error: error[0]):
        parts.append(f"### {kind}\n")
        for _, message, causes in errors:
            rows = [
                f"- `{called}`: {cause} ({Place(stem, 'Common errors').link()})"
                for stem, called, cause in causes
            ]
            parts += [f"{write_message(message)}\n", "\n".join(rows) + "\n"]
    return "\n".join(parts)


# --- Symptoms and terms


def write_questions():
    """The questions that notebook 06 asks a run, each with a link."""
    found = [heading[1] for cell in read(PATHS[6]).cells for heading in headings(cell)]
    asked = [heading for heading in found if re.match(r"\d\. ", heading)]
    lines = [f"{h[:3]}[{h[3:]}]({Place(STEMS[6], h).target()})" for h in asked]
    return "### Six questions, before you trust a run\n\n" + "\n".join(lines) + "\n"


def write_recipe():
    """The recipe for a rate, as notebook 05 has it."""
    heading = "A recipe for a rate"
    text = section(read(PATHS[5]), f"## {heading}").texts[0]
    steps = re.findall(r"(?m)^\d\. .+$", text)
    return f"### {heading}\n\n" + "\n".join(steps) + f"\n\n({Place(STEMS[5], heading).link()})\n"


def write_symptoms(groups):
    parts = [SYMPTOMS, write_questions(), write_recipe()]
    for group in groups:
        rows = []
        for row in group["symptoms"]:
            places = dict.fromkeys(map(place_of, row["at"]))
            links = [f"[{place.stem[:2]}]({place.target()})" for place in places]
            cells = [row[key] for key in ("see", "measure", "cause", "cure")]
            rows.append(f"| {' | '.join([*cells, ', '.join(links)])} |")
        parts.append(f"### {group['title']}\n\n{COLUMNS}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def write_terms(terms, places):
    unknown = set(places) - set(terms)
    if unknown:
        raise ValueError(f"places of terms that reference.toml does not have: {sorted(unknown)}")
    ordered = sorted(terms, key=lambda name: name.strip("`.").casefold())
    rows = [
        f"- **{name}**: {terms[name]} {find_term(name, **places.get(name, {})).link()}"
        for name in ordered
    ]
    return f"{TERMS}\n" + "\n".join(rows) + "\n"


def read_source():
    return tomllib.loads(SOURCE.read_text("utf-8"))


def write_reference():
    source = read_source()
    parts = [
        OPENING,
        introduce_program(),
        write_symptoms(source["groups"]),
        write_errors(),
        write_terms(source["terms"], source["places"]),
        CLOSING,
    ]
    return "\n".join(parts)


# --- Cards


def cards():
    """All questions to say aloud: question, answer, and the notebook as a tag."""
    for path in PATHS:
        text = "\n".join(section(read(path), "## Say it aloud").texts)
        for card in CARD.findall(text):
            question, answer = (" ".join(re.sub(r"</?a\b[^>]*>", "", c).split()) for c in card)
            yield question, answer, path.stem


def write_cards():
    """The cards as Anki imports them: question and answer as HTML, and a tag."""
    out = io.StringIO()
    out.write("#separator:tab\n#html:true\n#tags column:3\n")
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows(cards())
    return out.getvalue()


def make():
    """What this script writes: the text of each file."""
    return {REFERENCE: write_reference(), CARDS: write_cards()}


def main():
    for path, text in make().items():
        path.write_text(text, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
