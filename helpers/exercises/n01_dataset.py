"""Notebook 01: columns from a text, a split without overlap, labels that are not flat."""

import random

import torch

from helpers.exercises.expecting import call, expect_parts, expect_tensor, name_kind
from helpers.exercises.running import NotYet


def judge_columns(answer: object) -> str:
    """Read a table of texts by a plain loop, and compare with `to_columns(text)`."""
    for count in (8, 13):
        rows = [[f"{random.uniform(-9, 9):.2f}" for _ in range(2)] for _ in range(count)]
        rows[2][1] = ""  # a height is missing
        rows[count - 3][0] = ""  # a time is missing, in another row
        lines = [";".join(row).replace(".", ",") for row in rows]
        text = "\n".join(["time;height", *lines]) + "\n"
        x, y = expect_parts(call(answer, text, shown="to_columns(text)"), 2, "x and y")
        right = [(float(a), float(b)) for a, b in rows if a and b]
        judge_rows(x, y, right, count)
    return "Two float32 columns, the rows with a gap left out, for texts of 8 and of 13 rows."


def judge_rows(x: object, y: object, right: list[tuple[float, float]], count: int) -> None:
    """Refuse columns that are not the whole rows of the text.

    Raises:
        NotYet: With what is wrong with them.
    """
    for name, column in (("x", x), ("y", y)):
        if not isinstance(column, torch.Tensor):
            raise NotYet(f"{name} should be a tensor; yours is {name_kind(column)}.")
        if column.ndim and len(column) == count:
            if column.isnan().any():
                raise NotYet(
                    f"{name} holds {int(column.isnan().sum())} nan: a row with a missing value is "
                    f"to be left out, of x and of y."
                )
            raise NotYet(
                f"{name} has {count} rows, and the text has {len(right)} without a missing value: "
                f"a number that nobody measured was put in."
            )
        if column.ndim and len(column) == count - 1 and len(right) == count - 2:
            raise NotYet(
                f"{name} has {count - 1} rows. One row has no time, another no height: a row that "
                f"lacks either is left out of *both* columns."
            )
    shape = (len(right), 1)
    if x.ndim == y.ndim == 2 and x.shape[1] == 1 and len(x) < len(right):
        rows = x.flatten().tolist()
        lost = next(row for row in right if not any(abs(row[0] - one) < 1e-4 for one in rows))
        which = {right[0]: ", the first below the header,", right[-1]: ", the last,"}.get(lost, "")
        raise NotYet(
            f"x has {len(x)} rows, and the text has {len(right)} without a missing value: the row "
            f"({lost[0]:g}, {lost[1]:g}){which} is missing. Is it the text that came in, all of it?"
        )
    x, y = expect_tensor(x, "x", shape), expect_tensor(y, "y", shape)
    pairs = list(zip(x.flatten().tolist(), y.flatten().tolist(), strict=True))
    for place, (found, wanted) in enumerate(zip(pairs, right, strict=True)):
        if all(abs(a - b) < 1e-4 for a, b in zip(found, wanted, strict=True)):
            continue
        if abs(found[0] - wanted[1]) < 1e-4 and abs(found[1] - wanted[0]) < 1e-4:
            raise NotYet("x and y are swapped: the time is what goes in.")
        if abs(found[0] / 100 - wanted[0]) < 1e-4:
            raise NotYet(
                f"In row {place} x is {found[0]:g} and the text says {wanted[0]:g}: the decimal "
                f"comma is a point in Python, not nothing."
            )
        if abs(found[0] - wanted[0]) < 0.995 and found[0] == int(found[0]):
            raise NotYet(
                f"In row {place} x is {found[0]:g} and the text says {wanted[0]:g}: what follows "
                f"the comma is lost."
            )
        raise NotYet(
            f"Row {place} says ({wanted[0]:g}, {wanted[1]:g}), and yours is ({found[0]:g}, "
            f"{found[1]:g}): no row of the text. Are the two columns filtered apart?"
        )


def judge_share(answer: object) -> str:
    """Look which rows `split(x, y, share, seed)` puts where."""
    for count, share in ((50, 0.2), (40, 0.25)):
        x = torch.linspace(-5, 5, count, dtype=torch.float32).unsqueeze(1)  # (count, 1)
        y = x * 2 + 100  # (count, 1)
        shown = f"split(x, y, {share}, seed)"
        first = random.randrange(1000)
        parts = [split_once(answer, x, y, share, seed, shown) for seed in (first, first, first + 1)]
        if not torch.equal(parts[0][2], parts[1][2]):
            raise NotYet(f"Twice the same seed, {first}, and two different splits.")
        if torch.equal(parts[0][2], parts[2][2]):
            raise NotYet(f"The seeds {first} and {first + 1} hold out the same points.")
    return "No point in both parts, none lost, pairs kept together, and the seed decides."


def split_once(
    answer: object, x: torch.Tensor, y: torch.Tensor, share: float, seed: int, shown: str
) -> list[torch.Tensor]:
    """Split, and refuse a split that is none.

    Raises:
        NotYet: With what is wrong with it.
    """
    count, held = len(x), round(share * len(x))
    what = "x_train, y_train, x_test and y_test"
    parts = expect_parts(call(answer, x.clone(), y.clone(), share, seed, shown=shown), 4, what)
    for name, part in zip(("x_train", "y_train", "x_test", "y_test"), parts, strict=True):
        if not isinstance(part, torch.Tensor):
            raise NotYet(f"{name} should be a tensor; yours is {name_kind(part)}.")
    sizes = [part.numel() for part in parts]
    if sizes == [held, held, count - held, count - held]:
        raise NotYet(
            f"{share:.0%} of {count} points are {held} to be held out, and yours trains on {held}: "
            f"the parts are the wrong way round."
        )
    if sizes == [held, count - held, held, count - held]:
        raise NotYet(f"The order of what is returned is {what}.")
    if sizes[0] == sizes[1] and sizes[2] == sizes[3] != held:
        raise NotYet(f"{share:.0%} of {count} points are {held}; yours holds out {sizes[2]}.")
    rows = [part.flatten().tolist() for part in parts]
    both = set(rows[0]) & set(rows[2])
    if both:
        raise NotYet(
            f"{len(both)} of the {len(set(rows[2]))} held-out points are training points too: "
            f"what a network has seen is no test."
        )
    if len(set(rows[0]) | set(rows[2])) < count:
        missing = count - len(set(rows[0]) | set(rows[2]))
        raise NotYet(f"{missing} of the {count} points are in neither part.")
    for name, one, size in zip(
        ("x_train", "y_train", "x_test", "y_test"), parts, sizes, strict=True
    ):
        expect_tensor(one, name, (size, 1))
    for name, xs, ys in (("train", rows[0], rows[1]), ("test", rows[2], rows[3])):
        torn = [
            i for i, (a, b) in enumerate(zip(xs, ys, strict=True)) if abs(2 * a + 100 - b) > 1e-3
        ]
        if torn:
            raise NotYet(
                f"{len(torn)} of the {len(xs)} pairs in the {name} part do not belong together: x "
                f"and y need one and the same order."
            )
    places = sorted(x.flatten().tolist().index(one) for one in rows[2])
    if places[-1] - places[0] == held - 1:
        which = {0: "first ", count - held: "last "}.get(places[0], "")
        raise NotYet(
            f"It holds out the {which}{held} points, neighbours in a row, not random ones: "
            f"between them nothing is left to learn from."
        )
    return list(parts)


def judge_points(answer: object) -> str:
    """Train on what `make_points(n)` makes, and look at its shapes and its pairs."""
    for count in (30, 7):
        shown = f"make_points({count})"
        x, y = expect_parts(call(answer, count, shown=shown), 2, "x and y")
        if not isinstance(x, torch.Tensor) or not isinstance(y, torch.Tensor):
            raise NotYet(f"x and y should be tensors; they are {name_kind(x)} and {name_kind(y)}.")
        if x.shape == (count, 1) and y.shape == (count,):
            size = (x - y).numel()
            raise NotYet(
                f"x has the shape {tuple(x.shape)}, y is flat, {tuple(y.shape)}: net(x) - y would "
                f"hold {size} numbers, each prediction against every label."
            )
        if y.shape == (1, count):
            raise NotYet(f"y has the shape {tuple(y.shape)}: one row. unsqueeze(1) makes a column.")
        expect_tensor(x, "x", (count, 1))
        expect_tensor(y, "y", (count, 1))
        if (x.max() - x.min()).item() < 19.9:
            raise NotYet(f"x should still go from -10 to 10; yours spans {x.max() - x.min():.3g}.")
        gap = (y - torch.sin(x)).abs().max().item()
        if gap > 1e-4:
            raise NotYet(
                f"The shapes are right, but a label is {gap:.2g} off sin(x): each y belongs to the "
                f"x in its row."
            )
    return "Both are columns, and each label stands in the row of its x."


CHECKS = {"01-columns": judge_columns, "01-share": judge_share, "01-points": judge_points}
