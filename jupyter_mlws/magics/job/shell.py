"""The job's IPython shell: made when something asks for it, for a plain training cell does not."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from typing import Any, cast

from jupyter_mlws.magics.job.display import Recorder, show_figures
from jupyter_mlws.magics.job.hooks import after_import

__all__ = ["get_shell", "prepare"]

_shell: Any = None
_making: bool | None = False  # None: IPython is missing
_told = False  # that it is missing
_recorder: Recorder | None = None
# A new shell would empty these.
_OUTPUTS: tuple[str, ...] = ("Out", "_oh", "_", "__", "___")
_extensions: tuple[str, ...] = ()


def prepare(recorder: Recorder, extensions: Sequence[str] = ()) -> None:
    """Let ``get_ipython()``, ``display()`` and ``plt.show()`` work as in a notebook; they cost nothing until used."""
    global _recorder, _extensions
    _recorder, _extensions = recorder, tuple(extensions)
    vars(builtins).update(get_ipython=_get_ipython, display=_display)
    sys.displayhook = recorder.hook
    after_import("IPython", lambda module: _ignore(get_shell()))
    after_import("matplotlib.pyplot", _prepare_pyplot)


def _ignore(value: object) -> None:
    """A callback answers nothing."""


def _display(*values: Any, **options: Any) -> Any:
    if get_shell() is None:
        for value in values:
            _require_recorder().display({"text/plain": repr(value)})
        return None
    from IPython import display

    return cast("Any", display).display(*values, **options)


def _require_recorder() -> Recorder:
    assert _recorder is not None, "prepare() comes first"
    return _recorder


def _get_ipython() -> Any:
    """``get_ipython()`` of the cell, and of libraries, which ask where they are and take None for an answer."""
    return get_shell(tell=sys._getframe(1).f_globals.get("__name__") == "__main__")


def get_shell(*, tell: bool = True) -> Any:
    """The shell, made at the first call; None where IPython is missing, which is told to who wants to use it."""
    global _shell, _making, _told
    if _shell is None and _making is False:
        _making, missing = True, False
        try:
            _shell = _make()
        except ImportError:
            missing = True
        finally:
            _making = None if missing else False
        for name in _extensions if _shell is not None else ():
            _load_extension(name)
    if _making is None and tell and not _told:
        _told = True
        print("IPython is not installed here: magics and rich display are left out.", file=sys.stderr)
    return _shell


def _load_extension(name: str) -> None:
    """Load what the notebook has loaded, so that its magics are there."""
    try:
        _shell.extension_manager.load_extension(name)
    except Exception as error:  # noqa: BLE001 - an extension of others; the cell may not even use it
        print(f"The extension {name} could not be loaded: {error}", file=sys.stderr)


def _make() -> Any:
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    main = sys.modules["__main__"]
    captured: dict[str, Any] = {name: vars(main)[name] for name in _OUTPUTS if name in vars(main)}
    shell = _shell_class().instance(config=config, user_module=main, user_ns=vars(main))
    shell.display_formatter.active_types = shell.display_formatter.format_types
    vars(main).update(captured)
    vars(builtins)["display"] = _display
    sys.displayhook = _require_recorder().hook
    if "matplotlib.pyplot" in sys.modules:
        _figure_formats(shell)
    return shell


def _shell_class() -> Any:
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets import Type

    class Publisher(DisplayPublisher):
        def publish(self, data, metadata=None, *args, transient=None, update=False, **options):  # type: ignore[no-untyped-def]
            _require_recorder().display(data, metadata, transient, update=update)

        def clear_output(self, wait: bool = False) -> None:
            _require_recorder().clear(wait)

    class JobShell(InteractiveShell):
        display_pub_class = Type(Publisher)

        def init_sys_modules(self) -> None:
            """``__main__`` is in its place already."""

        def enable_gui(self, gui: Any = None) -> None:
            """A job has no windows."""

        def run_line_magic(self, name: str, line: str, _stack_depth: int = 1) -> Any:
            if _is_idle(name, line):
                print(f"%{name} {line}".rstrip() + " does nothing in a job.", file=sys.stderr)
                return None
            return super().run_line_magic(name, line, _stack_depth + 1)

        def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
            if name == "submit":
                print("%%submit inside a job: the cell runs here.", file=sys.stderr)
                return _raised(cast("Any", self).run_cell(cell))
            return cast("Any", super()).run_cell_magic(name, line, cell)

        def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
            """Errors of inner cells are raised again, and shown once."""

    return JobShell


def _raised(result: Any) -> Any:
    result.raise_error()
    return result.result


def _is_idle(name: str, line: str) -> bool:
    """Magics that speak to a kernel's front, or watch files while a notebook is edited."""
    if name in ("load_ext", "reload_ext"):
        return line.strip() in ("autoreload", "jupyter_mlws")
    return name in ("autoreload", "aimport", "matplotlib", "pylab", "gui", "pdb", "config", "mlws", "runs")


# -- matplotlib


def _prepare_pyplot(pyplot: Any) -> None:
    """Figures become outputs at ``plt.show()``."""

    def show(*args: Any, **options: Any) -> None:
        show_figures(_require_recorder())

    pyplot.show = show
    if _shell is not None:
        _figure_formats(_shell)


def _figure_formats(shell: Any) -> None:
    from IPython.core import pylabtools

    cast("Any", pylabtools).select_figure_formats(shell, {"png"}, bbox_inches="tight")
