"""The stored notebooks, and what the tests of text read in them: sections, numbers, evidence."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat

from helpers.exercises.asking import CHECKS, EXERCISES

ROOT = Path(__file__).parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
STEMS = [path.stem for path in PATHS]
IGNORE = "nbval-ignore-output"
RUN = {*EXERCISES, *CHECKS}  # the exercises whose answer is run
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


def asserts(cell):
    return [node for node in ast.walk(parse(cell.source)) if isinstance(node, ast.Assert)]


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

    Lists of whole numbers stand apart: they are the widths of a network. So do lengths: how many
    parts a list, a table or a range of numbers has.
    Left out: formats, a picture's sizes, and the options of a prediction, most of which are wrong.
    """

    values: set = field(default_factory=set)
    widths: set = field(default_factory=set)
    texts: list = field(default_factory=list)
    lengths: set = field(default_factory=set)

    def visit_Tuple(self, node):
        self.lengths.add(len(node.elts))
        self.generic_visit(node)

    def visit_Dict(self, node):
        self.lengths.add(len(node.keys))
        self.generic_visit(node)

    def visit_List(self, node):
        inner = literals(*node.elts)
        self.lengths |= {len(node.elts)} | inner.lengths
        whole = all(isinstance(getattr(part, "value", 0.5), int) for part in node.elts)
        self.widths |= inner.values if whole else inner.widths
        self.values |= set() if whole else inner.values
        self.texts += inner.texts

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
            if all(isinstance(end, ast.Constant) for end in node.args):
                self.lengths.add(len(range(*(end.value for end in node.args))))
        if name != "predict":
            self.generic_visit(node)


def literals(*trees):
    found = Literals()
    for tree in trees:
        found.visit(tree)
    return found


@dataclass
class Section:
    """What stands between a heading and the next; an exercise is a section of its own.

    The question of a prediction is a text, too.

    Attributes:
        above: For each text how many of the cells stand above it.
    """

    heading: str
    texts: list = field(default_factory=list)
    cells: list = field(default_factory=list)
    above: list = field(default_factory=list)

    def add_text(self, text):
        self.texts.append(text)
        self.above.append(len(self.cells))

    def printed(self):
        return "\n".join(shown(cell) for cell in self.cells if not calls(cell, "predict"))

    def code(self):
        return [literals(parse(cell.source)) for cell in self.cells]


def sections(notebook):
    """Cut a notebook at its headings; a solution belongs to its exercise, wherever it stands."""
    found, exercises = [Section("")], {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for call in calls(cell, "predict"):
                found[-1].add_text(call.args[0].value)
            name = exercise_of(cell)
            home = exercises.setdefault(name, found[-1]) if name else found[-1]
            home.cells.append(cell)
            continue
        for part in re.split(rf"(?m)^(?={HEADING.pattern})", cell.source):
            if HEADING.match(part):
                found.append(Section(part.splitlines()[0]))
            found[-1].add_text(part)
    return found[1:]


def exercise_of(cell):
    """The name of the exercise that a cell answers, or None."""
    for call in calls(cell, "check"):
        return call.args[0].value
    return None


def is_run(cell):
    """Whether a cell hands to `check` what it runs, on data that are others each time."""
    return exercise_of(cell) in RUN


SEVERAL = 5  # starts; fewer say little about the next


@dataclass
class Seeds:
    """Follows, cell by cell, what was computed over several seeds, by name.

    A loop or comprehension over seeds, whose variable is called so, and what a file in `results`
    holds are the sources; from there it goes through assignments, `append`, loops over what is
    many, and functions that loop themselves. A name that a loop over seeds sets anew each time
    holds one seed behind the loop.
    What this cannot see: that `runs[0]` is one run where `runs` is in the order of the seeds.
    """

    many: set = field(default_factory=set)

    def holds(self, node):
        """Whether an expression depends on several seeds."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id in self.many:
                return True
            if isinstance(part, ast.comprehension) and is_over_seeds(part):
                return True
            if isinstance(part, ast.Constant) and part.value == "results":
                return True
        return False

    def follow(self, statements, inside=False):
        """Read statements in their order, and return whether one asserts on several seeds."""
        found = False
        for node in statements:
            if isinstance(node, ast.Assert):
                found |= self.holds(node.test)
            elif isinstance(node, ast.FunctionDef):
                arguments = {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}
                own = Seeds(self.many - arguments - set_names(*node.body))
                own.follow(node.body)
                ends = [part for part in ast.walk(node) if isinstance(part, ast.Return)]
                if any(own.holds(end) for end in ends):
                    self.many.add(node.name)
            elif isinstance(node, ast.For):
                found |= self.follow_loop(node, inside)
            elif not isinstance(node, ast.ClassDef):
                self.follow_line(node, inside)
                for body in ("body", "orelse", "finalbody"):
                    found |= self.follow(getattr(node, body, []), inside)
        return found

    def follow_loop(self, node, inside):
        seeds = is_over_seeds(node)
        before = set(self.many)
        targets = set_names(node.target) if seeds else self.targets_of_many(node)
        self.many |= targets
        self.follow(node.body, inside or seeds)  # what its end fills, its beginning may use
        found = self.follow(node.body, inside or seeds)
        once = set_names(*node.body) - gathered(node) if seeds else set()
        self.many -= (targets | once) - before
        return found

    def targets_of_many(self, node):
        """The names that a loop gives what is of many seeds: of a dictionary not the key."""
        kind = getattr(getattr(node.iter, "func", None), "attr", "")
        zipped = getattr(getattr(node.iter, "func", None), "id", "") == "zip"
        if isinstance(node.target, ast.Tuple) and zipped:
            pairs = zip(node.target.elts, node.iter.args, strict=False)
            return set().union(*(set_names(to) for to, part in pairs if self.holds(part)))
        if isinstance(node.target, ast.Tuple) and kind == "items":
            return set_names(node.target.elts[1]) if self.holds(node.iter) else set()
        return set_names(node.target) if self.holds(node.iter) else set()

    def follow_line(self, node, inside):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            of_many = inside or (node.value is not None and self.holds(node.value))
            for target in targets:
                if of_many:
                    self.many |= roots(target)
                elif isinstance(target, ast.Name) and isinstance(node, ast.Assign):
                    self.many.discard(target.id)
        elif isinstance(node, ast.Expr) and (inside or self.holds(node.value)):
            func = getattr(node.value, "func", None)
            if isinstance(func, ast.Attribute) and func.attr in ("append", "extend", "update"):
                self.many |= roots(func.value)


def is_over_seeds(node):
    """Whether a loop, or a part of a comprehension, goes over several seeds."""
    if not isinstance(node, ast.For | ast.comprehension):
        return False
    if not any("seed" in name for name in set_names(node.target)):
        return False
    if isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range":
        ends = [getattr(end, "value", None) for end in node.iter.args]
        return None in ends or len(range(*ends)) >= SEVERAL
    return not isinstance(node.iter, ast.Tuple | ast.List) or len(node.iter.elts) >= SEVERAL


def set_names(*nodes):
    """The names that are given a value anywhere below some nodes."""
    parts = [part for node in nodes for part in ast.walk(node)]
    return {p.id for p in parts if isinstance(p, ast.Name) and isinstance(p.ctx, ast.Store)}


def roots(target):
    """The names behind what is assigned to: `a` and `b` of `a[0], b.c`."""
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*map(roots, target.elts))
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred | ast.Call):
        target = target.func if isinstance(target, ast.Call) else target.value
    return {target.id} if isinstance(target, ast.Name) else set()


def gathered(loop):
    """The names that a loop adds to and does not begin anew: `n += 1`, `low = min(low, x)`."""
    found = set()
    for node in ast.walk(loop):
        if isinstance(node, ast.AugAssign):
            found |= roots(node.target)
        elif isinstance(node, ast.Assign):
            used = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
            found |= used & set_names(*node.targets)
    begun = [n for n in ast.walk(loop) if isinstance(n, ast.Assign)]
    fresh = {name for n in begun for name in set_names(*n.targets)} - found
    return found - fresh


def over_seeds(notebook):
    """Ids of the cells that assert something of several seeds, and of those compared that print it.

    What a cell prints is compared unless it is tagged; nbval asserts each figure of it.
    """
    seeds, asserted, printed = Seeds(), set(), set()
    for cell in code_cells(notebook):
        if seeds.follow(parse(cell.source).body):
            asserted.add(cell.id)
        said = [part for call in calls(cell, "print") for part in call.args]
        if IGNORE not in cell.metadata.get("tags", []) and any(map(seeds.holds, said)):
            printed.add(cell.id)
    return asserted, printed
