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
# ipywidgets gives the handle of a slider no name (nor a role, in 7, whose handle is of another
# class), has it say the number of its notch, and lets one type into what stands beside a
# SelectionSlider, to no effect. So the page itself mends every slider near by. `onload` comes once
# in each page that shows it; the observer sees what is drawn later.
STYLE = """<style onload="
const box = this.closest('.widget-vbox');
if (!box) return;
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
.sine-panel, .sine-sliders { --jp-widgets-slider-handle-size: 24px; }
.sine-panel { container-type: inline-size; }
.sine-body { --sine-network: 112px; }
.sine-panel .widget-box, .sine-panel .widget-gridbox { overflow: visible; }
.sine-panel .widget-html, .sine-panel .widget-html-content { line-height: 18px; margin-block: 0; }
.sine-bar .jupyter-button { width: 112px; margin-inline: 0 4px; padding-inline: 2px; }
.sine-numbers { display: flex; gap: 18px; padding-inline: 10px; line-height: 15px; }
.sine-numbers b {
    display: block; min-width: 5em; font-size: 20px; line-height: 20px;
    font-variant-numeric: tabular-nums;
}
.sine-alarm { padding-inline: 6px; border-inline-start: 4px solid #cc3311; font-weight: bold; }
.sine-main { gap: 0 24px; }
.sine-main .widget-readout { min-width: 44px; text-align: start; }
.sine-toggles .widget-label-basic { display: flex; align-items: center; }
.sine-side b { display: block; padding-top: 8px; }
.sine-body.widget-hbox { display: grid; grid-template-columns: minmax(0, 1fr); gap: 0 24px; }
.sine-words { justify-content: space-between; gap: 0 20px; min-height: 18px; }
.sine-words .widget-html-content { font-size: 12px; }
@container (min-width: 701px) { /* one row, so that nothing moves when the first words grow */
    .sine-words.widget-hbox { flex-wrap: nowrap !important; }
    .sine-words > :first-child { flex: none; max-width: 100%; }
    .sine-words > :last-child { min-width: 0; }
    .sine-words > :last-child .widget-html-content {
        white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
    }
}
.sine-widths.widget-gridbox { grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); }
.sine-widths .widget-slider { flex-direction: column; align-items: stretch; height: 44px; }
.sine-widths .widget-label {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
.sine-widths .widget-readout {
    order: -1; flex: none; width: 100%; max-width: none; height: 14px; margin: 0; padding: 0;
    line-height: 14px; text-align: center;
}
.sine-widths .slider-container { flex: none; margin: 14px 14px 10px; }
.sine-widths .widget-html-content { text-align: center; font-size: 11px; }
.sine-found { min-height: 36px; } /* the words grow and shrink, and nothing moves for it */
.sine-panel .widget-textarea .widget-label { text-align: start; }
.sine-toggles .widget-checkbox { flex: none; margin-inline-end: 12px; }
@container (min-width: 1080px) {
    .sine-body.widget-hbox { grid-template-columns: minmax(0, 1040px) minmax(320px, 1fr); }
    .sine-body { --sine-network: 124px; }
    .sine-found { min-height: 90px; }
    .sine-toggles .widget-slider { flex-basis: 100% !important; } /* and the toggles in one row */
}
@container (min-width: 1400px) {
    .sine-body { --sine-network: 240px; }
    .sine-found { min-height: 54px; }
}
@container (max-width: 700px) { /* no room for a slider below each column */
    .sine-bar .jupyter-button { width: 96px; }
    .sine-numbers { gap: 8px; padding-inline: 4px 0; }
    .sine-numbers b { min-width: 3.4em; }
    .sine-widths.widget-gridbox {
        grid-auto-flow: row; grid-template-columns: repeat(auto-fill, minmax(200px, 1fr));
    }
    .sine-widths .widget-html { display: none; }
    .sine-widths .widget-slider { flex-direction: row; align-items: center; height: 28px; }
    .sine-widths .widget-label { position: static; width: 52px; height: auto; clip-path: none; }
    .sine-widths .widget-readout { order: 0; width: 28px; height: 28px; line-height: 28px; }
    .sine-widths .slider-container { flex: 1 1 auto; margin-block: 0; }
}
@media (forced-colors: active) {
    .jupyter-button, .widget-slider .slider { border: 1px solid; }
    .jupyter-button { line-height: 26px; }
    .jupyter-button.mod-primary { border-width: 4px; line-height: 20px; }
}
</style>"""


NOTCHES = "sine-notches"  # the class of a slider whose values are chosen and not typed


class Controls:
    """Every slider, list and button of the panel.

    Args:
        settings: What they show at first.

    Attributes:
        inputs: The widgets whose values make the settings.
        bar: The buttons that train.
        main: The row of the two sliders that the series is about: depth and learning rate.
        widths_box: The widths of the hidden layers, each below its column of the drawn network.
        more: What is set once and left.
        folds: What opens `stop` and the program.
        stop: Where a run pauses, folded.
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
        half = {"flex": "1 1 240px"}
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

        self.run = button("Run", "Train until the stop; press again to pause", "primary")
        self.one = button("1 iteration", "Train for one iteration")
        self.hundred = button("100 iterations", "Train for a hundred iterations")
        self.reset = button("Reset", "Pause, and begin again with a new network")
        self.bar = (self.run, self.one, self.hundred, self.reset)
        stop = {"value": 10_000, "min": 1, "max": 10**9, "layout": {"width": "180px"}}
        self.stop = labelled(widgets.BoundedIntText, "Stop at", "Run pauses there", **stop)
        self.stop.style.description_width = "initial"
        self.presets = [
            button(name, f"Set the hidden layers to {list(PRESETS[name])}") for name in PRESETS
        ]
        for preset in self.presets:
            preset.layout.width = "calc(50% - 4px)"
        self.unfold = make_toggle("Program", "The same run in plain PyTorch, ready to paste")
        self.unfold_stop = make_toggle("Stop at", "Choose the iteration at which Run pauses")
        self.folds = (self.unfold, self.unfold_stop)
        below = {"layout": {"width": "auto", "flex_flow": "column", "align_items": "stretch"}}
        tooltip = "Click in it, select all, and copy"
        self.program = labelled(widgets.Textarea, "Program", tooltip, **below)
        self.program.style.description_width = "initial"

        self.main = row(self.depth, self.lr)
        ends = [widgets.HTML(f"{name}") for name in ("x", "prediction")]
        self.widths_box = widgets.GridBox([ends[0], *self.widths, ends[1]])
        self.widths_box.add_class("sine-widths")
        left = column("Network and learning", *learning, row(*self.presets))
        self.more = row(left, column("Data", *data))
        self.style = make_style()
        self.depth.observe(self._show_widths, "value")
        for toggle in self.folds:
            toggle.observe(self._show_folded, "value")
        self._show_widths()
        self._show_folded()

    @property
    def hidden(self) -> list[int]:
        """Widths of the hidden layers."""
        return [slider.value for slider in self.widths[: self.depth.value]]

    def read(self) -> Settings:
        """Say what the controls show."""
        return Settings(
            cfg=(1, *self.hidden, 1),
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
        for place, slider in enumerate(self.widths):  # a hidden one keeps its value
            slider.layout.display = "flex" if place < self.depth.value else "none"

    def _show_folded(self, change: object = None) -> None:
        self.program.layout.display = "flex" if self.unfold.value else "none"
        self.stop.layout.display = "flex" if self.unfold_stop.value else "none"


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
    made = slider(f"Width {place}", tooltip, WIDTHS, width)
    made.style.description_width = "initial"
    return made


def button(description: str, tooltip: str, style: str = "") -> widgets.Button:
    """Make a button."""
    return widgets.Button(description=description, tooltip=tooltip, button_style=style)


def make_toggle(description: str, tooltip: str) -> widgets.Checkbox:
    """Make what is on or off: a Checkbox, for a ToggleButton tells a screen reader neither."""
    layout = {"width": "auto"}
    return widgets.Checkbox(
        False, description=description, tooltip=tooltip, indent=False, layout=layout
    )


def make_style() -> widgets.HTML:
    """Make what mends the sliders of the VBox that it is a child of; nothing is seen of it."""
    return widgets.HTML(STYLE, layout={"display": "none"})


def row(*children: widgets.Widget) -> widgets.HBox:
    """Put widgets side by side, in as many rows as the page needs."""
    return widgets.HBox(children, layout={"flex_flow": "row wrap", "width": "100%"})


def column(title: str, *children: widgets.Widget) -> widgets.VBox:
    """Put widgets below a heading, in a column that stands beside another where it can."""
    heading = widgets.HTML(f"<b>{title}</b>")
    return widgets.VBox([heading, *children], layout={"width": "auto", "flex": "1 1 280px"})
