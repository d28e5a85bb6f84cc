"""Run configurations in files: ``.mlws/<name>.runconfig.json`` in the folder of the script or notebook.

JSON, since that is what every Python reads and writes without help. The file lies where no snapshot takes it, so that
editing it changes no code. A format has the keys of `_TYPES`, the first none of a notebook; a later one only adds to
them, and is written only where these are needed.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from jupyter_mlws.domain.masking import is_secret_variable, mask, masked_options
from jupyter_mlws.errors import InvalidInput, InvalidName, NotFound, TooLarge, UsageError
from jupyter_mlws.runfolder.files import write_whole

if TYPE_CHECKING:
    from jupyter_mlws.sdk.notebook import NotebookRunConfig
    from jupyter_mlws.sdk.script import ScriptRunConfig

    Config: TypeAlias = ScriptRunConfig | NotebookRunConfig

__all__ = ["FORMAT", "delete", "load", "load_any", "names", "save"]

FORMAT = 2
_OF_SCRIPTS = 1
_FOLDER = ".mlws"
_SUFFIX = ".runconfig.json"
_MAX_BYTES = 1 << 20
_NAME = re.compile(r"[a-zA-Z0-9][\w\-.]{0,99}", re.ASCII)
Path = str | os.PathLike[str]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_command(value: Any) -> bool:
    return isinstance(value, str) or _is_texts(value)


def _is_words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, (str, int, float)) for word in value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _is_variables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_name(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_count(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_size(value: Any) -> bool:
    return _is_count(value) or isinstance(value, str)


def _is_limit(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


# What each key holds: how it is told, and whether a value is that.
_TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "source_directory": ("a text, relative to the folder that holds .mlws", _is_text),
    "script": ("a text", _is_text),
    "arguments": ("a list of texts and numbers", _is_words),
    "command": ("a text or a list of texts", _is_command),
    "notebook": ("a text", _is_text),
    "parameters": ("an object of values", _is_object),
    "output_notebook": ("a name, or null", _is_name),
    "kernel_name": ("a name, or null", _is_name),
    "compute_target": ("a text", _is_text),
    "environment": ("a text", _is_text),
    "environment_variables": ("an object of texts", _is_variables),
    "max_run_duration_seconds": ("a number of seconds, or null", _is_limit),
    "secrets": ("a list of names, without their values", _is_texts),
    "cpus": ("a whole number, or null", _is_count),
    "gpus": ("a whole number, or null", _is_count),
    "memory": ("a size such as '4g', or null", _is_size),
}


_OF_A_NOTEBOOK = ("parameters", "output_notebook", "kernel_name")
_KINDS = ("script", "command", "notebook")


# -- writing


def save(config: Config, name: str, folder: Path) -> str:
    """Write a configuration; the path of its file."""
    _check_name(name)
    _refuse_secrets(config)
    place = os.fspath(folder)
    file = _file(place, name)
    inside = os.path.relpath(os.path.realpath(config.source_directory), os.path.realpath(place))
    what = _what(config)
    said: dict[str, Any] = {"format": FORMAT if "notebook" in what else _OF_SCRIPTS}
    if inside != os.curdir:
        said["source_directory"] = inside.replace(os.sep, "/")
    said |= what
    said |= {
        "compute_target": config.compute_target or "local",
        "environment": _environment(config),
        "environment_variables": dict(config.environment_variables),
        "secrets": list(config.secrets),
        "max_run_duration_seconds": config.max_run_duration_seconds,
    }
    resources = {"cpus": config.cpus, "gpus": config.gpus, "memory": config.memory}
    said |= {name: value for name, value in resources.items() if value is not None}
    os.makedirs(os.path.dirname(file), exist_ok=True)
    write_whole(file, (json.dumps(said, indent=2, ensure_ascii=True) + "\n").encode(), 0o666)
    return file


def _what(config: Config) -> dict[str, Any]:
    """What is run: a script, a command or a notebook."""
    from jupyter_mlws.sdk.notebook import NotebookRunConfig

    if not isinstance(config, NotebookRunConfig):
        if config.script is None:
            return {"command": config.command}
        return {"script": config.script, "arguments": [_plain(word) for word in config.arguments]}
    said = {name: getattr(config, name) for name in _OF_A_NOTEBOOK}
    try:
        json.dumps(said, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "A value of a parameter is none that JSON has, such as NaN.", hint="Give it when you submit: -p"
        ) from error
    return {"notebook": config.notebook, **{name: value for name, value in said.items() if value}}


def _environment(config: Config) -> str:
    """Its name: what an environment is made of belongs to the workspace."""
    wanted = config.environment or "kernel"
    if isinstance(wanted, str):
        return wanted
    if wanted.version is None:
        raise UsageError(
            f"The environment {wanted.name} is not registered, and a file can only name it.",
            hint="Register it first: env.register(ws)",
        )
    return wanted.id


def _plain(word: object) -> object:
    """A number or text as it is, anything else as the text that it is passed on as."""
    if isinstance(word, bool) or type(word) not in (str, int, float):
        return str(word)
    return word if word == word and word not in (float("inf"), float("-inf")) else str(word)


def _refuse_secrets(config: Config) -> None:
    named = masked_options(mask(_words(config)))
    if named:
        raise UsageError(
            f"The value of {named[0]} looks like a secret, and would be written into a file.",
            hint="Let the script read it from a variable, and name that: secrets=['MY_TOKEN'].",
        )
    for name, value in config.environment_variables.items():
        if is_secret_variable(name, value):
            raise UsageError(
                f"The variable {name} looks like a secret, and its value would be written into a file.",
                hint=f"Name it as one: secrets=[{name!r}], and set it where you submit.",
            )


def _words(config: Config) -> list[str]:
    command = getattr(config, "command", None)
    if command is None:
        return [str(word) for word in getattr(config, "arguments", ())]
    if not isinstance(command, str):
        return list(command)
    try:
        return shlex.split(command)
    except ValueError:  # a quote that is not closed: the shell will say so
        return command.split()


# -- reading


def load(path: Path, name: str | None) -> tuple[str, dict[str, Any]]:
    """The file of a saved configuration, and its facts by the names of the parameters of its class."""
    file = _chosen(os.fspath(path), name)
    said = _read(file)
    _check_format(file, said)
    for key, value in said.items():
        if key not in _TYPES:
            near = difflib.get_close_matches(key, _TYPES, 1)
            hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(_TYPES)}."
            raise InvalidInput(f"{file} has the unknown key {key[:80]!r}.", hint=hint)
        told, fits = _TYPES[key]
        if not fits(value):
            raise InvalidInput(f"{file}: {key} must be {told}.", hint="Mend it there, or save it anew.")
    if sum(key in said for key in _KINDS) != 1:
        raise InvalidInput(f"{file} must have one of the keys {', '.join(_KINDS)}.", hint="Write one of them.")
    strange = [key for key in _OF_A_NOTEBOOK if key in said and "notebook" not in said]
    strange += [key for key in ("arguments",) if key in said and "notebook" in said]
    if strange:
        kind = "script" if "notebook" in said else "notebook"
        raise InvalidInput(f"{file}: {strange[0]} is for a {kind}, and the file has none.", hint="Remove it there.")
    folder = os.path.normpath(os.path.join(os.path.dirname(file), os.pardir, said.pop("source_directory", os.curdir)))
    if not os.path.isdir(folder):
        raise InvalidInput(f"{file}: source_directory leads to {folder}, where no folder is.", hint="Mend it there.")
    return file, {"source_directory": folder, **said}


def load_any(path: Path, name: str | None = None) -> Config:
    """A saved configuration of a script, or of a notebook; see `ScriptRunConfig.load`."""
    from jupyter_mlws.sdk.notebook import NotebookRunConfig
    from jupyter_mlws.sdk.script import ScriptRunConfig

    file, facts = load(path, name)
    try:
        return NotebookRunConfig(**facts) if "notebook" in facts else ScriptRunConfig(**facts)
    except InvalidInput as error:
        raise InvalidInput(f"{file}: {error.message}", hint=error.hint) from error


def _chosen(path: str, name: str | None) -> str:
    if name is None and os.path.isfile(path):
        return path
    known = names(path)
    if name is None:
        if len(known) != 1:
            raise _not_found("no run configuration" if not known else "more than one run configuration", path, known)
        return _file(path, known[0])
    _check_name(name)
    if name not in known:
        raise _not_found(f"no run configuration {name!r}", path, known, name)
    return _file(path, name)


def _not_found(what: str, path: str, known: list[str], name: str = "") -> NotFound:
    near = difflib.get_close_matches(name, known, 1)
    listed = f"There are {', '.join(known)}." if known else "Save one: ScriptRunConfig(...).save('train')."
    return NotFound(f"There is {what} in {path!r}.", hint=f"Did you mean {near[0]}?" if near else listed)


def _read(file: str) -> dict[str, Any]:
    try:
        with open(file, "rb") as stream:
            data = stream.read(_MAX_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read ({error.strerror}).") from error
    if len(data) > _MAX_BYTES:
        raise TooLarge(f"{file} has more than {_MAX_BYTES:,} bytes, and is no run configuration.")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for key, _ in pairs if sum(key == other for other, _ in pairs) > 1)
            raise InvalidInput(f"{file} has the key {twice[:80]!r} twice.", hint="Keep one of them.")
        return found

    def refuse(word: str) -> NoReturn:
        raise InvalidInput(f"{file}: {word} is no JSON.", hint="Write it as a text.")

    try:
        said = json.loads(data.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{file} is no valid JSON: {error.msg} in line {error.lineno}, column {error.colno}.", hint="Mend it there."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{file} is no JSON text.", hint="Save the configuration anew.") from error
    if not isinstance(said, dict):
        raise InvalidInput(f"{file} is no JSON object.", hint="Save the configuration anew.")
    return said


def _check_format(file: str, said: dict[str, Any]) -> None:
    version = said.pop("format", None)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise InvalidInput(f"{file} does not say its format.", hint=f'Write "format": {FORMAT} into it.')
    if version > FORMAT:
        raise InvalidInput(
            f"{file} has format {version}, which a newer version of jupyter-mlws has written.",
            hint="Update jupyter-mlws.",
        )


# -- the files


def names(path: Path) -> list[str]:
    """Names of the configurations in a folder."""
    try:
        found = os.listdir(os.path.join(path, _FOLDER))
    except (FileNotFoundError, NotADirectoryError):
        return []
    cut = [name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)]
    return sorted(name for name in cut if _NAME.fullmatch(name))


def delete(path: Path, name: str) -> None:
    """Remove a configuration."""
    _check_name(name)
    try:
        os.unlink(_file(os.fspath(path), name))
    except FileNotFoundError:
        raise _not_found(f"no run configuration {name!r}", os.fspath(path), names(path), name) from None


def _file(folder: str, name: str) -> str:
    return os.path.join(folder, _FOLDER, name + _SUFFIX)


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidName(
            f"{repr(name)[:60]} cannot be the name of a run configuration.",
            hint="Use letters, digits, _, - and ., starting with a letter or digit, at most 100 characters.",
        )
