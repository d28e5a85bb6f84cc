"""The card as a widget in a real kernel: what goes over its comm."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from kernels import Kernel
from users import fresh_user

from jupyter_mlws.api.series import decode_series

VIEW = "application/vnd.jupyter.widget-view+json"
CLOCK = """%%submit clock
import time
for i in range({points}):
    mlws.log(loss=1 / (i + 1), step=i)
    time.sleep(0.05)"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch, fresh_user(tmp_path_factory.mktemp("home"), patch):
        patch.delenv("VSCODE_PID", raising=False)
        kernel = Kernel(tmp_path_factory.mktemp("notebooks"))
        kernel.said("%load_ext jupyter_mlws")
        yield kernel
        kernel.close()


class Widget:
    """A widget as its front end has it: state, and points that came in messages."""

    def __init__(self, kernel: Kernel, source: str) -> None:
        self.client = kernel.client
        self.state: dict[str, Any] = {}
        self.news: list[tuple[float, str, int, int]] = []
        self.updates: list[float] = []
        self.comm = ""
        self.client.execute_interactive(source, timeout=60, output_hook=self._hear)

    def _hear(self, message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "comm_open" and "_esm" in content["data"]["state"]:
            self.comm = content["comm_id"]
        if not message["msg_type"].startswith("comm_") or content["comm_id"] != self.comm:
            return
        data, buffers = content["data"], [bytes(it) for it in message["buffers"]]
        if data.get("method") == "custom":
            told = data["content"]
            series = decode_series(buffers[0])
            self.news.append((time.monotonic(), told["name"], told["after"], series.count))
        elif "state" in data:
            self.updates.append(time.monotonic())
            state = data["state"]
            for path, buffer in zip(data["buffer_paths"], buffers, strict=True):
                state[path[0]][path[1]] = buffer
            self.state |= state

    def until(self, holds: Callable[[], bool], seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.state.get("facts")
            self.listen(0.2)

    def listen(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self._hear(self.client.get_iopub_msg(timeout=left))
            except queue.Empty:
                return

    def send(self, content: dict[str, Any]) -> None:
        data = {"comm_id": self.comm, "data": {"method": "custom", "content": content}}
        self.client.shell_channel.send(self.client.session.msg("comm_msg", data))

    @property
    def status(self) -> str:
        return str(self.state["facts"]["status"])

    def kept(self, name: str) -> int:
        series = self.state["points"].get(name)
        return 0 if series is None else decode_series(series).count


def test_a_live_run_tells_only_what_is_new_and_nothing_after_its_end(kernel: Kernel) -> None:
    kernel.said(CLOCK.format(points=40))
    shown = Widget(kernel, "mlws.widget(mlws.last_run)")
    assert shown.comm
    assert shown.state["facts"]["experiment"] == "clock"
    assert "createRoot" in shown.state["_esm"] or len(shown.state["_esm"]) > 50_000
    shown.until(lambda: shown.status == "Completed")
    shown.listen(1)

    # Every point came once, in a few messages of a second.
    after = [(first, last) for _, name, first, last in shown.news if name == "loss"]
    assert all(before[1] <= behind[0] for before, behind in pairwise(after))
    assert 0 < max(last for _, last in after) <= 40  # the last ones may come with the end
    times = [at for at, *_ in shown.news]
    assert len(times) <= 4 * (times[-1] - times[0]) + 5

    # What is left is whole, and costs nothing.
    assert shown.kept("loss") == 40
    told = len(shown.updates)
    shown.listen(2)
    assert len(shown.updates) == told
    assert (
        kernel.said("import threading; [t.name for t in threading.enumerate() if t.name.startswith('mlws-card')]")
        == "[]"
    )


def test_a_view_that_missed_points_gets_them_and_its_button_ends_the_run(kernel: Kernel) -> None:
    kernel.said(CLOCK.format(points=2000))
    shown = Widget(kernel, "mlws.widget(mlws.last_run)")
    shown.until(lambda: bool(shown.news) and shown.news[-1][3] > 10)
    shown.send({"kind": "points", "name": "loss", "after": 3})
    shown.until(lambda: any(first == 3 for _, _, first, _ in shown.news))
    shown.send({"kind": "ready"})
    shown.until(lambda: shown.kept("loss") > 10)
    for nonsense in ({"kind": "points", "name": "../x", "after": 0}, {"kind": "points", "name": "loss", "after": -1}):
        shown.send(nonsense)
    again = Widget(kernel, "mlws.widget(mlws.last_run)")
    assert again.comm == ""  # one run is followed once
    shown.until(lambda: any(it["name"] == "system/cpu_percent" for it in shown.state["facts"]["usage"]))
    shown.send({"kind": "cancel"})
    shown.until(lambda: shown.status == "Canceled")


def test_a_tracked_cell_is_live_while_it_keeps_the_kernel_busy(kernel: Kernel) -> None:
    cell = "import time\nfor i in range(30):\n    mlws.log(loss=i, step=i)\n    time.sleep(0.1)"
    kernel.said("%mlws set card=widget")
    shown = Widget(kernel, f"%%track busy\n{cell}")
    while_busy = len(shown.news)
    assert while_busy > 3
    shown.until(lambda: shown.status == "Completed")
    assert shown.kept("loss") == 30
    kernel.said("%mlws set card=")


def mime_types(kernel: Kernel) -> str:
    return kernel.said("sorted(get_ipython().display_formatter.format(mlws.last_run)[0])")


def test_a_widget_is_added_only_where_the_front_end_does_not_draw_ours(kernel: Kernel) -> None:
    kernel.said("run = mlws.last_run")
    assert VIEW not in mime_types(kernel)
    assert "card=widget" in kernel.said("%mlws set card=widget")
    assert VIEW in mime_types(kernel)
    kernel.said("%mlws set card=")
    kernel.said("__vsc_ipynb_file__ = '/somewhere/a.ipynb'")
    assert VIEW in mime_types(kernel)
    kernel.said("%mlws set card=lab")
    assert VIEW not in mime_types(kernel)
    assert "There is no card 'wiget'. There is auto, lab, widget. Did you mean widget?" in kernel.said(
        "%mlws set card=wiget"
    )
    kernel.said("%mlws set card=\ndel __vsc_ipynb_file__")
    # Voila tells its kernels what a web server tells of itself.
    kernel.said("import os; os.environ['SERVER_SOFTWARE'] = 'voila/0.5.13'")
    assert VIEW in mime_types(kernel)
    kernel.said("del os.environ['SERVER_SOFTWARE']")
    assert VIEW not in mime_types(kernel)


def test_without_anywidget_the_card_stands_still_and_says_so_once(kernel: Kernel) -> None:
    kernel.said(
        "import sys; gone = {n: sys.modules.pop(n) for n in list(sys.modules) if n.startswith('jupyter_mlws.widgets')}"
    )
    kernel.said("mlws.__dict__.pop('widget', None); kept = sys.modules['anywidget']; sys.modules['anywidget'] = None")
    assert "%pip install anywidget" in kernel.said("mlws.widget(mlws.last_run)")
    kernel.said("__vsc_ipynb_file__ = 'a.ipynb'")
    said = mime_types(kernel)
    assert "needs anywidget, which this kernel lacks" in said
    assert "text/html" in said
    assert VIEW not in said
    assert "anywidget" not in mime_types(kernel)
    kernel.said("sys.modules['anywidget'] = kept; del __vsc_ipynb_file__")
