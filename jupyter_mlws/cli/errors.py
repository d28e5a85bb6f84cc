"""Failures on the command line: one sentence with a way out, and an exit code that scripts can go by."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from jupyter_mlws.cli.groups import name_values
from jupyter_mlws.cli.output import print_json, spoken
from jupyter_mlws.errors import MlwsError, UsageError
from jupyter_mlws.sdk.text import visible

__all__ = ["EXIT_CODES", "INTERRUPTED", "ErrorSentences"]

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
# For the documentation, too.
EXIT_CODES = {
    0: "It was done. Of `--wait` and `--watch`: the run is Completed.",
    FAILED: "It was refused or went wrong, and the sentence says why. Of `--wait` and `--watch`: the run did not "
    "complete. Of `mlws doctor`: something has to be mended.",
    MISUSED: "The command line was not understood; nothing was done.",
    INTERRUPTED: "Ctrl-C. A run that was being watched goes on.",
}
# What typer raises for a command line that it does not understand; the name of its module depends on its version.
_Misuse: type[Exception] = typer.BadParameter.__mro__[1]
_DEBUG = "--debug"


class ErrorSentences(TyperGroup):
    """A group whose failures are a sentence (in JSON, where that was asked) instead of a traceback."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **more: Any,
    ) -> Any:
        names: dict[str, Any] = {
            "prog_name": prog_name,
            "complete_var": complete_var,
            "windows_expand_args": windows_expand_args,
        }
        words = _debug_first(list(sys.argv[1:] if args is None else args))
        name_values(self)
        if not standalone_mode:
            return super().main(words, standalone_mode=False, **names, **more)
        try:
            done = super().main(words, standalone_mode=False, **names, **more)
        except BrokenPipeError:  # the reader (head, less) has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except typer.Abort:
            sys.exit(INTERRUPTED)
        except Exception as error:  # noqa: BLE001 - told as a sentence, and in full with --debug
            _fail(error, words)
        sys.exit(done if isinstance(done, int) else 0)


def _debug_first(words: list[str]) -> list[str]:
    """`--debug` belongs before the command, and is most often typed at the end of a line that has just failed."""
    if words[-1:] == [_DEBUG] and words[:1] != ["submit"]:  # what ends that line is the script's
        return [_DEBUG, *words[:-1]]
    return words


def _fail(error: Exception, words: list[str]) -> NoReturn:
    own = _own_words(words)
    if _DEBUG in own or os.environ.get("MLWS_TRACEBACK") == "full":
        traceback.print_exception(error, file=sys.stderr)
    elif type(error).__name__ == "NoArgsIsHelpError":  # a group without a command
        if told := _sentence(error):  # its plain help; one with frames is on the screen already
            print(told)
        sys.exit(MISUSED)
    known = _known(error)
    if "--json" in own:
        print_json(known.to_payload())
    else:
        Console(stderr=True, highlight=False, soft_wrap=True).print(Text(spoken(f"mlws: {known}")))
    sys.exit(MISUSED if isinstance(known, UsageError) else FAILED)


def _own_words(words: list[str]) -> list[str]:
    """The words that are ours: what follows a script is the script's."""
    if "submit" in words[:2]:
        for i, word in enumerate(words):
            if word.endswith((".py", ".ipynb")):
                return words[:i]
    return words


def _context(error: Any) -> Any:
    """The command that was typed wrongly; None where there was none."""
    return getattr(error, "ctx", None)


def _sentence(error: Any) -> str:
    return str(error.format_message())


def _known(error: Exception) -> MlwsError:
    """Any failure as an error of ours, with a way out."""
    if isinstance(error, MlwsError):
        return error
    if isinstance(error, _Misuse):
        context = _context(error)
        command = context.command_path if context else "mlws"
        said = visible(_sentence(error)).rstrip(".?")
        return UsageError(f"{said}{'?' if 'Did you mean' in said else '.'}", hint=f"See {command} --help")
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return MlwsError(f"{error.strerror}{where}.")
    said = f"{type(error).__name__}: {error}".strip(": ")
    return MlwsError(f"Something went wrong that nobody has foreseen: {said}.", hint="See where: mlws --debug ...")
