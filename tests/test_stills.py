"""A still stands beside a widget, and a widget leaves nothing behind."""

import base64
import re

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter
from ipywidgets import HTML, HBox, IntSlider, VBox, Widget
from ipywidgets.widgets.widget import _instances
from nbconvert import HTMLExporter

from helpers.plots import new_figure, to_png
from helpers.widgets.stills import View, close_widget, to_html, with_still


@pytest.fixture(scope="module")
def png():
    figure = new_figure(3, 2)
    figure.subplots().plot([0, 1])
    return to_png(figure)


def test_a_still_and_its_alternative_text_reach_the_notebook(png):
    class Shown:
        def _repr_mimebundle_(self, **kwargs):
            return with_still({"text/html": "<b>"}, png, "a rising line")

    data, metadata = DisplayFormatter().format(Shown())
    assert base64.b64decode(data["image/png"]) == png
    assert (data["text/plain"], data["text/html"]) == ("a rising line", "<b>")
    assert metadata == {"image/png": {"alt": "a rising line", "width": 300}}


def test_a_view_is_shown_by_its_bundle_in_ipywidgets_7_too(monkeypatch):
    class Shown(View):
        def _repr_mimebundle_(self, **kwargs):
            return with_still(super()._repr_mimebundle_(), b"", "a view")

    shown = Shown()
    whole = VBox._repr_mimebundle_(shown) | {"text/plain": "a view"}
    monkeypatch.setattr(Widget, "_ipython_display_", print, raising=False)  # 7 has such a method
    assert DisplayFormatter().format(shown) == (whole, {})


def test_a_widget_without_a_picture_yet_has_a_text_alone():
    assert with_still({}, b"", "ValueError: no") == ({"text/plain": "ValueError: no"}, {})


def test_a_picture_in_html_is_shown_at_half_its_size_and_says_its_sentence(png):
    written = to_html(png, "a < 'b'")
    assert base64.b64encode(png).decode() in written
    assert " width='300' " in written
    assert " alt='a &lt; &#x27;b&#x27;' " in written
    assert "max-width: 100%" in written
    assert "<img class='sine-follows' " in written
    assert "<img src=" in to_html(png, "a photograph", follows=False)


def test_an_export_by_nbconverts_classic_template_carries_the_words(png):
    data, metadata = with_still({}, png, "a < 'b'")
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    cell = nbformat.v4.new_code_cell("panel", outputs=[output])
    exporter = HTMLExporter(template_name="classic")
    page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (image,) = re.findall("<img .*?>", page)
    assert " alt=\"a &lt; 'b'\"" in image


def test_closing_takes_everything_that_belongs_to_a_widget():
    before = set(_instances)
    close_widget(VBox([HBox([IntSlider(), HTML()]), HTML(), HTML()]))
    assert set(_instances) == before


def test_a_class_may_close_its_parts_in_its_own_close():
    class Panel(VBox):
        def close(self):
            close_widget(self)

    before = set(_instances)
    panel = Panel([HTML()])
    panel.close()
    panel.close()
    assert set(_instances) == before
