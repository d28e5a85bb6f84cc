"""What the runner of a notebook is told: values for its parameters, the kernel, the name of what it leaves."""

from __future__ import annotations

import difflib
import json
import os

from jupyter_mlws.domain.keys import looks_like_key
from jupyter_mlws.domain.masking import looks_secret
from jupyter_mlws.domain.names import MAX_PARAMS, MAX_TAG_KEY, MAX_TAG_VALUE, check_file_name, check_tags
from jupyter_mlws.domain.notebook import (
    code_cells,
    kernel_name_of,
    language_of,
    read_notebook,
    source_of,
    without_outputs,
)
from jupyter_mlws.domain.notebook_code import check_language
from jupyter_mlws.domain.notebook_parameters import (
    NotebookParameter,
    json_value,
    plain_python,
    read_parameters,
    text_of,
    value_of,
)
from jupyter_mlws.errors import InvalidInput, TooLarge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

__all__ = ["FORMAT", "NOTEBOOK", "WISH", "NotebookWish", "check_values", "make_wish", "values_of"]

FORMAT = 1
# Inputs of the run: the notebook as it was submitted, and what the runner is told.
NOTEBOOK = "notebook.ipynb"
WISH = "notebook.json"
# Longer ones are recorded by the notebook itself.
_LONGEST_DEFAULT = 200


class NotebookWish:
    """A notebook that is to be run.

    Attributes
    ----------
    notebook : dict
        Without outputs.
    language, kernel : str
        What its cells are written in, and the kernel that was asked for or that it is written for ('' for neither).
    params : dict of str to str
        Recorded with the run: what was given, and the defaults of what was not.
    said : dict
        What the runner reads as ``notebook.json``.
    """

    def __init__(self, notebook: dict[str, Any], params: dict[str, str], said: dict[str, Any]) -> None:
        self.notebook = notebook
        self.language = language_of(notebook)
        self.kernel: str = said["kernel"] or kernel_name_of(notebook)
        self.params = params
        self.said = said

    def sources(self) -> list[str]:
        """The cells of Python, without lines that are IPython's own; none where it is another language."""
        if self.language != "python":
            return []
        return [plain_python(source_of(cell)) for cell in code_cells(self.notebook)]

    def files(self) -> dict[str, bytes]:
        """The two inputs of the run by name."""
        return {
            NOTEBOOK: json.dumps(self.notebook, ensure_ascii=True, indent=1).encode(),
            WISH: json.dumps(self.said, ensure_ascii=True).encode(),
        }


def make_wish(
    text: str | bytes,
    name: str,
    given: Mapping[str, Any],
    *,
    as_text: bool = False,
    swept: Iterable[str] = (),
    kernel: str = "",
    output: str = "",
    environment: str = "kernel",
    returns: Sequence[str] = (),
) -> NotebookWish:
    """Understand a notebook and the values for its parameters.

    Parameters
    ----------
    text : str or bytes
        The notebook's JSON.
    name : str
        Of its file.
    given : mapping
        Values by parameter; texts of a command line where `as_text` is set, else JSON values.
    swept : iterable of str
        Names of parameters that differ from run to run.
    kernel : str
        Name of the kernel to use instead of the one that the notebook names.
    output : str
        Name of the notebook that is left below ``outputs/``; by default the notebook's own.
    environment : str
        'kernel' where the notebook's own kernel is meant, else the interpreter's of that environment.
    returns : sequence of str
        Variables of a Python notebook that come back when it has run.

    Raises
    ------
    InvalidInput
        It is no notebook, has nothing to run, or has no such parameter; or a value does not fit, or looks like a key,
        for what is given to a parameter is recorded.
    """
    notebook = without_outputs(read_notebook(text, name))
    if returns and language_of(notebook) != "python":
        raise InvalidInput(f"{name} is no notebook of Python, whose variables could come back.")
    if not code_cells(notebook):
        raise InvalidInput(f"{name} has no cell to run.", hint="Write some code, and submit it then.")
    known, tagged = read_parameters(notebook)
    if given or swept:
        check_language(language_of(notebook))
    by_name = {item.name: item for item in known}
    _check_names([*given, *swept], name, known, language_of(notebook), tagged=tagged)
    values = {key: _value(key, value, by_name.get(key), as_text) for key, value in given.items()}
    for key, value in values.items():
        _check_no_key(key, value)
    defaults = {item.name: text_of(item.default) for item in known if _is_recorded(item)} if tagged else {}
    defaults = dict(list(defaults.items())[: max(MAX_PARAMS - len(values), 0)])
    # What was typed is recorded as it was typed.
    params = {**defaults, **{key: _text(key, given[key] if as_text else value) for key, value in values.items()}}
    check_tags(params, "parameter", MAX_PARAMS)
    said = {
        "format": FORMAT,
        "document": name,
        "language": language_of(notebook),
        "output": _output(output or name),
        "kernel": kernel,
        "environment": environment,
        "values": values,
        "texts": {key: params[key] for key in values},
        "defaults": {key: text for key, text in defaults.items() if key not in values},
        "swept": list(swept),
        "returns": list(returns),
    }
    return NotebookWish(notebook, {key: text for key, text in params.items() if key not in set(swept)}, said)


def check_values(
    notebook: dict[str, Any], document: str, texts: Mapping[str, str], known: list[NotebookParameter], tagged: bool
) -> None:
    """Raise `InvalidInput` unless a notebook has parameters of these names, which can have these values."""
    check_language(language_of(notebook))
    _check_names(list(texts), document, known, language_of(notebook), tagged=tagged)
    types = {item.name: item.type for item in known}
    for name, text in texts.items():
        _check_no_key(name, value_of(text, types.get(name, ""), name))


def _check_no_key(name: str, value: Any) -> None:
    """Refuse what looks like a key: values are recorded with the run, and stand in the notebook that it leaves."""
    if _holds_key(name, value):
        raise InvalidInput(
            f"The parameter {name} looks like a key and would be stored with the run.",
            hint=f"Hand it over without recording it, as a secret (--secret {name}): the notebook finds it as an "
            "environment variable of that name.",
            details={"name": name},
        )


def _holds_key(name: str, value: Any) -> bool:
    """Whether a value looks like a key, or any part of it."""
    waiting = [(name, value)]
    while waiting:
        own, one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.items()
        elif isinstance(one, (list, tuple)):
            waiting += [(own, part) for part in one]
        elif looks_like_key(str(own), one):
            return True
    return False


def _output(name: str) -> str:
    found = check_file_name(name.replace(os.sep, "/").removeprefix("outputs/"))
    return found if found.endswith(".ipynb") else f"{found}.ipynb"


def _check_names(
    asked: list[str], document: str, known: list[NotebookParameter], language: str, *, tagged: bool
) -> None:
    """Refuse what no cell would take notice of, as far as the cells can be read."""
    names = [item.name for item in known]
    for name in asked:
        if not name.isidentifier():
            raise InvalidInput(f"{name[:80]!r} cannot be the name of a parameter.", hint="Give a name such as lr.")
        if name in names or (language != "python" and not (tagged and names)):
            continue
        near = difflib.get_close_matches(name, names, 1)
        if near:
            hint = f"Did you mean {near[0]}?"
        elif tagged:
            hint = f"Its cell tagged 'parameters' has {', '.join(names[:20]) or 'none'}."
        else:
            hint = f"Write {name} = ... in one of its cells, best in one with the tag 'parameters'."
        raise InvalidInput(f"{document} has no parameter {name[:80]}.", hint=hint, details={"known": names[:50]})


def _value(name: str, value: Any, declared: NotebookParameter | None, as_text: bool) -> Any:
    if as_text:
        return value_of(str(value), declared.type if declared is not None else "", name)
    try:
        return json_value(value)
    except (TypeError, RecursionError) as error:
        raise InvalidInput(
            f"The parameter {name} is of the type {type(value).__name__}, which no notebook can be given.",
            hint="Give a number, a text, true or false, or a list or dict of these.",
        ) from error


def _text(name: str, value: Any) -> str:
    text = text_of(value)
    if len(text) > MAX_TAG_VALUE:
        raise TooLarge(f"The parameter {name} has {len(text):,} characters.", hint=f"At most {MAX_TAG_VALUE:,}.")
    return text


def _is_recorded(item: NotebookParameter) -> bool:
    """Whether a default is worth recording, and no secret."""
    known = item.default is not None and len(text_of(item.default)) <= _LONGEST_DEFAULT
    is_secret = looks_secret(item.name) or _holds_key(item.name, item.default)
    return known and len(item.name) <= MAX_TAG_KEY and not is_secret


def values_of(said: Mapping[str, Any], params: Mapping[str, str], known: list[NotebookParameter]) -> dict[str, Any]:
    """The values to put into a notebook, by what was submitted and by the parameters of this run.

    Those of a run that is done again with others, or is one of a sweep, differ from what was submitted.
    """
    types = {item.name: item.type for item in known}
    found = {}
    for name in dict.fromkeys([*said["values"], *said["swept"], *said["defaults"], *types]):
        text = params.get(name)
        if text is None or text == said["defaults"].get(name):
            continue
        same = name in said["values"] and text == said["texts"][name]
        found[name] = said["values"][name] if same else value_of(text, types.get(name, ""), name)
    return found
