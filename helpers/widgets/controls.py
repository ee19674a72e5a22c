"""What stands on the panel to be dragged, chosen and pressed, and the `Settings` it says."""

import ipywidgets as widgets

from helpers.data import FUNCTIONS
from helpers.experiment import ACTIVATIONS, OPTIMIZERS, Settings

MAX_DEPTH = 10
MAX_SEED = 2**53 - 1  # the largest whole number that a browser counts to
WIDTHS = {*range(1, 65), *range(68, 129, 4), *range(130, 201, 10), *range(220, 501, 20), 512}
DIGITS = (1, 1.25, 1.6, 2, 2.5, 3, 4, 5, 6.3, 8)
RATES = {float(f"{digits}e{power}") for power in range(-5, 1) for digits in DIGITS} | {10.0}
PRESETS = {
    "Article, 3 layers": (20, 50, 20),
    "Article, 7 layers": (20, 50, 100, 500, 100, 50, 20),
    "One wide layer": (300,),
    "Ten thin layers": (10,) * MAX_DEPTH,
}


class Controls:
    """Every slider, list and button of the panel.

    Args:
        settings: What they show at first.

    Attributes:
        inputs: The widgets whose values make the settings.
        bar, groups, program_box: All of them arranged, from top to bottom.

    Raises:
        ValueError: They cannot show these settings.
    """

    def __init__(self, settings: Settings) -> None:
        """Make the widgets and arrange them; nothing is trained here."""
        hidden = settings.cfg[1:-1]
        if len(hidden) > MAX_DEPTH or settings.noise > 1 or settings.seed > MAX_SEED:
            raise ValueError(
                f"settings must fit the panel: at most {MAX_DEPTH} hidden layers, noise up to 1, "
                f"seed up to {MAX_SEED}, got {settings}"
            )
        depth = {"value": len(hidden), "max": MAX_DEPTH}
        self.depth = labelled(widgets.IntSlider, "Hidden layers", "How many, 0 to 10", **depth)
        widths = (*hidden, *(20,) * MAX_DEPTH)[:MAX_DEPTH]
        self.widths = [width_slider(place, width) for place, width in enumerate(widths, start=1)]
        self.activation = choice("Activation", ACTIVATIONS, settings.activation)
        self.optimizer = choice("Optimizer", OPTIMIZERS, settings.optimizer)
        lr = {"value": settings.lr, "options": scale(RATES, settings.lr)}
        tooltip = "How far a step goes, 0.00001 to 10: each notch is a quarter more"
        self.lr = labelled(widgets.SelectionSlider, "Learning rate", tooltip, **lr)
        self.function = choice("Target", FUNCTIONS, settings.function)
        noise = {"value": settings.noise, "max": 1, "step": 0.05}
        tooltip = "Standard deviation of the noise on y, 0 to 1"
        self.noise = labelled(widgets.FloatSlider, "Noise", tooltip, **noise)
        seed = {"value": settings.seed, "max": MAX_SEED}
        tooltip = "Seed of the first weights and of the noise"
        self.seed = labelled(widgets.BoundedIntText, "Seed", tooltip, **seed)
        learning, data = (self.optimizer, self.lr), (self.function, self.noise, self.seed)
        self.inputs = (self.depth, *self.widths, self.activation, *learning, *data)

        self.run = button("Run", "Train until the stop; press again to pause", "96px", "primary")
        self.one = button("1 iteration", "Train for one iteration", "104px")
        self.hundred = button("100 iterations", "Train for a hundred iterations", "124px")
        self.reset = button("Reset", "Pause, and begin again with a new network", "80px")
        stop = {"value": 10_000, "min": 1, "max": 10**9, "layout": {"width": "148px"}}
        stop |= {"style": {"description_width": "54px"}}
        self.stop = labelled(widgets.BoundedIntText, "Stop at", "Run pauses there", **stop)
        self.presets = [
            button(name, f"Set the hidden layers to {list(PRESETS[name])}", "calc(50% - 16px)")
            for name in PRESETS
        ]
        self.unfold = widgets.ToggleButton(
            tooltip="The same run in plain PyTorch, ready to paste into a cell"
        )
        self.program = widgets.Textarea(layout={"width": "100%"})
        self.program.tooltip = "The program: click in it, select all, and copy"

        buttons = (self.run, self.one, self.hundred, self.reset, self.stop)
        self.bar = widgets.HBox(buttons, layout={"flex_flow": "row wrap"})
        presets = widgets.HBox(self.presets, layout={"flex_flow": "row wrap"})
        widths = widgets.HBox(self.widths, layout={"margin": "0 0 10px"})
        left = (heading("Network"), self.depth, widths, self.activation, presets)
        right = (heading("Learning"), *learning, heading("Data"), *data)
        columns = [
            widgets.VBox(left, layout={"width": "440px"}),
            widgets.VBox(right, layout={"width": "360px"}),
        ]
        self.groups = widgets.HBox(columns, layout={"flex_flow": "row wrap", "grid_gap": "0 16px"})
        self.program_box = widgets.VBox([self.unfold, self.program])
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
            noise=round(self.noise.value, 6),  # 0.15, where dragging gives 0.15000000000000002
            seed=self.seed.value,
        )

    def use_preset(self, name: str) -> None:
        """Set the hidden layers to those of a preset."""
        self.depth.value = len(PRESETS[name])
        for slider, width in zip(self.widths, PRESETS[name], strict=False):
            slider.value = width

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


def scale(values: set, value: float) -> list[tuple[str, float]]:
    """Options of a slider over `values`, and over the one that it begins with."""
    return [(f"{option:g}", option) for option in sorted(values | {value})]


def labelled(kind: type, description: str, tooltip: str, **traits: object) -> widgets.Widget:
    """Make a control with its name before it."""
    traits = {"layout": {"width": "340px"}, "style": {"description_width": "96px"}} | traits
    return kind(description=description, tooltip=tooltip, **traits)


def choice(description: str, options: dict, value: str) -> widgets.Dropdown:
    """Make a list to choose from."""
    tooltip = f"{description}: {', '.join(options)}"
    return labelled(widgets.Dropdown, description, tooltip, options=list(options), value=value)


def width_slider(place: int, width: int) -> widgets.SelectionSlider:
    """Make the upright slider for one hidden layer's width."""
    tooltip = f"Width of hidden layer {place}: its number of units, 1 to 512"
    layout = {"width": "42px", "height": "150px", "margin": "0"}
    traits = {"options": scale(WIDTHS, width), "value": width, "orientation": "vertical"}
    kind = widgets.SelectionSlider
    return labelled(kind, str(place), tooltip, layout=layout, style={}, **traits)


def button(description: str, tooltip: str, width: str, style: str = "") -> widgets.Button:
    """Make a button."""
    layout = {"width": width}
    return widgets.Button(
        description=description, tooltip=tooltip, button_style=style, layout=layout
    )


def heading(text: str) -> widgets.HTML:
    """Make the heading of a group."""
    return widgets.HTML(f"<b>{text}</b>")


def close_parts(widget: widgets.Widget) -> None:
    """Close what belongs to a widget: its children, layout and style."""
    for child in getattr(widget, "children", ()):
        close_parts(child)
        child.close()
    for part in (widget.layout, getattr(widget, "style", None)):
        if part:
            part.close()
