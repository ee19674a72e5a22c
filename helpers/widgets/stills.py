"""What stands in a stored notebook in a widget's place, and the end of a widget."""

import base64
import html

from ipywidgets import VBox, Widget

from helpers.plots import SHARP

# Light and dark change places and hues stay; white turns into #111, that theme's background.
DARK = (
    "<style>[data-jp-theme-light='false'] .sine-follows "
    "{ filter: invert(0.933) hue-rotate(180deg); }</style>"
)


class View(VBox):
    """A VBox that a notebook shows by its MIME bundle, to which a still can be added.

    ipywidgets 8 shows every widget like that; 7 has a way of its own, which is taken from it here.
    """

    _ipython_display_ = None

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view}


def with_still(bundle: dict, png: bytes, text: str) -> tuple[dict, dict]:
    """Add a picture and a text to a widget's MIME bundle, for where there is no kernel.

    Args:
        bundle: What the widget shows itself with; may be empty.
        png: A picture of `to_png`; empty if there is none yet.
        text: The picture in a sentence: its alternative text, too.

    Returns:
        Data and metadata, as `_repr_mimebundle_` hands them to IPython.
    """
    if not png:
        return bundle | {"text/plain": text}, {}
    picture = {"image/png": base64.b64encode(png).decode(), "text/plain": text}
    return bundle | picture, {"image/png": {"alt": text, "width": png_width(png) // SHARP}}


def png_width(png: bytes) -> int:
    """Read a PNG's width, in pixels."""
    return int.from_bytes(png[16:20], "big")


def close_widget(widget: Widget) -> None:
    """Close a widget and what belongs to it: its children, layout and style.

    A class of ours may call this in its own `close`.
    """
    for child in getattr(widget, "children", ()):
        close_widget(child)
    for part in (getattr(widget, "layout", None), getattr(widget, "style", None)):
        if part is not None:
            part.close()
    Widget.close(widget)


def to_html(png: bytes, text: str, follows: bool = True) -> str:
    """Write a PNG of `to_png` for an `HTML` widget: `Image` has no place for a text.

    Args:
        png: The picture, shown at half its size.
        text: The picture in a sentence, for whoever does not see it.
        follows: Whether it turns dark with JupyterLab's theme, or stays on white.
    """
    style = (
        "max-width: 100%; height: auto; box-sizing: border-box; "
        "background: white; padding: 4px; border-radius: 6px"
    )
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    width = png_width(png) // SHARP
    kind = "class='sine-follows' " * follows
    shown = f"src='{source}' width='{width}' alt='{html.escape(text)}' style='{style}'"
    return f"{DARK}<img {kind}{shown}>"
