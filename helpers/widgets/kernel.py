"""What concerns the kernel behind the widgets: who takes a message, who sent it, its log."""

import inspect
import logging

from IPython import get_ipython
from ipywidgets import Widget
from ipywidgets.widgets import widget as base


def take_in_order(widget: Widget) -> None:
    """Let what a page sends to a widget and its children be taken by one thread.

    ipykernel 7 gives each message to the thread that changed that widget last: the page's own,
    or the main one, where it waits until the running cell ends. So of two buttons that were
    pressed one after the other the second could come first. Without that rule, it is the page
    that chooses, and JupyterLab chooses one thread for all widgets.

    Where the kernel has no such rule, nothing is changed.

    Args:
        widget: Its messages, and those of its children at this moment.
    """
    for child in getattr(widget, "children", ()):
        take_in_order(child)
    rule = getattr(widget.comm, "_reply_subshell_for", None)
    if rule is None:
        return
    names = list(inspect.signature(rule).parameters)

    def choose(*args: object, **kwargs: object) -> object:
        """Return the page's choice, by its name wherever it stands; else what the rule says."""
        given = dict(zip(names, args, strict=False)) | kwargs
        return given["default"] if "default" in given else rule(*args, **kwargs)

    vars(widget.comm)["_reply_subshell_for"] = choose


def log_error(doing: str) -> None:
    """Write the exception that is being handled, whole, to where the kernel writes its log.

    That is the terminal that JupyterLab was started from: what is printed by a thread or a
    callback would stand below a cell that has nothing to do with it.

    Args:
        doing: What failed, in a few words.
    """
    kernel = getattr(get_ipython(), "kernel", None)
    log = logging.getLogger("helpers") if kernel is None else kernel.log
    log.error("%s failed", doing, exc_info=True)


def find_cell() -> tuple[str | None, str | None, str | None]:
    """Find the ids of the request that runs now, of the page it comes from, and of its cell."""
    parent = getattr(get_ipython(), "get_parent", dict)()
    header = parent.get("header", {})
    return header.get("msg_id"), header.get("session"), parent.get("metadata", {}).get("cellId")


def list_widgets() -> list[Widget]:
    """List every widget that is not closed: ipywidgets 8 keeps them elsewhere than 7."""
    return list((base._instances if hasattr(base, "_instances") else Widget.widgets).values())
