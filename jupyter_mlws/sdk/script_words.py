"""What a person gives as script, command, arguments and variables: understood, or answered with the way out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

from jupyter_mlws.domain.sizes import parse_size
from jupyter_mlws.errors import InvalidInput, UsageError

__all__ = [
    "argument_list",
    "check_environment",
    "command_words",
    "script_inside",
    "secret_names",
    "secret_values",
    "variables",
]

_NO_WORDS = (bytes, bytearray, list, tuple, dict, set, frozenset)


def argument_list(arguments: object) -> list[object]:
    """The arguments of a script as a list; numbers and paths stay what they are until they are passed on."""
    if arguments is None:
        return []
    if isinstance(arguments, (str, bytes)):
        raise UsageError("The arguments are one text.", hint="Give a list: arguments=['--lr', 0.1].")
    if isinstance(arguments, Mapping) or not isinstance(arguments, Iterable):
        raise UsageError(
            f"The arguments are of the type {type(arguments).__name__}.", hint="Give a list: arguments=['--lr', 0.1]."
        )
    found = list(arguments)
    for number, word in enumerate(found, 1):
        _check_word(word, f"Argument {number}")
    return found


def _check_word(word: object, what: str) -> None:
    if word is None:
        raise UsageError(f"{what} is None.", hint="Leave it out, or give a text.")
    if isinstance(word, _NO_WORDS):
        raise UsageError(
            f"{what} is of the type {type(word).__name__}.",
            hint="A command line has words: give each item by itself, and other data as a text or a file.",
        )
    if "\0" in str(word):
        raise UsageError(f"{what} contains a NUL character, which no program can be given.")


def command_words(command: object) -> list[str] | str | None:
    """A command as a line for the shell, or as words of which the first is the program."""
    if command is None:
        return None
    if isinstance(command, str):
        if not command.strip():
            raise UsageError("The command is empty.", hint="Give a line such as 'python train.py --lr 0.1'.")
        _check_word(command, "The command")
        return command
    if not isinstance(command, Sequence) or isinstance(command, (bytes, bytearray)):
        raise UsageError(
            f"The command is of the type {type(command).__name__}.",
            hint="Give a line, or a list of words: command=['python', 'train.py'].",
        )
    if not command:
        raise UsageError("The command is empty.", hint="Give a list of words: command=['python', 'train.py'].")
    for number, word in enumerate(command, 1):
        _check_word(word, f"Word {number} of the command")
    found = [str(word) for word in command]
    if not found[0].strip():
        raise UsageError("The command names no program.", hint="Its first word is the program.")
    if len(found) == 1 and " " in found[0].strip() and not os.path.exists(found[0]):
        raise UsageError(
            f"The command's only word is {found[0]!r}, which is no program.",
            hint="Give the line as a text, command='python train.py', or a list with an item for each word.",
        )
    return found


def script_inside(script: object, folder: str | os.PathLike[str]) -> str:
    """A script's path relative to the folder, which it is inside of."""
    if not isinstance(script, (str, os.PathLike)) or not os.fspath(script):
        raise UsageError("The script is not named.", hint="Give its path: script='train.py'.")
    path = str(os.fspath(script))
    if "\0" in path:
        raise UsageError("The script's path contains a NUL character.")
    if os.path.isabs(path):
        path = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
    path = os.path.normpath(path)
    if path == os.curdir or path.split(os.sep)[0] == os.pardir:
        raise InvalidInput(
            f"The script {os.fspath(script)!r} is not inside {os.fspath(folder)!r}.",
            hint="Name a source_directory that holds it.",
        )
    return path.replace(os.sep, "/")


def check_environment(given: object) -> None:
    """Whether it is the name of an environment, or an `Environment`."""
    from jupyter_mlws.domain.environment import split_reference
    from jupyter_mlws.sdk.environment import Environment

    if isinstance(given, str):
        split_reference(given)
    elif not isinstance(given, Environment):
        raise UsageError(
            f"The environment is of the type {type(given).__name__}.", hint="Give its name, or an Environment."
        )


def variables(given: object) -> dict[str, str]:
    """Environment variables as text."""
    if not isinstance(given, Mapping):
        raise UsageError("The environment variables are no mapping.", hint="Give {'OMP_NUM_THREADS': '4'}.")
    for name, value in given.items():
        if not isinstance(name, str):
            raise UsageError(f"The environment variable {name!r} is not named by a text.")
        _check_word(value, f"The environment variable {name}")
    return {name: str(value) for name, value in given.items()}


def count(what: str, given: object, least: int = 1) -> int | None:
    """A whole number, or None; 'what' says of what."""
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= least):
        return given
    raise InvalidInput(f"{what} cannot be {given!r:.40}.", hint=f"Give a whole number from {least}.")


def memory_bytes(given: object) -> int | None:
    """A size in bytes, of a number or a text such as '4g'; None where none is given."""
    found = parse_size(given) if isinstance(given, str) else given
    if given is None or (isinstance(found, int) and not isinstance(found, bool) and found > 0):
        return found if isinstance(found, int) else None
    raise InvalidInput(f"memory cannot be {given!r:.40}.", hint="Give a size such as '512m' or '4g'.")


def secret_names(given: object) -> list[str] | dict[str, str | None]:
    """Secrets by name, or by name with their values; None for one that is to be found by its name."""
    if isinstance(given, (str, bytes)) or not isinstance(given, (Sequence, Mapping)):
        raise UsageError("The secrets are no list of names.", hint="Give secrets=['HF_TOKEN'].")
    for name in given:
        if not isinstance(name, str) or not name:
            raise UsageError(f"A secret is not named by a text, but by {type(name).__name__}.")
    if not isinstance(given, Mapping):
        return list(given)
    for name, value in given.items():
        if value is not None and not isinstance(value, str):
            raise UsageError(f"The secret {name} is no text, but {type(value).__name__}.")
    return dict(given)


def secret_values(secrets: Sequence[str] | Mapping[str, str | None]) -> tuple[dict[str, str], tuple[str, ...]]:
    """The secrets with their values: given, or variables of this process; and the names of those for the vault."""
    given = secrets if isinstance(secrets, Mapping) else dict.fromkeys(secrets)
    found = {name: os.environ.get(name) if value is None else value for name, value in given.items()}
    return (
        {name: value for name, value in found.items() if value is not None},
        tuple(name for name, value in found.items() if value is None),
    )
