"""``%load_ext jupyter_mlws``: the magics, registered in a shell. Nothing runs before or after other cells."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import MlwsError, UsageError
from jupyter_mlws.magics.command import run_command
from jupyter_mlws.magics.completing import register
from jupyter_mlws.magics.defaults import set_defaults
from jupyter_mlws.magics.gateway import gateway_words
from jupyter_mlws.magics.submit import submit_cell, submit_file
from jupyter_mlws.magics.track import is_from_cell, origin, track_cell
from jupyter_mlws.sdk.text import in_notebook
from jupyter_mlws.sdk.track import set_origin

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["load"]


def load(shell: Any) -> None:
    """Register ``%%submit``, ``%submit``, ``%%track``, ``%runs``, ``%mlws``; bind ``mlws`` unless the name is taken.

    Parameters
    ----------
    shell : InteractiveShell
    """
    from IPython.core.magic import no_var_expand

    import jupyter_mlws
    from jupyter_mlws.sdk.run import Run

    magics = _Magics(shell)
    for name, kind, function in (
        ("submit", "line_cell", magics.submit),
        ("track", "cell", magics.track),
        ("runs", "line", magics.runs),
        ("mlws", "line", magics.mlws),
    ):
        shell.register_magic_function(no_var_expand(_answering(function)), kind, name)
    if "mlws" not in shell.user_ns:
        shell.push({"mlws": jupyter_mlws}, interactive=False)
    formatter = getattr(shell, "display_formatter", None)
    if formatter is not None:
        formatter.mimebundle_formatter.for_type(Run, magics.card)
    shell.input_transformers_cleanup.append(_fill_empty_body)
    register(shell)
    set_origin(lambda: origin(shell))
    words = gateway_words()
    if words:
        print(words, file=sys.stderr)


def _answering(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mistakes are answered in one sentence instead of a traceback through our code."""

    def magic(line: str, cell: str | None = None) -> Any:
        try:
            return function(line) if cell is None else function(line, cell)
        except SyntaxError as error:
            if is_from_cell(error):
                raise
            lines = [text.rstrip("\n") for text in traceback.format_exception_only(type(error), error)]
            raise _shown_as(UsageError(f"The cell is no valid Python: {error}"), lines) from None
        except MlwsError as error:
            if is_from_cell(error):
                raise
            error.hint = in_notebook(error.hint)
            _shown_as(error, [f"{type(error).__name__}: {error}"])
            raise

    magic.__doc__ = function.__doc__
    return magic


def _shown_as(error: MlwsError, lines: list[str]) -> MlwsError:
    """Let IPython show these lines in place of a traceback."""
    error._render_traceback_ = lambda: lines  # type: ignore[method-assign]
    return error


class _Magics:
    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._defaults: dict[str, str] = {}
        self._settings: dict[str, str] = {}

    def submit(self, line: str, cell: str | None = None) -> Run | None:
        """Run this cell, a script or a notebook as a tracked job; ``%%submit --help`` lists the options."""
        if cell is None:
            return submit_file(self._shell, line, self._defaults)
        return submit_cell(self._shell, line, cell, self._defaults)

    def track(self, line: str, cell: str) -> None:
        """Run this cell in this kernel as a tracked run; ``%%track --help`` lists the options."""
        track_cell(self._shell, line, cell, self._defaults)

    def runs(self, line: str) -> Any:
        """``%runs``: the newest runs; ``%runs 12``: one run; ``%runs 12 15``: what differs; else a search."""
        from jupyter_mlws.magics.listing import show

        return show(line)

    def card(self, run: Run, include: object = None, exclude: object = None) -> dict[str, Any]:
        """What a run is below a cell."""
        from jupyter_mlws.magics.card import card_bundle

        return card_bundle(run, self._shell, self._settings)

    def mlws(self, line: str) -> None:
        """``%mlws set compute=gpu1``: this notebook's defaults; any other command is the command line's."""
        command, _, rest = line.strip().partition(" ")
        if command == "set":
            print(set_defaults(rest, self._shell.user_ns, self._defaults, self._settings))
        else:
            run_command(line, self._shell.user_ns)


def _fill_empty_body(lines: list[str]) -> list[str]:
    """Give a lone ``%%submit --help`` an empty body: IPython would refuse it before we can answer."""
    if len(lines) == 1 and lines[0].split(None, 1)[:1] in (["%%submit"], ["%%track"]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines
