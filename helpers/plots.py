"""Arrays in, pictures out: the data in one colour, the fit in another, the loss on a log axis."""

import io
import itertools
import math
from collections import deque
from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

DATA_COLOUR = "#1188CC"  # these can be told from white and from a dark theme's #111
FIT_COLOUR = "#CC3311"
HELD_OUT_COLOUR = "#009988"
MARK_COLOUR = "#BB4488"
LOSS_COLOUR = "#444444"
TENTHS = (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8)  # of a power of ten, in round numbers
LEAP = 1000  # times the usual losses; one that is larger leaves the plot
SHARP = 2  # pixels of a PNG for each one that it is shown with


def to_array(values: ArrayLike) -> np.ndarray:
    """Flatten numbers, an array or a tensor (on any device, with or without gradients)."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    return np.asarray(values, dtype=float).ravel()


def draw_data(ax: Axes, x: ArrayLike, y: ArrayLike) -> PathCollection:
    """Scatter the data.

    Args:
        ax: Where to draw.
        x: Inputs, N values of any shape.
        y: Targets, N values.

    Returns:
        The dots.

    Shown in: 02_model
    """
    ax.set(xlabel="x", ylabel="y")
    return ax.scatter(to_array(x), to_array(y), s=14, color=DATA_COLOUR, label="data")


def draw_fit(ax: Axes, x: ArrayLike, prediction: ArrayLike, **style: object) -> Line2D:
    """Draw what a network predicts as a line over the data.

    Args:
        ax: Where to draw.
        x: Inputs, N values in rising order.
        prediction: net(x), N values.
        style: Any property of a matplotlib line, in place of this one's.

    Returns:
        The line.

    Shown in: 02_model
    """
    (line,) = ax.plot(to_array(x), to_array(prediction), color=FIT_COLOUR, linewidth=1.5)
    line.set(**{"label": "prediction"} | style)
    return line


def draw_loss(
    ax: Axes, losses: Sequence[float], iterations: Sequence[int] | None = None, **style: object
) -> Line2D:
    """Draw a loss curve on a log axis, or on a linear one if a loss is 0 or less.

    Args:
        ax: Where to draw.
        losses: One loss for each of the iterations.
        iterations: Their numbers; None counts from 0.
        style: Any property of a matplotlib line, in place of this one's.

    Returns:
        The line.

    Shown in: 06_training
    """
    numbers = range(len(losses)) if iterations is None else iterations
    values = np.asarray(losses, dtype=float)
    has_logarithms = not (values[np.isfinite(values)] <= 0).any()
    ax.set_yscale("log" if has_logarithms else "linear")
    (line,) = ax.plot(numbers, losses, color=LOSS_COLOUR, linewidth=1.5)
    line.set(**style)
    ax.set(xlabel="iteration", ylabel="loss")
    ax.yaxis.set_major_formatter("{x:g}")  # 0.01, where the default writes a power of ten
    ax.minorticks_off()
    ax.grid(alpha=0.3)
    return line


def draw_network(ax: Axes, cfg: Sequence[int]) -> None:
    """Draw a network's units, its connections, and the width of each layer below it.

    Of a layer wider than 8, eight units stand for all.

    Args:
        ax: Where to draw.
        cfg: Number of units of each layer, from input to output.

    Shown in: 02_model
    """
    columns, most = [], 8
    for place, width in enumerate(cfg):
        heights = np.arange(min(width, most)) - (min(width, most) - 1) / 2
        columns.append([(place, height) for height in heights])
    for left, right in itertools.pairwise(columns):
        for pair in itertools.product(left, right):
            ax.plot(*zip(*pair, strict=True), color="#BBBBBB", linewidth=0.5, zorder=1)
    for place, (column, width) in enumerate(zip(columns, cfg, strict=True)):
        colour = DATA_COLOUR if place == 0 else FIT_COLOUR if place == len(cfg) - 1 else "white"
        ax.scatter(*zip(*column, strict=True), s=60, color=colour, edgecolor=LOSS_COLOUR, zorder=2)
        ax.text(place, -most / 2 - 0.7, f"{width:,}", ha="center")
    ax.set(ylim=(-most / 2 - 1, most / 2))
    ax.axis("off")


def draw_stages(
    axes: Sequence[Axes],
    x: ArrayLike,
    pre_activation: ArrayLike,
    activation: ArrayLike,
    weighted: ArrayLike,
    total: ArrayLike,
) -> None:
    """Draw what three units make of x, stage by stage: two in grey, the third in colour.

    Args:
        axes: Four, one for each stage.
        x: Inputs, N values in rising order.
        pre_activation: What the units have before their ReLU, (N, 3).
        activation: What they hand on, (N, 3).
        weighted: The same times the output weights, (N, 3).
        total: Their sum, N values.

    Shown in: 02_model
    """
    titles = ("pre-activation", "activation", "times output weight")
    stages = (pre_activation, activation, weighted)
    for ax, title, stage in zip(axes, titles, stages, strict=False):
        ax.plot(to_array(x), stage, color="0.6", linewidth=2)
        ax.lines[1].set_linestyle("dashed")
        ax.lines[2].set_color(MARK_COLOUR)
        ax.set_title(title)
    draw_fit(axes[3], x, total, linewidth=2)
    axes[3].set_title("sum of the three")
    for ax in axes:
        ax.axhline(0, color="black", linewidth=0.5)
        ax.set(xlabel="x", ylabel="")
        ax.label_outer()


def draw_unit(
    axes: Sequence[Axes],
    x: ArrayLike,
    y: ArrayLike,
    output: ArrayLike,
    weights_in: ArrayLike,
    weights_out: ArrayLike,
    fit: ArrayLike,
    without: ArrayLike,
) -> None:
    """Draw one hidden unit: its curve, its weights in and out, and the fit with and without it.

    Args:
        axes: Four, from left to right.
        x: Inputs, N values in rising order.
        y: Targets, N values.
        output: What the unit hands on, N values.
        weights_in: A weight for each number that the unit reads.
        weights_out: A weight for each unit that reads it.
        fit: What the network predicts, N values.
        without: What it predicts if the unit hands on 0, N values.

    Shown in: 08_parameters
    """
    axes[0].plot(to_array(x), to_array(output), color=MARK_COLOUR, linewidth=2)
    axes[0].set(title="it hands on", xlabel="x")
    reach = 1.1 * max(abs(to_array(weights)).max() for weights in (weights_in, weights_out))
    for ax, weights, title in ((axes[1], weights_in, "in"), (axes[2], weights_out, "out")):
        numbers = np.arange(1, to_array(weights).size + 1)
        ax.bar(numbers, to_array(weights), color=MARK_COLOUR)
        ax.axhline(0, color=LOSS_COLOUR, linewidth=0.5)
        ax.set(title=f"weights {title}", ylim=(-reach, reach), xlim=(0, max(numbers.size, 8) + 1))
        ax.set_xticks([1] if numbers.size == 1 else [1, numbers.size // 2, numbers.size])
        ax.set_xlabel("it reads from" if title == "in" else "it is read by")
    every = max(to_array(x).size // 100, 1)
    draw_data(axes[3], to_array(x)[::every], to_array(y)[::every])
    draw_fit(axes[3], x, fit, linewidth=2, color="black", linestyle="dotted", label="with it")
    draw_fit(axes[3], x, without, linewidth=2, label="without it")
    axes[3].set(title="fit without it", ylim=(-2.5, 2.5), ylabel="")


def draw_kinks(
    ax: Axes, kinks: Sequence[np.ndarray], heights: Sequence[np.ndarray]
) -> list[Line2D]:
    """Dot the bends of a fit, each hidden layer's in a colour of its own, dark to light.

    Args:
        ax: Where to draw.
        kinks: For each hidden layer, the x of its bends.
        heights: What the network says there.

    Shown in: 07_depth
    """
    style = {"linestyle": "", "marker": "o", "markersize": 5, "markeredgecolor": "black"}
    lines = []
    for number, (x, y) in enumerate(zip(kinks, heights, strict=True), start=1):
        colour = colormaps["viridis"](number / len(kinks))
        lines += ax.plot(x, y, color=colour, label=f"layer {number}: {len(x)}", **style)
    return lines


def draw_seeds(ax: Axes, places: ArrayLike, curves: ArrayLike, colour: str, label: str) -> Line2D:
    """Draw the runs of several seeds as one: their median, in a band from lowest to highest.

    Args:
        ax: Where to draw.
        places: Iterations, or whatever else runs along the x axis, N of them.
        curves: For each seed what was measured at each of them, (seeds, N).
        colour: The colour of line and band.
        label: What stands in the legend.

    Returns:
        The line of the medians.

    Shown in: 01_dataset
    """
    table = np.asarray(curves, dtype=float)  # (seeds, N)
    ax.fill_between(places, table.min(0), table.max(0), color=colour, alpha=0.2, linewidth=0)
    (line,) = ax.plot(places, np.median(table, 0), color=colour, linewidth=2, label=label)
    return line


def draw_by_layer(
    ax: Axes, rows: Sequence[Sequence[float]], colour: str, label: str, below: bool = False
) -> Line2D:
    """Draw one number for each hidden layer of several networks: their median and their band.

    Args:
        ax: Where to draw, on a log axis.
        rows: For each network a positive number for each of its hidden layers.
        colour: Of the line, its band and its label.
        label: What the numbers are; it stands at the end of the line.
        below: Whether the label stands below the line's end, not above it.

    Returns:
        The median's line.

    Shown in: 03_instantiate
    """
    numbers = np.arange(1, len(rows[0]) + 1)
    line = draw_seeds(ax, numbers, rows, colour, label)
    end = (numbers[-1], line.get_ydata()[-1])
    place = {"xytext": (6, -2 if below else 2), "va": "top" if below else "bottom"}
    ax.annotate(label, end, textcoords="offset points", color=colour, **place)
    ax.set(yscale="log", xlabel="hidden layer", xticks=numbers)
    ax.set_xlim(0.7, numbers[-1] * 1.28)  # room for the labels
    ax.grid(alpha=0.3)
    return line


def draw_columns(
    ax: Axes, groups: dict[int, Sequence[Sequence[float]]], labels: Sequence[str]
) -> None:
    """Draw groups of columns: a stroke for each number of a column, and a dot for its median.

    Where a column has no finite number, as where all runs exploded, the group says so.

    Args:
        ax: Where to draw.
        groups: By what stands below the axis, the columns of each group.
        labels: What each column of a group is, from left to right; they stand in the legend.

    Shown in: 07_depth
    """
    colours = (DATA_COLOUR, MARK_COLOUR, HELD_OUT_COLOUR)
    for place, columns in enumerate(groups.values()):
        for number, column in enumerate(columns):
            x = place + 0.25 * (number - (len(columns) - 1) / 2)
            style = {"color": colours[number % len(colours)], "linestyle": ""}
            ax.plot([x] * len(column), column, marker="_", markersize=9, **style)
            label = labels[number] if place == 0 else None
            ax.plot([x], [np.median(column)], marker="o", markersize=6, label=label, **style)
        if not np.isfinite(columns).any():
            where = ax.get_xaxis_transform()  # x in data, y from 0 at the bottom to 1 at the top
            ax.text(place, 0.5, "all exploded", rotation=90, ha="center", transform=where)
    ax.set(xticks=range(len(groups)), xticklabels=list(groups), xlim=(-0.6, len(groups) - 0.4))
    ax.legend(loc="lower left", fontsize=8)


def draw_bowl(
    ax: Axes, w: ArrayLike, loss: ArrayLike, path: ArrayLike, path_loss: ArrayLike
) -> None:
    """Draw a loss over one weight in grey, and the places that an optimizer came through.

    The first place is black. The curve fills the picture, and a path may leave it.

    Args:
        ax: Where to draw.
        w: Weights in rising order, N values.
        loss: The loss at each, N values.
        path: The weights that the optimizer came through, in order.
        path_loss: The loss at each of them.

    Shown in: 05_optimizer
    """
    w, loss, path, path_loss = map(to_array, (w, loss, path, path_loss))
    ax.plot(w, loss, color="#AAAAAA", linewidth=1.5)
    ax.plot(path, path_loss, "o-", color=FIT_COLOUR, markersize=4, linewidth=1)
    ax.plot(path[0], path_loss[0], "o", color="black", markersize=7)
    top, low = loss.max(), loss.min()
    ax.set(xlabel="w", ylabel="loss", xlim=(w[0], w[-1]), ylim=(low - (top - low) / 20, top))


def draw_valley(ax: Axes, matrix: ArrayLike, path: ArrayLike, reach: float = 3.5) -> None:
    """Draw a valley of two weights by lines of equal height, and an optimizer's path in it.

    Both axes have the same scale, so that a steep valley looks steep. The first place is black,
    the bottom is a cross, and each line is four times as high as the one inside it.

    Args:
        ax: Where to draw.
        matrix: How the slopes follow from the place, (2, 2): the height at a place p, counted
            from the bottom at (0, 0), is half of p @ matrix @ p.
        path: The places, (N, 2).
        reach: How far the picture goes to the left and to the right of the bottom.

    Shown in: 05_optimizer
    """
    (aa, ab), (_, bb) = to_array(matrix).reshape(2, 2)
    top = 0.6 * reach
    curvatures, directions = np.linalg.eigh([[aa, ab], [ab, bb]])
    around = np.linspace(0, 2 * np.pi, 400)
    circle = np.stack([np.cos(around), np.sin(around)])  # (2, 400)
    ellipse = directions @ (circle / np.sqrt(curvatures / 2)[:, None])  # where the height is 1
    lines = [np.sqrt(0.1 * 4**k) * ellipse.T for k in range(9)]
    ax.add_collection(LineCollection(lines, colors="#BBBBBB", linewidths=1, zorder=1))
    places = to_array(path).reshape(-1, 2)
    places = places[np.isfinite(places).all(axis=1)].clip(-1e3, 1e3)
    ax.plot(*places.T, "o-", color=FIT_COLOUR, markersize=3, linewidth=1)
    ax.plot(*places[0], "o", color="black", markersize=7)
    ax.plot(0, 0, "x", color="black", markersize=7)
    ax.set(xlabel="a", ylabel="b", xlim=(-reach, reach), ylim=(-top, top))
    ax.set_aspect("equal")


def draw_regions(
    ax: Axes, side: ArrayLike, shares: ArrayLike, x: ArrayLike, labels: ArrayLike
) -> None:
    """Draw what a network of two classes says of each place in a square, and the points it knows.

    Strong colours are places of which it is sure, pale ones where neither class has nine tenths.

    Args:
        ax: Where to draw.
        side: Where the square is asked, along each of its sides: N numbers in rising order.
        shares: The probability of class 1 at (side[i], side[j]), N * N values, j running first.
        x: The points that it was trained on, (M, 2).
        labels: The class of each, 0 or 1, M values.

    Shown in: 11_other_problems
    """
    side = to_array(side)
    table = to_array(shares).reshape(len(side), len(side)).T
    colours = ["#66B2DD", "#CFE5F2", "#F5D6CD", "#E0826C"]
    ax.contourf(side, side, table, (-0.01, 0.1, 0.5, 0.9, 1.01), colors=colours)
    points, classes = to_array(x).reshape(-1, 2), to_array(labels)
    for number, marker, colour in ((0, "o", "#0B4F78"), (1, "^", "#7A1E0A")):
        own = points[classes == number]
        ax.plot(own[:, 0], own[:, 1], marker, color=colour, ms=3, label=f"class {number}")
    ax.set(xlabel="x1", ylabel="x2", aspect="equal")
    ax.legend(loc="upper right", fontsize=8)


def draw_graph(ax: Axes, end: object) -> None:
    """Draw how a number was computed: each number with its gradient, each link with its slope.

    Args:
        ax: Where to draw.
        end: The last number. It and those before it have `name`, `data`, `grad` and `parents`:
            pairs of a number that it was made of, and the slope towards it.

    Shown in: 04_loss
    """
    links, ways = [], {}  # of each number the longest way to the end

    def visit(node: object, way: int) -> None:
        is_known = id(node) in ways
        if is_known and ways[id(node)][1] >= way:
            return
        ways[id(node)] = node, way
        for parent, slope in node.parents:
            if not is_known:
                links.append((parent, node, slope))
            visit(parent, way + 1)

    visit(end, 0)
    last = max(way for _, way in ways.values())
    columns: list[list[object]] = [[] for _ in range(last + 1)]
    for node, way in sorted(ways.values(), key=lambda one: not one[0].parents):
        columns[last - way].append(node)
    place = {}
    for column, nodes in enumerate(columns):
        for row, node in enumerate(nodes):  # what was computed above, what was given below
            place[id(node)] = np.array([column, -row])
            said = f"{node.name}\n{node.data:g}\n"
            box = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": LOSS_COLOUR}
            ax.text(column, -row, said, ha="center", va="center", bbox=box)
            found = f"\n\n{node.grad:g}"
            ax.text(column, -row, found, ha="center", va="center", color=FIT_COLOUR)
    for number, (parent, node, slope) in enumerate(links):
        twins = [n for n, link in enumerate(links) if link[0] is parent and link[1] is node]
        bend = 0.0 if len(twins) == 1 else -0.4 if number == twins[0] else 0.4
        start, stop = place[id(parent)], place[id(node)]
        arrow = {"arrowstyle": "-|>", "color": "0.6", "shrinkA": 27, "shrinkB": 27}
        arrow["connectionstyle"] = f"arc3,rad={bend}"
        ax.annotate("", stop, start, arrowprops=arrow)
        middle = (start + stop) / 2 - (0, 0.55 * bend)
        box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
        ax.text(
            *middle,
            f"\N{MULTIPLICATION SIGN} {slope:g}",
            size=8,
            ha="center",
            va="center",
            bbox=box,
        )
    ax.set(xlim=(-0.5, last + 0.5), ylim=(0.6 - max(map(len, columns)), 0.6))
    ax.axis("off")


def new_figure(width: float, height: float) -> Figure:
    """Make a figure that pyplot knows nothing of, in the notebook's style.

    Args:
        width: Width, in hundreds of pixels.
        height: Height, in hundreds of pixels.

    Returns:
        An empty figure, which arranges its axes itself.
    """
    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def to_png(figure: Figure) -> bytes:
    """Save a figure as a PNG with two pixels for each that it is shown with."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100 * SHARP)
    return stream.getvalue()


def loss_limits(losses: Sequence[float], iterations: Sequence[int]) -> tuple[tuple, tuple]:
    """Choose (left, right), (bottom, top) that a loss curve fills, in steps of a tenth of a power.

    A loss that leaps to more than 1000 times the first one, or the lowest quarter, leaves the
    plot, or of all others nothing would be seen.

    Args:
        losses: The loss curve so far; nan and inf are passed over.
        iterations: The numbers of its iterations.

    Returns:
        The limits. A bottom above 0 is meant for a log axis; it is below 0, for a linear one,
        where a loss is 0 or less and has no logarithm.
    """
    numbers = np.asarray(iterations, dtype=float)
    first, last = (float(numbers.min()), float(numbers.max())) if numbers.size else (0.0, 0.0)
    left = first // 100 * 100
    sizes = (float(f"{digits}e{power}") for power in itertools.count(2) for digits in TENTHS)
    size = next(size for size in sizes if size >= last - left)

    losses = np.asarray(losses, dtype=float)
    seen = np.clip(losses[np.isfinite(losses)], -1e30, 1e30)
    if not seen.size:
        seen = np.array([0.1, 1.0])
    low, high = float(seen.min()), float(seen.max())
    if low > 0:
        usual = max(seen[0], np.quantile(seen, 0.25, method="lower"))
        high = min(high, LEAP * float(usual))
        low, high = (10 * math.log10(max(edge, 1e-30)) for edge in (low, high))
        low, high = math.floor(low - 0.3), math.ceil(high + 0.3)
        middle = (low + high) // 2
        low, high = min(low, middle - 4), max(high, middle + 4)  # so that two numbers are in sight
        bottom, top = 10.0 ** (low / 10), 10.0 ** (high / 10)
    else:
        step = 10.0 ** math.floor(math.log10(max(-low, high) or 1.0))
        bottom, top = step * math.floor(low / step - 0.05), step * math.ceil(high / step + 0.05)
    return (left, left + size), (bottom, top)


class Curve:
    """A loss curve that needs no more room however long the training is.

    Once it holds 2000 points it drops every second one, and from then on keeps every second
    iteration, then every fourth, and so on. The first and the latest are always there.

    Attributes:
        iterations: Numbers of the iterations that are kept, at most 2000.
        losses: Their losses.
    """

    MOST = 2000

    def __init__(self) -> None:
        """Begin without a point."""
        self.iterations: list[int] = []
        self.losses: list[float] = []
        self._recorded = 0
        self._every = 1

    def record(self, number: int, loss: float) -> None:
        """Take the next point.

        Args:
            number: The iteration's number.
            loss: Its loss.
        """
        if self._recorded and (self._recorded - 1) % self._every:  # the latest stood in between
            del self.iterations[-1], self.losses[-1]
        self.iterations.append(number)
        self.losses.append(loss)
        self._recorded += 1
        if len(self.losses) > self.MOST:
            del self.iterations[1:-1:2], self.losses[1:-1:2]
            self._every *= 2


class RunningMean(Curve):
    """The means of fifty losses in a row, each at the middle one's number."""

    LENGTH = 50

    def __init__(self) -> None:
        """Begin without a mean."""
        super().__init__()
        self._latest: deque[float] = deque(maxlen=self.LENGTH)

    def record(self, number: int, loss: float) -> None:
        """Take the next loss; arguments as for a `Curve`."""
        self._latest.append(loss)
        if len(self._latest) == self.LENGTH:
            super().record(number - self.LENGTH // 2, sum(self._latest) / self.LENGTH)
