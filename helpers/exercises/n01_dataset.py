"""Notebook 01: labels not flat, a split without overlap, a file with traps, a dataset."""

import random
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import torch
from torch.utils.data import DataLoader

from helpers.exercises.comparing import Kind, Raised, call, get_kind
from helpers.exercises.judging import Exercise, Observation, edit


def name_parts(value: object, shown: str, *names: str) -> dict[str, object]:
    """Give each part of what a call returned its name, if there are as many."""
    if not isinstance(value, tuple | list) or len(value) != len(names):
        return {f"What {shown} returns": get_kind(value)}
    whole = {f"What {shown} returns": Kind(f"{', '.join(names[:-1])} and {names[-1]}")}
    return whole | {
        f"{name}, as {shown} returns it,": part
        if isinstance(part, torch.Tensor)
        else get_kind(part)
        for name, part in zip(names, value, strict=True)
    }


def observe_points(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look at the x and the y that come back."""
    return Observation(name_parts(call(answer, *case, shown=shown), shown, "x", "y"))


POINTS = Exercise(
    shown="make_points({0})",
    level=1,
    minutes=5,
    plan="Print x.shape and y.shape before the return. A network takes a column and gives back a "
    "column, one row for each example. Which of the two is none? unsqueeze(1) makes one of it.",
    solution="""\
def make_points(n):
    x = torch.linspace(-10, 10, n)
    y = torch.sin(x)
    x, y = x.unsqueeze(1), y.unsqueeze(1)
    return x, y
""",
    gaps=("x, y = x.unsqueeze(1), y.unsqueeze(1)",),
    why="Both are columns, and each label stands in the row of its x.",
    draw=lambda: [(30,), (random.randrange(5, 25),)],
    observe=observe_points,
    mistakes={
        "So net(x) - y would be a table, each prediction minus every label.": edit(
            "y.unsqueeze(1)", "y"
        ),
        "A Linear layer takes rows of one number each: x is to stand upright, as y is.": edit(
            "x.unsqueeze(1)", "x"
        ),
        "The labels lie in one row: unsqueeze(0) does that, and unsqueeze(1) makes a column.": (
            edit("y.unsqueeze(1)", "y.unsqueeze(0)")
        ),
        "A flat tensor and a column were combined: that gives a table, each with each.": edit(
            "y.unsqueeze(1)", "y + 0 * x.unsqueeze(1)"
        ),
        "The labels stand in another order than their x.": edit(
            "y.unsqueeze(1)", "y.flip(0).unsqueeze(1)"
        ),
        "So many points come out whatever n is: use the n that comes in.": edit(
            "-10, 10, n", "-10, 10, 1000"
        ),
    },
)


PARTS = ("x_train", "y_train", "x_test", "y_test")
SEEDS = 6  # so many splits are compared
DRAWINGS = 100  # after so many splits each point was held out at least once


def draw_shares() -> list[tuple]:
    """Draw columns x and y, (N, 1), a share that makes whole rows, and a seed."""
    cases = []
    for share in random.sample((0.3, 0.4, 0.5), 2):
        count = random.choice((40, 60, 80))
        x = torch.arange(count, dtype=torch.float32).unsqueeze(1) / 4  # (count, 1)
        y = 100 + torch.randperm(count).float().unsqueeze(1)  # (count, 1)
        cases.append((x, y, share, random.randrange(10_000)))
    return cases


def observe_split(answer: Callable, case: tuple, shown: str) -> Observation:
    """Look which rows a split puts where, and whether the seed decides it."""
    x, y, share, seed = case
    given = x.clone(), y.clone()
    parts = name_parts(call(answer, *given, share, seed, shown=shown), shown, *PARTS)
    kinds = {name: get_kind(part) for name, part in parts.items()}
    held = round(share * len(x))
    if list(kinds.values())[1:] != [get_kind(x[held:])] * 2 + [get_kind(x[:held])] * 2:
        return Observation(kinds)
    kinds["What the call does to its x and y"] = Kind(
        "nothing" if torch.equal(x, given[0]) and torch.equal(y, given[1]) else "a change"
    )
    numbers = count_splits(lambda one: answer(x.clone(), y.clone(), share, one), x, seed)
    return Observation(kinds | describe_rows(*list(parts.values())[1:], x, y) | numbers)


def describe_rows(
    x_train: torch.Tensor,
    y_train: torch.Tensor,
    x_test: torch.Tensor,
    y_test: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor,
) -> dict[str, Kind]:
    """Say which rows of x and y the parts of one split hold."""
    train, test = find_rows(x_train, x), find_rows(x_test, x)
    beside = find_rows(y_train, y) + find_rows(y_test, y)
    twice = len(set(train)) < len(train) or len(set(test)) < len(test)
    words = {
        "What x_train and x_test hold": "other numbers" if -1 in train + test else "rows of x",
        "What one part holds twice": "some points" if twice else "no point",
        "What both parts hold": "some points" if set(train) & set(test) else "no point",
        "What stands beside each x": "its y" if beside == train + test else "often another y",
    }
    return {what: Kind(found) for what, found in words.items()}


def count_splits(split: Callable, x: torch.Tensor, seed: int) -> dict[str, int]:
    """Count how many different rows a split holds out with one seed, and with many."""
    again = {find_rows(split(seed)[2], x) for _ in range(3)}
    splits = [find_rows(split(seed + more)[2], x) for more in range(DRAWINGS)]
    steps = [{b - a for a, b in pairwise(sorted(rows))} for rows in splits[:SEEDS]]
    blocks = [step for step in steps if step == {1}]
    regular = [step for step in steps if len(step) == 1 and step != {1}]
    return {
        "The number of different splits in three calls with one seed": len(again),
        f"The number of splits, of {SEEDS}, that hold out neighbours in a row": len(blocks),
        f"The number of splits, of {SEEDS}, that hold out rows at equal distances": len(regular),
        f"The number of different splits with {SEEDS} seeds": len(set(splits[:SEEDS])),
        f"The number of points that none of {DRAWINGS} seeds holds out": len(
            set(range(len(x))).difference(*splits)
        ),
    }


def find_rows(part: torch.Tensor, whole: torch.Tensor) -> tuple[int, ...]:
    """Find the row of each number of a column in another, which holds each once; else -1."""
    places = {number: row for row, number in enumerate(whole.flatten().tolist())}
    return tuple(places.get(number, -1) for number in part.flatten().tolist())


SHARE = Exercise(
    shown="split(x, y, {2}, {3})",
    level=2,
    minutes=15,
    answer="split",
    plan="Put the numbers of all rows in a random order first; a generator with the seed decides "
    "which. The first few of that order are held out, the others are for training. Take the same "
    "row numbers out of x and out of y.",
    solution="""\
def split(x, y, share, seed):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    held = round(share * len(x))
    test, train = order[:held], order[held:]
    return x[train], y[train], x[test], y[test]
""",
    why="No point in both parts, none lost, pairs kept together, and the seed decides.",
    draw=draw_shares,
    observe=observe_split,
    mistakes={
        "The rows are drawn one by one here, and each may come again: put all of them in a random "
        "order instead, and cut it once.": edit(
            "torch.randperm(len(x),", "torch.randint(len(x), (len(x),),"
        ),
        "What a network has seen is no test: cut one and the same random order in two.": edit(
            "order[:held], order[held:]", "order[:held], torch.randperm(len(x))[held:]"
        ),
        "The parts are the wrong way round: the share is held out, the rest is trained on.": edit(
            "order[:held], order[held:]", "order[held:], order[:held]"
        ),
        "Is that the order of scikit-learn's train_test_split, both x first? Here x_train and "
        "y_train come first.": edit("y[train], x[test]", "x[test], y[train]"),
        "x and y need one and the same order.": edit("y[train]", "y[train].flip(0)"),
        "The same seed is to give the same split, every time.": edit(
            ", generator=torch.Generator().manual_seed(seed)", ""
        ),
        "Another seed is to give another split.": edit("manual_seed(seed)", "manual_seed(0)"),
        "Held-out points are to lie at random among the others: where neighbours are held out, "
        "nothing is left to learn from between them.": edit(
            "torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))",
            "torch.arange(len(x))",
        ),
        "Every second row, or every third, is no random choice: with points that repeat, as waves "
        "do, all that are held out may be alike. Shuffle with torch.randperm.": edit(
            "torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))",
            "torch.cat([torch.arange(k % 2, len(x), 2) for k in (seed, seed + 1)])",
        ),
        "So it comes out with a share of 0.2, whatever share comes in.": edit(
            "share * len(x)", "0.2 * len(x)"
        ),
        "One column is flat: take whole rows, x[train], so that it stays a column.": edit(
            "return x[train]", "return x[train, 0]"
        ),
    },
)


PLACES = ("Bergen", "Oslo; Norway", "Tromso", "Bodo; Norway", "Voss")
LEAST = 9  # rows of a file, at least


def draw_files() -> list[tuple]:
    """Draw the texts of two files: comments, names, and rows with decimal commas and gaps."""
    return [(write_lines(random.randrange(LEAST, LEAST + 6)),) for _ in range(2)]


def write_lines(count: int) -> str:
    """Write such a file with so many rows: in one the time is missing, in two the height."""
    without_time, *without_height = random.sample(range(1, count - 1), 3)
    lines = ["# a weather station", "place;time;height"]
    for row in range(count):
        time = f"{random.randrange(10, 990) / 10:.1f}".replace(".", ",")
        height = f"{random.randrange(101, 999) / 100:.2f}".replace(".", ",")
        place = PLACES[row % len(PLACES)]
        time = "" if row == without_time else time
        height = "" if row in without_height else height
        lines.append(f'"{place}";{time};{height}')
    lines.insert(random.randrange(4, count), "# moved to another roof")
    return "\n".join(lines) + "\n"


def observe_file(answer: Callable, case: tuple, shown: str) -> Observation:
    """Write a file, let the answer read it, and look at the two columns and the count."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "station.csv"
        path.write_text(case[0], encoding="utf-8")
        value = call(answer, str(path), shown=shown)
    if not isinstance(value, tuple | list) or len(value) != 3:
        return Observation(name_parts(value, shown, "x", "y", "lost"))
    x, y, lost = value
    parts = name_parts((x, y), shown, "x", "y")
    parts[f"What {shown} returns"] = Kind("x, y and lost")
    return Observation(parts | {f"lost, as {shown} returns it,": lost})


FILE = Exercise(
    shown="read_file(path)",
    level=3,
    minutes=25,
    core=False,
    plan="Look at the lines first, one trap at a time. Leave out the lines that begin with #. Let "
    "csv.reader cut the others at semicolons, delimiter=';' tells it so, and it knows what quotes "
    "are for. Leave out the names. Keep a row only if neither its time nor its height is empty. "
    "Python's float wants a point where the file has a comma. At the end, how many rows were there "
    "and how many have you kept?",
    solution="""\
def read_file(path):
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = list(csv.reader(lines, delimiter=";"))[1:]
    times = []
    heights = []
    for place, time, height in rows:
        if time != "" and height != "":
            times.append(float(time.replace(",", ".")))
            heights.append(float(height.replace(",", ".")))
    lost = len(rows) - len(times)
    x = torch.tensor(times).unsqueeze(1)
    y = torch.tensor(heights).unsqueeze(1)
    return x, y, lost
""",
    why="Every point of the file is there, in columns, and you know how many rows were lost.",
    draw=draw_files,
    observe=observe_file,
    mistakes={
        "The comma is the decimal point here. Without it 7,5 becomes 75.": edit(
            'time.replace(",", ".")', 'time.replace(",", "")'
        ),
        "Was only the part before the comma kept? Exchange the comma for a point.": edit(
            'time.replace(",", ".")', 'time.split(",")[0]'
        ),
        "Python's float wants a point where the file has a comma: .replace(',', '.') first.": edit(
            'float(time.replace(",", "."))', "float(time)"
        ),
        "An empty field is no number: leave out a row in which the time or the height is one.": (
            edit('time != "" and height != ""', 'time != "never"')
        ),
        "A missing number is not 0: a row with a gap has to go.": edit(
            '        if time != "" and height != "":\n', "",
            '            times.append(float(time.replace(",", ".")))\n',
            '        times.append(float(time.replace(",", ".") or 0))\n',
            '            heights.append(float(height.replace(",", ".")))\n',
            '        heights.append(float(height.replace(",", ".") or 0))\n',
        ),
        "The first row is gone. Of the lines that are no comments only one holds names.": edit(
            "[1:]", "[2:]"
        ),
        "A semicolon inside quotes belongs to the name: let csv.reader cut the lines.": edit(
            'list(csv.reader(lines, delimiter=";"))[1:]',
            '[line.rstrip().split(";")[:3] for line in lines][1:]',
        ),
        "genfromtxt knows nothing of quotes or decimal commas, and stops where one row has more "
        "fields than another: let csv.reader cut the lines.": """\
def read_file(path):
    table = np.genfromtxt(path, delimiter=";", skip_header=2)
    return table[:, 1:2], table[:, 2:], 0
""",
        "Comments and the line of names are no rows: they are not lost.": edit(
            "lost = len(rows) - len(times)", "lost = len(open(path).readlines()) - len(times)"
        ),
        "Those are the rows that were kept: how many were not?": edit(
            "len(rows) - len(times)", "len(times)"
        ),
        "A row with a gap is a lost one: count them.": edit("len(rows) - len(times)", "0"),
        "x and y have changed places: the time is x.": edit("return x, y", "return y, x"),
        "NumPy's numbers are float64, and a network's weights float32: .float().": edit(
            "torch.tensor(times)", "torch.tensor(times).double()"
        ),
    },
)  # fmt: skip


BATCH = 5  # rows in a batch


def draw_tables() -> list[tuple]:
    """Draw arrays as NumPy reads them from a file: x, (N, 1) or (N, 3), and y, (N, 1)."""
    return [
        tuple(torch.randn(rows, width, dtype=torch.float64).numpy() for width in (columns, 1))
        for rows, columns in zip(random.sample(range(7, 14), 2), (1, 3), strict=True)
    ]


def observe_dataset(answer: Callable, case: tuple, shown: str) -> Observation:
    """Ask a dataset for its length, for each row, for one too many, and for batches."""
    x, y = case
    points = call(answer, x.copy(), y.copy(), shown=shown)
    parts: dict[str, object] = {"len(points)": len(points)}
    for row in range(len(x)):
        parts |= name_parts(points[row], f"points[{row}]", "x", "y")
    behind = f"What points[{len(x)}] gives, which is one row too far,"
    parts[behind] = get_kind(attempt(lambda: points[len(x)]))
    batches = attempt(lambda: list(DataLoader(points, batch_size=BATCH)))
    parts[f"What DataLoader(points, batch_size={BATCH}) gives"] = get_kind(batches)
    for number, batch in enumerate(batches if isinstance(batches, list) else []):
        parts |= name_parts(batch, f"batch {number} of the DataLoader", "x", "y")
    return Observation(parts)


def attempt(action: Callable[[], object]) -> object:
    """Return what an action returns, or the error that it ends in."""
    try:
        return action()
    except Exception as error:
        return Raised(error)


DATASET = Exercise(
    shown="Points(x, y)",
    level=2,
    minutes=10,
    core=False,
    plan="A dataset answers two questions. How many rows are there? That is __len__. And what is "
    "in row number so-and-so? That is __getitem__, which returns the pair of that row. Turn both "
    "arrays into float32 tensors in __init__ already, and keep them in self.",
    solution="""\
class Points(Dataset):
    def __init__(self, x, y):
        self.x = torch.from_numpy(x).float()
        self.y = torch.from_numpy(y).float()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, row):
        return self.x[row], self.y[row]
""",
    why="It has a length, each row comes as its own pair of float32 tensors, and a DataLoader "
    "makes batches of them.",
    draw=draw_tables,
    observe=observe_dataset,
    mistakes={
        "That is all the data, whatever row is asked for: the row's number goes in [...].": edit(
            "self.x[row], self.y[row]", "self.x, self.y"
        ),
        "x and y have changed places.": edit(
            "self.x[row], self.y[row]", "self.y[row], self.x[row]"
        ),
        "The label belongs to it, too: return both.": edit(
            "self.x[row], self.y[row]", "self.x[row]"
        ),
        "Is it the row before the one that was asked for? Rows count from 0.": edit(
            "self.x[row], self.y[row]", "self.x[row - 1], self.y[row - 1]"
        ),
        "Whatever row is asked for, the first one comes.": edit(
            "self.x[row], self.y[row]", "self.x[0], self.y[0]"
        ),
        "A slice [row : row + 1] keeps the row a table: [row] alone takes it out.": edit(
            "self.x[row], self.y[row]", "self.x[row : row + 1], self.y[row : row + 1]"
        ),
        "A bare number is no tensor: leave out .item().": edit(
            "self.x[row], self.y[row]", "self.x[row].item(), self.y[row].item()"
        ),
        "NumPy's numbers are float64, and a network's weights float32: .float().": edit(
            "from_numpy(x).float()", "from_numpy(x)", "from_numpy(y).float()", "from_numpy(y)"
        ),
        "The arrays of NumPy's are kept as they are: torch.from_numpy makes tensors of them.": edit(
            "torch.from_numpy(x).float()", "x", "torch.from_numpy(y).float()", "y"
        ),
        "NumPy's arrays have no .float(): torch.from_numpy makes tensors of them first.": edit(
            "torch.from_numpy(x).float()", "x.float()", "torch.from_numpy(y).float()", "y.float()"
        ),
        "A shape is two numbers, and the length is one: how many rows there are.": edit(
            "len(self.x)", "self.x.shape"
        ),
        "That is how many columns x has: its length is the number of rows.": edit(
            "len(self.x)", "self.x.shape[1]"
        ),
        "That counts the numbers of both columns: a row counts once.": edit(
            "len(self.x)", "len(self.x) + len(self.y)"
        ),
        "Python asks for the length by the method __len__: two underscores on either side.": edit(
            "__len__", "len"
        ),
        "Python asks for a row by the method __getitem__: two underscores on either side.": edit(
            "__getitem__", "getitem"
        ),
        "Behind its last row it begins anew: a loop `for x, y in points` ends at the first "
        "IndexError, so this one never would.": edit(
            "return self.x[row]", "row = row % len(self.x)\n        return self.x[row]"
        ),
    },
)

EXERCISES = {"01-points": POINTS, "01-share": SHARE, "01-file": FILE, "01-dataset": DATASET}
