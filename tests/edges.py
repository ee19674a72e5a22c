"""In a notebook's kernel: how near to its edge each number is that a cell prints.

A number is printed rounded. Where it lies close to the edge between two roundings, another
processor, whose sums differ in their last bit, prints another one. And a count of floats that are
equal, or not, hangs on that bit where two of them are nearly equal. The tests' kernels begin with
`watch()`; cells.py reads `FOUND` after each cell.
"""

import ast
import builtins
import math
import operator
import re
import sys
from decimal import Decimal
from fractions import Fraction

NEAR = 1e-5  # of the number itself: ten times what 32 bits round off in a sum of some hundred
# What the last cell showed: (place, source, shown, number, distance to the edge in parts of the
# number). Of `==` and `!=`, "not equal" is shown, and number and distance are those between the two
# nearest floats that are not equal.
FOUND = []


def to_float(value):
    """A Python float, or one in a tensor or array of a single element; None for all else."""
    if isinstance(value, bool | int | str):
        return None
    if getattr(value, "dtype", None) is not None and getattr(value, "shape", (2,)) == ():
        value = value.item()
    return value if isinstance(value, float) else None


def edge_distance(number, shown):
    """How far a number is from where it would have been shown as another one, in parts of it.

    None for what Python rounds alike everywhere: a number that was not computed but written, with
    few digits, and one that is exactly half-way; and for what has no edge, infinite or zero.
    """
    written = Decimal(repr(number))
    if not number or not written.is_finite() or len(written.normalize().as_tuple().digits) < 8:
        return None
    text = shown.strip().replace(",", "")
    exact = Fraction(number) * (100 if text.endswith("%") else 1)
    unit = Fraction(10) ** Decimal(text.rstrip("%")).as_tuple().exponent
    places = abs(exact) / unit
    from_edge = abs(places - math.floor(places) - Fraction(1, 2))
    return None if from_edge == 0 else float(from_edge / places)


def show(place, source, value, spec):
    """Stand between a number and its format, and note how near its edge is."""
    number = to_float(value)
    if number is not None:
        shown = format(number, spec)
        digits = re.search(r"\.(\d+)g", spec)  # 'g' leaves out zeros at the end, and 'e' does not
        distance = edge_distance(
            number, f"{number:.{int(digits[1]) - 1}e}" if digits else shown.strip()
        )
        if distance is not None:
            FOUND.append((place, source, shown.strip(), number, distance))
    return value


def show_all(place, source, values, digits):
    """The same for each element of an array or tensor that is rounded as a whole."""
    for number in values.flatten().tolist():
        show(place, source, number, f".{digits}f")
    return values


def compare(place, source, name, left, right):
    """Compare, and note two floats that are unequal by their last bits alone."""
    if isinstance(left, int) and isinstance(right, int):  # as in many a loop
        return getattr(operator, name)(left, right)
    torch = sys.modules.get("torch")
    if torch and all(isinstance(part, int | float | torch.Tensor) for part in (left, right)):
        one, other = (torch.as_tensor(part).detach() for part in (left, right))
        if one.is_floating_point() or other.is_floating_point():
            gap = (one.double() - other.double()).abs()
            share = (gap / torch.maximum(one.abs(), other.abs()))[gap > 0]
            if len(share) and share.min() < NEAR:
                FOUND.append((place, source, "not equal", share.min().item(), share.min().item()))
    return getattr(operator, name)(left, right)


class Watcher(ast.NodeTransformer):
    """Puts `show` and `compare` into a cell."""

    def visit_FormattedValue(self, node):
        source = ast.unparse(node.value)
        self.generic_visit(node)
        if node.format_spec and node.conversion == -1:
            node.value = called("show", node, source, node.value, node.format_spec)
        return node

    def visit_Call(self, node):
        source = ast.unparse(node)
        self.generic_visit(node)
        if getattr(node.func, "id", "") == "round" and len(node.args) == 2:
            digits = ast.parse("f'.{0}f'", mode="eval").body
            digits.values[1].value = node.args[1]
            node.args[0] = called("show", node, source, node.args[0], digits)
        if getattr(node.func, "attr", "") == "round" and len(node.args) == 1:
            node.func.value = called("show_all", node, source, node.func.value, node.args[0])
        return node

    def visit_Compare(self, node):
        source = ast.unparse(node)
        self.generic_visit(node)
        if len(node.ops) > 1 or not isinstance(node.ops[0], ast.Eq | ast.NotEq):
            return node
        name = ast.Constant("eq" if isinstance(node.ops[0], ast.Eq) else "ne")
        return called("compare", node, source, name, node.left, node.comparators[0])

    def visit(self, tree):
        if isinstance(tree, ast.Module):
            FOUND.clear()  # a new cell
            return ast.fix_missing_locations(self.generic_visit(tree))
        return super().visit(tree)


def called(name, node, source, *arguments):
    """Code that calls a function of this file, with where and what it looks at."""
    function = ast.Attribute(ast.Name("_edges", ast.Load()), name, ast.Load())
    place = ast.Constant(f"{node.lineno}:{node.col_offset}")
    call = ast.Call(function, [place, ast.Constant(source), *arguments], [])
    return ast.copy_location(call, node)


def watch():
    """Begin, in a kernel."""
    from IPython import get_ipython

    builtins._edges = sys.modules[__name__]
    get_ipython().ast_transformers.append(Watcher())
