"""The page chooses who takes its messages, whatever ipykernel asks; errors are logged whole."""

import logging
from types import SimpleNamespace

import pytest
from ipykernel.comm.comm import BaseComm
from ipywidgets import IntText, Widget
from ipywidgets.widgets import widget as base

from helpers.widgets.kernel import list_widgets, log_error, take_in_order


class Comm:
    """A comm with a rule of some signature, which would always choose the cell's thread."""


def make(rule=None):
    comm = Comm()
    if rule is not None:
        comm._reply_subshell_for = rule
    return SimpleNamespace(comm=comm)


def third(data, default, parent):
    return "the cell's"


def before(parent, default, data=None):
    return "the cell's"


def named(*, data, default, parent=None):
    return "the cell's"


def other(data, somewhere):
    return "the cell's"


@pytest.mark.parametrize("page", ["the page's", None])  # None is the main thread
@pytest.mark.parametrize(
    "ask",
    [
        lambda rule, page: rule({}, page),
        lambda rule, page: rule({}, default=page),
        lambda rule, page: rule(data={}, default=page),
        lambda rule, page: rule({}, page, "a third"),
        lambda rule, page: rule({}, page, parent="a third"),
    ],
)
@pytest.mark.parametrize("times", [1, 2])
def test_the_real_rule_is_replaced_by_the_pages_choice(page, ask, times):
    comm = BaseComm(target_name="a test", comm_id="a test")
    comm._reply_subshell_id = "the cell's"
    assert comm._reply_subshell_for({}, page) == "the cell's"  # what is mended
    for _ in range(times):
        take_in_order(SimpleNamespace(comm=comm))
    assert ask(comm._reply_subshell_for, page) == page


@pytest.mark.parametrize(
    ("rule", "args", "kwargs"),
    [
        (third, ({}, "the page's", "parent"), {}),
        (before, ("parent", "the page's"), {}),
        (before, ("parent",), {"data": {}, "default": "the page's"}),
        (named, (), {"data": {}, "default": "the page's"}),
    ],
)
def test_the_choice_is_found_wherever_it_stands(rule, args, kwargs):
    widget = make(rule)
    take_in_order(widget)
    assert widget.comm._reply_subshell_for(*args, **kwargs) == "the page's"


def test_a_rule_that_names_it_otherwise_stays_as_it_is():
    widget = make(other)
    take_in_order(widget)
    assert widget.comm._reply_subshell_for({}, "the page's") == "the cell's"


@pytest.mark.parametrize("widget", [make(), SimpleNamespace(comm=None)], ids=["none", "closed"])
def test_where_there_is_no_rule_nothing_is_changed(widget):
    take_in_order(widget)
    assert not hasattr(widget.comm, "_reply_subshell_for")


def test_children_are_reached():
    inner, outer = make(third), make(third)
    outer.children = (SimpleNamespace(comm=None, children=(inner,)),)
    take_in_order(outer)
    for widget in (inner, outer):
        assert widget.comm._reply_subshell_for({}, "the page's", None) == "the page's"


def test_the_open_widgets_are_known_in_ipywidgets_7_too(monkeypatch):
    opened, closed = IntText(), IntText()
    closed.close()
    assert opened in list_widgets()
    assert closed not in list_widgets()
    with pytest.deprecated_call():  # which 7 does not say of this place
        monkeypatch.setattr(Widget, "widgets", {"of 7": opened})
    monkeypatch.delattr(base, "_instances")
    assert list_widgets() == [opened]


def test_an_error_is_logged_whole(caplog):
    with caplog.at_level(logging.ERROR, "helpers"):
        try:
            raise ZeroDivisionError("of a test")
        except ZeroDivisionError:
            log_error("a draw")
    (record,) = caplog.records
    assert record.getMessage() == "a draw failed"
    assert record.exc_info[0] is ZeroDivisionError
    assert record.exc_info[2].tb_frame.f_code.co_name == "test_an_error_is_logged_whole"
