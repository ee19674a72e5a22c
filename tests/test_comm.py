"""The panel in a real kernel: slider messages as a front end sends them, on each of its threads."""

import json
import queue
import time

import pytest
from jupyter_client.manager import start_new_kernel

SETUP = """
import json, time, torch
torch.set_num_threads(1)
from helpers.experiment import Settings
from helpers.widgets.playground import OPEN, Playground
panel = Playground(Settings(cfg=(1, 8, 6, 1), lr=0.01))
c = panel.controls
widgets = {name: getattr(c, name) for name in ("depth", "lr", "one", "run", "reset")}
widgets |= {"kinks": panel.insight.kinks, "unit": panel.insight.unit}
print(json.dumps({name: widget.model_id for name, widget in widgets.items()}))
"""
STATE = """
print(json.dumps([list(panel.experiment.settings.cfg), panel.experiment.settings.lr,
    panel.trainer.left > 0, panel.experiment.iteration]))
"""


class Kernel:
    """A kernel and what a front end may say to it."""

    def __init__(self, log):
        self.log = log  # a file for what goes to the terminal that JupyterLab runs in
        with log.open("wb") as file:
            self.manager, self.client = start_new_kernel(kernel_name="python3", stderr=file)
        self.subshell = None

    def execute(self, code, wait=True, cell=None):
        message = self.client.session.msg(
            "execute_request",
            {"code": code, "silent": False, "store_history": True, "user_expressions": {},
             "allow_stdin": False, "stop_on_error": True},
            metadata={"cellId": cell} if cell else {},
        )  # fmt: skip
        self.client.shell_channel.send(message)
        return self.output(message["header"]["msg_id"]) if wait else message["header"]["msg_id"]

    def output(self, request, seconds=60):
        """Collect what a request prints, until it is done."""
        printed, end = [], time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != request:
                continue
            assert message["msg_type"] != "error", message["content"]
            if message["msg_type"] == "stream":
                assert message["content"]["name"] == "stdout", message["content"]
                printed.append(message["content"]["text"])
            if message["content"].get("execution_state") == "idle":
                return "".join(printed)
        raise TimeoutError(request)

    def state(self):
        return json.loads(self.execute(STATE))

    def until(self, condition):
        for _ in range(200):
            if condition(state := self.state()):
                return state
            time.sleep(0.05)
        raise AssertionError(state)

    def comm(self, model, data, subshell=None):
        """Send a widget message, on the main shell or on a subshell."""
        message = self.client.session.msg("comm_msg", {"comm_id": model, "data": data})
        if subshell:
            message["header"]["subshell_id"] = subshell
        self.client.shell_channel.send(message)

    def new_subshell(self):
        message = self.client.session.msg("create_subshell_request", {})
        self.client.control_channel.send(message)
        reply = self.client.control_channel.get_msg(timeout=10)
        assert reply["content"]["status"] == "ok"
        return reply["content"]["subshell_id"]

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    kernel = Kernel(tmp_path_factory.mktemp("kernel") / "log")
    yield kernel
    kernel.close()


@pytest.fixture(params=["main shell", "subshell"])
def shell(request, kernel):
    return kernel.new_subshell() if request.param == "subshell" else None


@pytest.fixture
def models(kernel):
    return json.loads(kernel.execute(SETUP, cell="the panel's"))


def update(**state):
    return {"method": "update", "state": state, "buffer_paths": []}


CLICK = {"method": "custom", "content": {"event": "click"}}


def test_a_sweep_in_a_notebook_needs_no_script(kernel):
    settings = "[Settings(cfg=(1, 8, 6, 1))] * 2"
    call = f"print([result.error for result in sweep({settings}, 3, workers=1)])"
    imports = "from helpers.experiment import Settings\nfrom helpers.sweep import sweep\n"
    assert kernel.execute(imports + call) == "[None, None]\n"


def test_sliders_and_buttons_while_no_cell_runs(kernel, shell, models):
    kernel.comm(models["depth"], update(index=3), shell)
    kernel.until(lambda s: s[0] == [1, 8, 6, 20, 1] and s[3] == 0)
    kernel.comm(models["run"], CLICK, shell)
    kernel.until(lambda s: s[2] and s[3] > 20)
    kernel.comm(models["lr"], update(index=19), shell)  # the first one still goes to the main shell
    kernel.until(lambda s: s[1] == 8e-4)
    for index in (*range(20, 38), *range(37, 19, -1)):  # up to 0.05, at which nothing diverges
        kernel.comm(models["lr"], update(index=index), shell)
    kernel.comm(models["lr"], update(index=7), shell)
    before = kernel.until(lambda s: s[1] == 5e-5)[3]
    kernel.until(lambda s: s[3] > before)
    kernel.comm(models["run"], CLICK, shell)
    paused = kernel.until(lambda s: not s[2])
    kernel.execute("panel.trainer.resting.wait(20)")  # an iteration may still be in progress
    assert kernel.state() == kernel.state()
    kernel.comm(models["reset"], CLICK, shell)
    kernel.until(lambda s: s[3] == 0)
    assert paused[3] > 20


def test_a_toggle_and_a_unit_are_chosen_by_the_page(kernel, models):
    kernel.comm(models["kinks"], update(value=True))
    kernel.comm(models["unit"], update(index=10))
    shown = "panel.trainer.resting.wait(20)\nprint(panel.insight.line.value)"
    found, unit = kernel.execute(shown).split(" · ")
    assert found.startswith("kinks by layer: ")
    assert unit.startswith("layer 2, unit 2 is ")
    kernel.comm(models["depth"], update(index=1))
    assert "layer" not in kernel.execute(shown).replace("kinks by layer", "")


def test_the_main_shell_takes_them_after_the_cell_and_training_goes_on_meanwhile(kernel, models):
    kernel.comm(models["run"], CLICK)
    code = "a = panel.experiment.iteration\ntime.sleep(0.5)\nprint(a, panel.experiment.iteration)"
    request = kernel.execute(code, wait=False)
    kernel.comm(models["depth"], update(index=4))
    before, after = map(int, kernel.output(request).split())
    assert after > before
    kernel.until(lambda s: s[0] == [1, 8, 6, 20, 20, 1])


def test_a_page_with_a_thread_of_its_own_is_heard_while_a_cell_runs_and_in_its_order(
    kernel, models
):
    shell = kernel.new_subshell()
    wait = """
end = time.monotonic() + 10
while time.monotonic() < end and not ({}):
    time.sleep(0.01)
print(time.monotonic() < end)
"""
    going = "panel.experiment.iteration > 20 and panel.experiment.settings.lr == 8e-4"
    request = kernel.execute(wait.format(going), wait=False)
    kernel.comm(models["one"], CLICK, shell)
    kernel.comm(models["run"], CLICK, shell)  # not before the other, which would end it at one
    kernel.comm(models["lr"], update(index=19), shell)
    assert kernel.output(request) == "True\n"
    request = kernel.execute(wait.format("panel.trainer.resting.is_set()"), wait=False)
    kernel.comm(models["run"], CLICK, shell)  # the thread that trains has changed its words
    assert kernel.output(request) == "True\n"


def test_running_the_cell_again_ends_its_thread_and_leaves_another_cells(kernel):
    count = "import threading\nprint(len(OPEN), threading.active_count())"
    kernel.execute("for p in OPEN[:]:\n    p.close()")
    _, threads = map(int, kernel.execute(count).split())
    kernel.execute(SETUP, cell="another")
    for _ in range(3):
        kernel.execute(SETUP + "panel.run()", cell="the panel's")
    assert kernel.execute(count).split() == ["2", str(threads + 2)]


def test_what_fails_in_a_callback_is_logged_whole_and_no_cell_prints_it(kernel, shell):
    code = """
import json
from ipywidgets import IntSlider
from helpers.widgets import Sliders
def draw(figure, height):
    figure.text(0, 0, str(height))
    return f"height {6 / (height - 2):.0f}"
sliders = Sliders(draw, height=IntSlider(1))
print(json.dumps(sliders.controls["height"].model_id))
"""
    model = json.loads(kernel.execute(code))
    before = len(kernel.log.read_text())
    for height, text in ((2, "ZeroDivisionError: division by zero"), (4, "height 3")):
        kernel.comm(model, update(value=height), shell)
        wait = f"while sliders.text != {text!r}: time.sleep(0.01)"
        if shell:
            assert kernel.execute(f"import time\n{wait}") == ""
        assert kernel.execute("print(sliders.text)") == f"{text}\n"
    logged = kernel.log.read_text()[before:]
    assert "draw failed\nTraceback " in logged
    assert "in draw\n    return f" in logged
    assert logged.count("Traceback") == 1
    kernel.execute("sliders.close()")


def test_nothing_is_printed_by_a_panel_that_trains(kernel, models):
    kernel.comm(models["run"], CLICK)
    assert kernel.execute("time.sleep(0.5)") == ""
    assert kernel.execute("panel.close()") == ""
