"""The stored notebooks, and what the tests of text read in them: sections, numbers, evidence."""

import ast
import io
import re
import tokenize
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
from facts import path_of, read_facts

from helpers.exercises.asking import EXERCISES

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEMS = [path.stem for path in PATHS]
IGNORE = "nbval-ignore-output"
RUN = set(EXERCISES)  # the exercises whose answer is run
MODULES = ["dataset", "network class", "instance", "loss", "optimizer", "training"]
STEPS = ["forward", "loss", "zero_grad", "backward", "step"]

# A sign belongs to a number unless something stands before it that it may subtract from.
NUMBER = re.compile(
    r"(?:(?<![\w)\].-])-)?(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[-+]?\d+)?(?!\w|\.\d)"
)
HEADING = re.compile(r"#{1,4} |\*\*Exercise \d")
# Sizes of a picture say nothing about a network.
COSMETIC = {"figsize", "fontsize", "ms", "lw", "linewidth", "alpha", "ncols", "size", "fps", "pad"}


@cache
def read(path):
    """Parse a notebook, once for all tests; nobody changes what comes back."""
    return nbformat.read(path, as_version=4)


@cache
def parse(source):
    return ast.parse(source)


def code_cells(notebook, tag=None):
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [cell for cell in cells if tag is None or tag in cell.metadata.get("tags", [])]


def calls(cell, *names):
    """The calls in a cell of these functions, or of these methods: `.reveal`."""
    found = [node for node in ast.walk(parse(cell.source)) if isinstance(node, ast.Call)]
    functions = [(getattr(c.func, "id", ""), c) for c in found]
    methods = [("." + getattr(c.func, "attr", ""), c) for c in found]
    return [call for name, call in functions + methods if name in names]


@cache
def facts_of(stem):
    """The facts of a notebook: the code of each cell's, by its id."""
    return read_facts(path_of(stem))


def asserts(source):
    return [node for node in ast.walk(parse(source)) if isinstance(node, ast.Assert)]


def tree_of(cell):
    return parse(cell.source)


def facts_tree(cell):
    """The facts of a cell, parsed."""
    return parse(facts_of(stem_of(cell)).get(cell.id, ""))


def asserted(cell):
    """What the facts of a cell assert."""
    return [node for node in ast.walk(facts_tree(cell)) if isinstance(node, ast.Assert)]


@cache
def stems():
    """The prefixes of the cells' ids, each with its notebook."""
    return {stem[:2]: stem for stem in STEMS}


def stem_of(cell):
    return stems()[cell.id[:2]]


def questions(notebook):
    """The variable that holds each question of a notebook, and the place of the cell that asks."""
    found = {}
    for place, cell in enumerate(code_cells(notebook)):
        for node in ast.walk(parse(cell.source)):
            if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
                continue
            if getattr(node.value.func, "id", "") == "predict":
                found[node.value.args[0].value] = (node.targets[0].id, place)
    return found


def settling(notebook):
    """For each question the cells that settle it: all behind it up to the one that reveals it.

    A cell that asks another question shows no result, and is none of them.
    """
    cells, found = code_cells(notebook), {}
    for name, (variable, place) in questions(notebook).items():
        behind = range(place + 1, len(cells))
        last = next((n for n in behind if variable in revealed(cells[n])), None)
        if last is None:
            raise ValueError(f"the question {name} is never revealed")
        between = cells[place + 1 : last + 1]
        found[name] = [c for c in between if revealed(c) or not calls(c, "predict")]
    return found


def revealed(cell):
    """The variables whose questions a cell reveals."""
    return {getattr(call.func.value, "id", "") for call in calls(cell, ".reveal")}


def settling_ids(notebook):
    return {cell.id for cells in settling(notebook).values() for cell in cells}


def shown(cell):
    """The text of a cell's stored output."""
    texts = [o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in cell.outputs]
    return re.sub(r"<Figure .*?>", "", "\n".join(texts))


def numbers(text):
    """The numbers in a text as they stand there, those of `1x20` too."""
    return NUMBER.findall(re.sub(r"(?<=\d)x(?=\d)", " x ", text))


def to_float(number):
    return float(number.replace(",", ""))


def to_floats(text):
    return {to_float(number) for number in numbers(text)}


@dataclass
class Literals(ast.NodeVisitor):
    """The numbers that stand in code: literals, in texts too, and the last number of a range.

    Left out: formats, a picture's sizes, and the options of a question, most of which are wrong.
    """

    values: set = field(default_factory=set)
    texts: list = field(default_factory=list)

    def visit_Constant(self, node):
        if isinstance(node.value, str):
            self.texts.append(node.value)
            self.values |= to_floats(node.value)
        elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
            self.values.add(float(node.value))

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            self.values |= {-float(node.operand.value), float(node.operand.value)}  # losses[-20:]
        else:
            self.generic_visit(node)

    def visit_FormattedValue(self, node):
        self.visit(node.value)

    def visit_keyword(self, node):
        if node.arg not in COSMETIC:
            self.generic_visit(node)

    def visit_Call(self, node):
        name = getattr(node.func, "id", "")
        if name == "range" and isinstance(node.args[-1], ast.Constant):
            self.values.add(float(node.args[-1].value - 1))
        if name != "predict":
            self.generic_visit(node)


def literals(*trees):
    found = Literals()
    for tree in trees:
        found.visit(tree)
    return found


def comments(cell):
    """The comments of a cell, each with the code before it on its line."""
    for token in tokenize.generate_tokens(io.StringIO(cell.source).readline):
        if token.type == tokenize.COMMENT:
            yield token.line[: token.start[1]].strip(), token.string.lstrip("# ")


@dataclass
class Section:
    """What stands between a heading and the next; an exercise is a section of its own.

    A comment that begins its line is a text, too.
    """

    heading: str
    texts: list = field(default_factory=list)
    cells: list = field(default_factory=list)

    def printed(self):
        return "\n".join(shown(cell) for cell in self.cells if not calls(cell, "predict"))

    def code(self):
        """The code of the cells, and that of their facts."""
        return literals(*(tree(cell) for cell in self.cells for tree in (tree_of, facts_tree)))


def sections(notebook):
    """Cut a notebook at its headings; a solution belongs to its exercise, wherever it stands."""
    found, exercises = [Section("")], {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            name = exercise_of(cell)
            home = exercises.setdefault(name, found[-1]) if name else found[-1]
            home.cells.append(cell)
            home.texts += [comment for code, comment in comments(cell) if not code]
            continue
        for part in re.split(rf"(?m)^(?={HEADING.pattern})", cell.source):
            if HEADING.match(part):
                found.append(Section(part.splitlines()[0]))
            found[-1].texts.append(part)
    return found[1:]


def exercise_of(cell):
    """The name of the exercise that a cell answers, or None."""
    for call in calls(cell, "check"):
        return call.args[0].value
    return None


def is_run(cell):
    """Whether a cell hands to `check` what it runs, on data that are others each time."""
    return exercise_of(cell) in RUN
