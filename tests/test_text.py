"""The prose says what the cells show: every number, name and link is tied to where it comes from.

A number with a decimal point, or of three digits and more, must be printed in its section or stand
in its code, or be the article's.
What no rule here can see: a number exchanged for another of its own section, and words.
"""

import ast
import re
from dataclasses import dataclass

import programs
import pytest
from stored import (
    MODULES,
    ROOT,
    STEMS,
    STEPS,
    Seeds,
    asserts,
    code_cells,
    exercise_of,
    numbers,
    over_seeds,
    parse,
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
    4999: ("iteration", ""),
    10_000: ("iteration", ""),
}
# The numbers in a network's list are widths, and no number of points or iterations.
WIDTH = re.compile(r"\[|cfg|list|layer|width|unit|node|neuron|hidden|parameter|weight|shape|\(")
# What looks back on a whole notebook, or ahead, may take its numbers from all of it.
WHOLE = re.compile(r"# |## (Say it aloud|Words)")
WORDS = ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
WORD = f"({'|'.join(WORDS)})"
# A count of what was run: "five seeds", "all five explode".
COUNTED = re.compile(
    rf"(?i)\b(?!two networks)(?:{WORD} (?:seeds|networks|optimizers|starts|draws|rates|depths)"
    rf"|all {WORD}(?! (?:steps|modules|together)))\b"
)
PART = re.compile(rf"(?i)\b{WORD} (?:\w+ )?of {WORD}\b")  # "four pairs of five"
# What one run cannot show: that one thing is better than another, or that something never works.
VERDICT = re.compile(
    r"(?i)\b(better|worse|faster|fastest|slower|slowest|more (?:slowly|quickly)|sooner"
    r"|beats?|(?<!to )wins?"
    r"|(?:is|are|was|were|does|do|fits?) (?:the )?(?:best|worst|left behind)"
    r"|ends? (?:mostly |usually )?(?:lower|higher|below|above|nearer)|verdict holds"
    r"|helps?|hurts?|harmless|useless|brings? nothing|rescues?|safe|safer|makes? no difference"
    r"|always|usually|mostly|every time|(?:nearly )?every (?:seed|draw|pair|start)"
    r"|(?:all|none of the) (?:three|four|five|eight|ten|stored) (?:seeds|networks|runs|starts)"
    r"|(?:stay|stays|stayed|lie|lies|lay|is|are|goes|go) (?:still |almost )?flat"
    r"|(?:do|does|did|will|can) ?not (?:learn|train|help|hurt|matter|wake)"
    r"|never (?:learns?|trains?|moves?|helps?|hurts?|wakes?|gets?|falls?)"
    r"|explodes?|diverges?|learns? all the same)\b"
)
# What says so of two things: their figures must have been compared with each other.
ORDER = re.compile(
    r"(?i)\b(better|worse|faster|slower|more (?:slowly|quickly)|sooner|beats?|wins?|helps?|hurts?"
    r"|ends? (?:mostly |usually )?(?:lower|higher|below|above|nearer))\b"
)
# What one run may say of itself, and what is no verdict: a guess, or that there is none.
MODEST = re.compile(
    r"(?i)^(?:but |and )?whether\b"
    r"|\b(?:in this run|this network|cannot (?:tell|say|show|prove)|must|should|would)\b"
)
# What draws weights or trains them: there another seed may say something else.
DRAWN = {"Experiment", "Playground", "Regressor", "Sequential", "Linear", "make_layers", "sweep"}
DRAWN |= {"train", "advance", "manual_seed", "randn", "rand", "randperm", "results", "noise="}
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
    r"\[1[01] · ",  # one without a 0, in a link
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
        lengths: How many parts the lists, tables and ranges in its code have.
    """

    printed: set
    code: set
    widths: set
    shares: set
    lengths: set


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
                lengths=set().union(*(found.lengths for found in code)),
            ),
        )


def test_every_number_in_the_prose_has_its_source_in_its_own_section(notebook):
    for section, evidence in with_evidence(notebook):
        for sentence in (s for text in section.texts for s in claims(text)):
            exercise = section.heading.startswith("**Exercise")
            measured = re.search("loss|error", sentence) and not exercise
            for number in numbers(sentence):
                value = to_float(number)
                if "." not in number and abs(value) < 100:
                    continue
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


def to_count(word):
    return WORDS.index(word.lower()) + 2


def test_a_count_in_words_is_one_in_its_own_section(notebook):
    """It is printed, stands in the code, or is the length of what stands there."""
    for section, evidence in with_evidence(notebook):
        counts = evidence.printed | evidence.code | evidence.widths | evidence.lengths
        for text in section.texts:
            for found in COUNTED.finditer(text):
                word = found[1] or found[2]
                assert to_count(word) in counts, (found[0], section.heading)


def test_a_part_in_words_is_one_in_its_own_section(notebook):
    """ "Four pairs of five" is a share that is printed, within 5 points, or two counts."""
    for section, evidence in with_evidence(notebook):
        for part, whole in PART.findall("\n".join(section.texts)):
            share = 100 * to_count(part) / to_count(whole)
            near = any(abs(share - other) <= 5 for other in evidence.shares)
            both = {to_count(part), to_count(whole)} <= evidence.printed | evidence.lengths
            assert near or both, (part, whole, section.heading)


def is_drawn(cell, helpers):
    """Whether a cell draws or trains, itself or by a function that an earlier cell defines.

    Adds to `helpers` the functions that the cell defines and that do so.
    """
    drawn = False
    for node in parse(cell.source).body:
        used = set()
        for part in ast.walk(node):
            if isinstance(part, ast.Name | ast.Attribute | ast.Constant):
                used.add(getattr(part, "id", getattr(part, "attr", getattr(part, "value", None))))
            elif isinstance(part, ast.keyword):
                used.add(f"{part.arg}=")
        if used & (DRAWN | helpers):
            drawn = True
            if isinstance(node, ast.FunctionDef) and node.name != "get_fake_data":
                helpers.add(node.name)  # without noise get_fake_data gives the same each time
    return drawn


def verdicts(text):
    """The sentences of a text that judge: no question, quotation, code, heading or pointer."""
    text = re.sub(r"```.*?```|`[^`]*`|\"[^\"]*\"|(?m:^#.*$)", " ", text, flags=re.DOTALL)
    for sentence in re.split(r"(?<=[.!?:])\s+|\n\n|\|", text):
        modest = MODEST.search(sentence) or "](" in sentence or sentence.rstrip().endswith("?")
        if VERDICT.search(sentence) and not modest:
            yield VERDICT.search(sentence)[0], " ".join(sentence.split())


def compares(cell):
    """Whether a cell asserts an order of two figures, or how many of them are so: `lower >= 4`."""
    for node in (node for statement in asserts(cell) for node in ast.walk(statement)):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            operands = [node.left, *node.comparators]
            limits = [part.value for part in operands if isinstance(part, ast.Constant)]
            if all(isinstance(limit, int) for limit in limits):
                return True
    return False


def unproved(notebook):
    """The verdicts without a cell above them, in their section, that asserts over several seeds.

    A sentence that ends in a colon may have it below. What a compared cell prints of several seeds
    is asserted by nbval. Where one thing is better than another, an assertion compares two figures.
    None is wanted where nothing above is drawn or trained, for no seed can overturn it. The first
    cells say what is to come, and what follows `## On your own` or `## Say it aloud` recalls.
    What this cannot see: whether what is asserted is what the sentence says, and what was drawn
    in another section.
    """
    helpers = set()
    asserted, printed = over_seeds(notebook)
    for section in sections(notebook):
        if section.heading.startswith(("## On your own", "## Say it aloud")):
            return
        drawn = [is_drawn(cell, helpers) for cell in section.cells]
        for text, above in zip(section.texts, section.above, strict=True):
            for word, sentence in verdicts(text):
                below = sentence.endswith(":") and text.rstrip().endswith(":")
                seen = section.cells[: above + below]
                wanted = any(drawn[: len(seen)]) or not seen
                of_many = [cell for cell in seen if cell.id in asserted | printed]
                if ORDER.search(sentence):  # ranges that are compared show it as well, if last
                    last = of_many[-1:]
                    of_many = [cell for cell in of_many if cell.id in asserted and compares(cell)]
                    of_many += [cell for cell in last if cell.id in printed]
                if wanted and not of_many and section.heading[:2] != "# ":
                    yield section.heading, word, sentence


def test_a_verdict_stands_below_a_cell_that_asserts_over_several_seeds(notebook):
    found = list(unproved(notebook))
    assert not found, "\n".join(map(" | ".join, found))


def proves(code):
    return Seeds().follow(parse(code).body)


def test_an_assertion_over_several_seeds_is_known_by_where_its_figures_come_from():
    each = "ends = [run(seed) for seed in range(5)]\n"
    loop = "ends = []\nfor seed in range(5):\n    net = make(seed)\n    ends.append(net(x))\n"
    assert proves(each + "assert max(ends) < 1")
    assert proves(loop + "assert max(ends) < 1")
    assert proves(loop + "    assert net(x) < 1")
    assert proves(
        each + "table = {1: sorted(ends)}\nfor k, v in table.items():\n    assert v[4] < 1"
    )
    assert proves("def f(lr):\n    return [run(s, lr) for s, seed in seeds]\nassert max(f(1)) < 1")
    assert proves("low = 1\nfor seed in range(5):\n    low = min(low, run(seed))\nassert low < 1")
    assert proves("for r in json.loads((at / 'results' / name).read_text()):\n    assert r < 1")


def test_an_assertion_over_one_seed_is_none_over_several():
    each = "ends = [run(seed) for seed in range(5)]\n"
    assert not proves("end = run(seed=0)\nassert end < 1")
    assert not proves(each.replace("5", "4") + "assert max(ends) < 1")
    assert not proves(each + "assert other < 1")
    assert not proves(each + "ends = run(0)\nassert ends < 1")
    assert not proves("for seed in range(5):\n    net = make(seed)\nassert net(x) < 1")
    assert not proves("for lr in (0.1, 0.2, 0.3, 0.4, 0.5):\n    assert run(lr) < 1")
    assert not proves(each + "def f(ends):\n    return ends\nassert f(0) < 1")
    assert not proves(each + "table = {1: ends}\nfor k, v in table.items():\n    assert k < 1")


def test_a_sentence_that_judges_is_known_and_one_that_asks_or_points_is_not():
    for text in (
        "Adam is faster.",
        "It lies flat.",
        "A deep one does not learn.",
        "It helps: look.",
    ):
        assert list(verdicts(text)), text
    for text in (
        "Is Adam faster?",
        "Why do they lie flat? See below.",
        "It explodes, says [05](05_optimizer.ipynb).",
        "In this run it lies flat.",
        "Which is best, one run cannot tell.",
        'Print `better` or "worse".',
        "## Adam is better",
        "Each gets its best rate.",
    ):
        assert not list(verdicts(text)), text


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
        for number in re.findall(r"\b[01]?\d\b", words):
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
