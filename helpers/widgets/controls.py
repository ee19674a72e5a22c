"""What stands on the panel to be dragged, chosen and pressed, and the `Settings` it says."""

from collections import Counter
from collections.abc import Iterable, Sequence

import ipywidgets as widgets

from helpers.data import FUNCTIONS
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Settings
from helpers.guards import show

MAX_DEPTH = 10
MAX_SEED = 2**53 - 1  # the largest whole number that a browser counts to
WIDTHS = {*range(1, 65), *range(68, 129, 4), *range(130, 201, 10), *range(220, 501, 20), 512}
DIGITS = (1, 1.25, 1.6, 2, 2.5, 3, 4, 5, 6.3, 8)
RATES = {float(f"{digits}e{power}") for power in range(-5, 1) for digits in DIGITS} | {10.0}
RATES |= {0.029, 0.031}  # on either side of 0.030, above which a straight line diverges
POINTS = {20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000}
NOISES = {step / 20 for step in range(21)}
PRESETS = {
    "Article, 3 layers": (20, 50, 20),
    "Article, 7 layers": (20, 50, 100, 500, 100, 50, 20),
    "One wide layer": (300,),
    "Ten thin layers": (10,) * MAX_DEPTH,
}
WIDE = "min(100%, 800px)"  # as wide as the picture
# ipywidgets gives the handle of a slider no name (nor a role, in 7, whose handle is of another
# class), has it say the number of its notch, and lets one type into what stands beside a
# SelectionSlider, to no effect. So the page itself mends every slider near by. `onload` comes once
# in each page that shows it; the observer sees what is drawn later.
STYLE = """<style onload="
const box = this.closest('.widget-vbox');
const mend = () => box.querySelectorAll('.widget-slider').forEach(slider => {
    const handle = slider.querySelector('.noUi-handle, .ui-slider-handle');
    const readout = slider.querySelector('.widget-readout');
    if (!handle || !readout) return;
    handle.setAttribute('role', 'slider');
    handle.setAttribute('aria-label', slider.querySelector('label').textContent);
    handle.setAttribute('aria-valuetext', readout.textContent);
    if (slider.matches('.sine-notches')) readout.contentEditable = 'false';
});
new MutationObserver(mend).observe(box, {childList: true, subtree: true});
mend();
">
.sine-widths .widget-inline-hbox .widget-readout { flex: none; min-width: 28px; }
.sine-words .widget-html, .sine-words .widget-html-content { line-height: 20px; margin-block: 0; }
.widget-hbox.sine-words { align-content: flex-start; min-height: 40px; }
@media (max-width: 1100px) { /* room for the longest text, so that nothing below it jumps */
    .widget-html.sine-words { min-height: 40px; }
    .widget-hbox.sine-words { min-height: 60px; }
}
@media (forced-colors: active) {
    .jupyter-button, .widget-slider .slider { border: 1px solid; }
    .jupyter-button.mod-active { border-width: 4px; }
}
</style>"""


NOTCHES = "sine-notches"  # the class of a slider whose values are chosen and not typed


class Controls:
    """Every slider, list and button of the panel.

    Args:
        settings: What they show at first.

    Attributes:
        inputs: The widgets whose values make the settings.
        bar: The row of buttons that train.
        main: The row of the two sliders that the series is about: depth and learning rate.
        widths_box: The widths of the hidden layers.
        more: What is set once and left.
        program_box: The program, folded.
        style: Mends the sliders; invisible, and a child of the same VBox as the others.

    Raises:
        ValueError: They cannot show these settings.
    """

    def __init__(self, settings: Settings) -> None:
        """Make the widgets and arrange them; nothing is trained here."""
        hidden = settings.cfg[1:-1]
        if len(hidden) > MAX_DEPTH or settings.noise > 1 or settings.seed > MAX_SEED:
            raise ValueError(
                f"settings must fit the panel: at most {MAX_DEPTH} hidden layers, noise up to 1, "
                f"seed up to {MAX_SEED}, got cfg {show(settings.cfg)}, noise {settings.noise:g} "
                f"and seed {settings.seed}"
            )
        tooltip = "Number of hidden layers, 0 to 10"
        half = {"width": "360px", "flex": "1 1 320px"}
        self.depth = slider("Hidden layers", tooltip, range(MAX_DEPTH + 1), len(hidden), **half)
        tooltip = "How far a step goes, 0.00001 to 10: a notch is about a quarter more"
        self.lr = slider("Learning rate", tooltip, RATES, settings.lr, **half)
        widths = (*hidden, *(20,) * MAX_DEPTH)[:MAX_DEPTH]
        self.widths = [width_slider(place, width) for place, width in enumerate(widths, start=1)]
        self.activation = choice("Activation", ACTIVATIONS, settings.activation)
        self.optimizer = choice("Optimizer", OPTIMIZERS, settings.optimizer)
        self.function = choice("Target", FUNCTIONS, settings.function)
        tooltip = "Number of points to learn from, 20 to 1000"
        self.points = slider("Points", tooltip, POINTS, settings.n_samples)
        tooltip = "Standard deviation of the noise on y, 0 to 1"
        self.noise = slider("Noise", tooltip, NOISES, settings.noise)
        seed = {"value": settings.seed, "max": MAX_SEED}
        tooltip = "Seed of the first weights and of the noise"
        self.seed = labelled(widgets.BoundedIntText, "Seed", tooltip, **seed)
        learning = (self.activation, self.optimizer)
        data = (self.function, self.points, self.noise, self.seed)
        self.inputs = (self.depth, *self.widths, self.lr, *learning, *data)

        self.run = button("Run", "Train until the stop; press again to pause", "96px", "primary")
        self.one = button("1 iteration", "Train for one iteration", "104px")
        self.hundred = button("100 iterations", "Train for a hundred iterations", "124px")
        self.reset = button("Reset", "Pause, and begin again with a new network", "80px")
        stop = {"value": 10_000, "min": 1, "max": 10**9, "layout": {"width": "148px"}}
        stop |= {"style": {"description_width": "54px"}}
        self.stop = labelled(widgets.BoundedIntText, "Stop at", "Run pauses there", **stop)
        self.presets = [
            button(name, f"Set the hidden layers to {list(PRESETS[name])}", "calc(50% - 4px)")
            for name in PRESETS
        ]
        self.unfold = widgets.ToggleButton(
            tooltip="The same run in plain PyTorch, ready to paste into a cell"
        )
        self.program = widgets.Textarea(layout={"width": "100%"})
        self.program.tooltip = "The program: click in it, select all, and copy"

        self.bar = row(self.run, self.one, self.hundred, self.reset, self.stop)
        self.main = row(self.depth, self.lr)
        columns = "repeat(auto-fill, minmax(160px, 1fr))"  # five where there is room
        layout = {"grid_template_columns": columns, "width": "min(100%, 940px)"}
        layout["overflow"] = "visible"  # or a bar comes with the 4 px that a row is lower
        self.widths_box = widgets.GridBox(self.widths, layout=layout)
        self.widths_box.add_class("sine-widths")
        left = column("Network and learning", *learning, row(*self.presets))
        self.more = row(left, column("Data", *data))
        self.program_box = widgets.VBox([self.unfold, self.program])
        self.style = make_style()
        self.depth.observe(self._show_widths, "value")
        self.unfold.observe(self._show_program, "value")
        self._show_widths()
        self._show_program()

    def read(self) -> Settings:
        """Say what the controls show."""
        hidden = [slider.value for slider in self.widths[: self.depth.value]]
        return Settings(
            cfg=(1, *hidden, 1),
            lr=self.lr.value,
            optimizer=self.optimizer.value,
            activation=self.activation.value,
            function=self.function.value,
            noise=self.noise.value,
            seed=self.seed.value,
            n_samples=self.points.value,
        )

    def use_preset(self, name: str) -> None:
        """Set the hidden layers to those of a preset."""
        self.depth.value = len(PRESETS[name])
        for slider, width in zip(self.widths, PRESETS[name], strict=False):
            slider.value = width

    def show_running(self, running: bool) -> None:
        """Say on the button what it would do."""
        self.run.description = "Pause" if running else "Run"
        self.run.icon = "pause" if running else "play"

    def write_program(self, text: str) -> None:
        """Put a program in the fold-out, which grows to hold it without a scroll bar."""
        self.program.rows = text.count("\n") + 2
        self.program.value = text

    def _show_widths(self, change: object = None) -> None:
        for place, slider in enumerate(self.widths):  # a hidden one keeps its place and value
            slider.layout.visibility = "visible" if place < self.depth.value else "hidden"

    def _show_program(self, change: object = None) -> None:
        self.unfold.description = f"{'Hide' if self.unfold.value else 'Show'} the program"
        self.program.layout.display = "flex" if self.unfold.value else "none"


def labelled(kind: type, description: str, tooltip: str, **traits: object) -> widgets.Widget:
    """Make a control with its name before it."""
    traits = {"layout": {"width": "auto"}, "style": {"description_width": "92px"}} | traits
    return kind(description=description, tooltip=tooltip, **traits)


def choice(description: str, options: dict, value: str) -> widgets.Dropdown:
    """Make a list to choose from."""
    tooltip = f"{description}: {', '.join(options)}"
    return labelled(widgets.Dropdown, description, tooltip, options=list(options), value=value)


def slider(
    description: str, tooltip: str, values: Iterable, value: float, **layout: str
) -> widgets.SelectionSlider:
    """Make a slider over some values, and over the one that it begins with."""
    notches = sorted({*values, value})
    options = list(zip(name_notches(notches), notches, strict=True))
    traits = {"options": options, "value": value, "layout": {"width": "auto"} | layout}
    made = labelled(widgets.SelectionSlider, description, tooltip, **traits)
    made.add_class(NOTCHES)
    return made


def name_notches(values: Sequence[float]) -> list[str]:
    """Write each value in six digits, or in as many as tell it from the others."""
    names = [write_notch(value, 6) for value in values]
    for digits in range(7, 18):
        times = Counter(names)
        names = [
            name if times[name] == 1 else write_notch(value, digits)
            for name, value in zip(names, values, strict=True)
        ]
    return names


def write_notch(value: float, digits: int) -> str:
    """Write a whole number as it is, and another in so many digits; 17 are all there are."""
    return str(value) if isinstance(value, int) or digits == 17 else f"{value:z.{digits}g}"


def width_slider(place: int, width: int) -> widgets.SelectionSlider:
    """Make the slider for one hidden layer's width."""
    tooltip = f"Number of units of hidden layer {place}, 1 to 512"
    made = slider(f"Width {place}", tooltip, WIDTHS, width, height="24px")
    made.style.description_width = "60px"
    return made


def button(description: str, tooltip: str, width: str, style: str = "") -> widgets.Button:
    """Make a button."""
    layout = {"width": width}
    return widgets.Button(
        description=description, tooltip=tooltip, button_style=style, layout=layout
    )


def make_style() -> widgets.HTML:
    """Make what mends the sliders of the VBox that it is a child of; nothing is seen of it."""
    return widgets.HTML(STYLE, layout={"display": "none"})


def row(*children: widgets.Widget) -> widgets.HBox:
    """Put widgets side by side, in as many rows as the page needs."""
    return widgets.HBox(children, layout={"flex_flow": "row wrap", "width": WIDE})


def column(title: str, *children: widgets.Widget) -> widgets.VBox:
    """Put widgets below a heading, in a column that stands beside another where it can."""
    heading = widgets.HTML(f"<b>{title}</b>")
    return widgets.VBox([heading, *children], layout={"width": "360px", "flex": "1 1 320px"})
