"""The options of ``%%submit`` and ``%submit``: one table, one parser, answers with the nearest name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_mlws.domain.environment import split_reference
from jupyter_mlws.domain.names import check_experiment_name
from jupyter_mlws.errors import UsageError
from jupyter_mlws.magics import values
from jupyter_mlws.magics.words import expand, split

__all__ = [
    "CARD",
    "CARDS",
    "DEFAULTS",
    "OPTIONS",
    "Option",
    "Options",
    "check_default",
    "help_text",
    "option_named",
    "option_names",
    "parse_cell_line",
    "parse_file_line",
    "parse_track_line",
]

CAPTURE_LIMIT = 2 * 2**30


@dataclass(frozen=True)
class Options:
    """A magic's line, understood."""

    experiment: str | None = None
    compute: str = "local"
    environment: str = "kernel"
    params: Mapping[str, str] = field(default_factory=dict)
    sweep: tuple[dict[str, str], ...] = ()
    parallel: int | None = None
    bind: str | None = None
    name: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    capture: str = "auto"
    capture_limit: int = CAPTURE_LIMIT
    results: str = "auto"
    snapshot: str = "auto"
    data: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    gpus: int | None = None
    cpus: int | None = None
    memory: int | None = None
    timeout: float | None = None
    wait: bool = False
    after: tuple[str, ...] = ()
    replace: bool = False
    preview: bool = False
    quiet: bool = False
    help: bool = False
    defaults: tuple[str, ...] = ()
    file: str | None = None
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Option:
    """One option: its spellings, what its value is called ('' for none), how often it may come, and what it does."""

    names: tuple[str, ...]
    value: str
    text: str
    repeats: bool = False
    greedy: bool = False


OPTIONS = (
    Option(("-e", "--experiment"), "NAME", "experiment; default: the notebook's name"),
    Option(("-c", "--compute"), "TARGET", "where it runs; default: local"),
    Option(("-E", "--env"), "ENV", "environment; default: kernel, the notebook's own"),
    Option(
        ("-p", "--param"), "K=V ...", "replace the cell's literal, or the captured value, of K; recorded", True, True
    ),
    Option(("--sweep",), "K=1,2,3 ...", "a run for every combination; K=log(1e-4,1e-1,5)", True, True),
    Option(("--max",), "N", "allow a sweep of up to N runs; default: 100"),
    Option(("--parallel",), "N", "at most N runs of the sweep at a time"),
    Option(("--as",), "NAME", "bind the Run to NAME"),
    Option(("-n", "--name"), "TEXT", "name of the run"),
    Option(("-t", "--tag"), "K[=V]", "tag the run", True),
    Option(("--note",), "TEXT", "a note kept with the run"),
    Option(("--capture",), "auto|code|none|A,B,-C", "what travels of the notebook's variables"),
    Option(("--capture-limit",), "SIZE", "most that may travel; default: 2G"),
    Option(("--return",), "auto|none|A,B", "names that come back: run['A']"),
    Option(("--snapshot",), "auto|DIR|none", "files that travel"),
    Option(("--data",), "PATH ...", "data linked, read in place", True, True),
    Option(
        ("--secret",),
        "NAME ...",
        "hand over NAME (a variable, of the environment or the vault) without recording it",
        True,
        True,
    ),
    Option(("--env-var",), "K=V ...", "environment variable of the job, recorded", True, True),
    Option(("--gpus",), "N", "GPUs that the job needs"),
    Option(("--cpus",), "N", "processors that the job needs"),
    Option(("--memory",), "SIZE", "memory that the job needs"),
    Option(("--timeout",), "DURATION", "end the job after so long: 90s, 2h"),
    Option(("-w", "--wait"), "", "wait, show the log; a failed run raises"),
    Option(("--after",), "RUN[,RUN]", "start when another run has completed", True),
    Option(("--replace",), "", "cancel this cell's active run first"),
    Option(("--preview",), "", "show what would travel; submit nothing"),
    Option(("--quiet",), "", "show no card"),
    Option(("--help",), "", "this text"),
)
_BY_NAME = {name: option for option in OPTIONS for name in option.names}
# Of them, those that mean something for a cell that runs in the kernel itself.
_TRACKING = ("-e", "-p", "--as", "-n", "-t", "--note", "--snapshot", "--quiet", "--help")
# What a notebook may set for all its cells.
DEFAULTS = (
    "compute", "env", "experiment", "gpus", "cpus", "memory", "timeout",
    "snapshot", "capture", "capture-limit", "return",
)  # fmt: skip
# What else ``%mlws set`` sets: what a run is below its cell. 'lab' is drawn by our extension of JupyterLab and
# Notebook 7, 'widget' by whatever draws widgets, 'auto' is the one that the front end of the kernel can draw.
CARD = "card"
CARDS = ("auto", "lab", "widget")
_CELL = "%%submit [EXPERIMENT] [options]"
_TRACK = "%%track [EXPERIMENT] [options]"
_FILE = "%submit [options] FILE.py|FILE.ipynb [arguments]"


def option_names(*, tracking: bool = False) -> list[str]:
    """Every spelling of every option of ``%%submit``, or of ``%%track``, for completion."""
    return [name for name, option in _BY_NAME.items() if not tracking or option.names[0] in _TRACKING]


def option_named(word: str) -> Option | None:
    """The option of a spelling."""
    return _BY_NAME.get(word)


def help_text(*, tracking: bool = False) -> str:
    """What ``--help`` prints."""
    lines = [
        f"{_CELL}\n    run this cell as a tracked job",
        f"{_FILE}\n    run a script or notebook as a tracked job",
    ]
    if tracking:
        lines = [f"{_TRACK}\n    run this cell in this kernel, and track it"]
    lines.append("")
    for option in OPTIONS:
        if tracking and option.names[0] not in _TRACKING:
            continue
        head = f"  {', '.join(option.names)} {option.value}".rstrip()
        lines.append(f"{head:<36}  {option.text}" if len(head) <= 36 else f"{head}\n{'':<38}{option.text}")
    return "\n".join(lines)


def parse_cell_line(line: str, names: Mapping[str, Any], defaults: Mapping[str, str] | None = None) -> Options:
    """The options of ``%%submit``.

    Parameters
    ----------
    line : str
        What stands behind the magic's name.
    names : mapping
        The notebook's namespace, for ``$name`` and ``{expression}``.
    defaults : mapping, optional
        The notebook's own: texts by names of `DEFAULTS`.
    """
    return _build(_cell_options(line, names, _CELL), defaults or {})


def parse_track_line(line: str, names: Mapping[str, Any], defaults: Mapping[str, str] | None = None) -> Options:
    """The options of ``%%track``, which are some of those of ``%%submit``."""
    found = _cell_options(line, names, _TRACK)
    wrong = next((name for name in found if name not in _TRACKING), None)
    if wrong is not None:
        raise UsageError(
            f"%%track runs the cell in this kernel, so {_BY_NAME[wrong].names[-1]} has no meaning there.",
            hint="Leave it out, or run the cell as a job with %%submit.",
        )
    kept = {key: value for key, value in (defaults or {}).items() if _BY_NAME[f"--{key}"].names[0] in _TRACKING}
    return _build(found, kept)


def check_default(key: str, value: str) -> None:
    """Raise the error that every cell would raise that has this default."""
    _build({}, {key: value})


def _cell_options(line: str, names: Mapping[str, Any], form: str) -> dict[str, list[str]]:
    found, rest = _options(split(line), names, free=True)
    if len(rest) > 1:
        raise UsageError(
            f"{rest[1]!r} is one word too many.", hint=f"The line is {form}; put a value with spaces into quotes."
        )
    if rest:
        found.setdefault("-e", []).insert(0, expand(rest[0], names))
    return found


def parse_file_line(line: str, names: Mapping[str, Any], defaults: Mapping[str, str] | None = None) -> Options:
    """The options of ``%submit``: everything behind the file is the script's own, untouched but for the expansion."""
    found, rest = _options(split(line), names, free=False)
    options = _build(found, defaults or {})
    if not rest:
        if options.help:
            return options
        raise UsageError("Name the file to run.", hint=f"The line is {_FILE}")
    file, *arguments = (expand(word, names) for word in rest)
    return replace(options, file=file, arguments=tuple(arguments))


def _options(words: list[str], names: Mapping[str, Any], *, free: bool) -> tuple[dict[str, list[str]], list[str]]:
    """Values by an option's first spelling, and the words that are no options.

    With `free` options may stand behind those words, else the first of them ends the options. Nothing is expanded
    before the whole line is known to be understood.
    """
    found: dict[str, list[str]] = {}
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if not word.startswith("-") or word == "-":
            rest.append(word)
            if not free:
                return _expanded(found, names), [*rest, *words[at:]]
            continue
        option, value = _lookup(word)
        values_of = found.setdefault(option.names[0], [])
        if not option.value:
            if value is not None:
                raise UsageError(f"{option.names[-1]} takes no value.", hint=f"Leave out ={value}.")
        elif value is not None:
            values_of.append(value)
        else:
            at = _take(words, at, option, values_of)
    return _expanded(found, names), rest


def _expanded(found: dict[str, list[str]], names: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: [expand(value, names) for value in listed] for name, listed in found.items()}


def _lookup(word: str) -> tuple[Option, str | None]:
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    if name in _BY_NAME:
        return _BY_NAME[name], value if equals else None
    if not word.startswith("--") and word[:2] in _BY_NAME and _BY_NAME[word[:2]].value:
        return _BY_NAME[word[:2]], word[2:]  # -plr=0.1
    near = difflib.get_close_matches(name, _BY_NAME, 1, 0.5)
    raise UsageError(
        f"There is no option {name}.",
        hint=f"Did you mean {near[0]}?" if near else "%%submit --help lists them all.",
        details={"nearest": near},
    )


def _take(words: list[str], at: int, option: Option, values_of: list[str]) -> int:
    """Take the value behind an option; a greedy one also takes the values that follow."""
    if at >= len(words) or (words[at] in _BY_NAME and len(words[at]) > 1):
        raise UsageError(
            f"{option.names[-1]} needs a value.", hint=f"{option.names[-1]} {option.value}: {option.text}."
        )
    values_of.append(words[at])
    at += 1
    pairs = "=" in option.value  # then the experiment's name, which has none, may follow
    while option.greedy and at < len(words) and not words[at].startswith("-") and ("=" in words[at] or not pairs):
        values_of.append(words[at])
        at += 1
    return at


def _build(found: dict[str, list[str]], defaults: Mapping[str, str]) -> Options:
    for name, listed in found.items():
        if len(listed) > 1 and not _BY_NAME[name].repeats:
            spelled = _BY_NAME[name].names[-1]
            raise UsageError(f"{spelled} is given twice.", hint="Keep one of them.")
    taken = {key: value for key, value in defaults.items() if _BY_NAME[f"--{key}"].names[0] not in found}
    found = found | {_BY_NAME[f"--{key}"].names[0]: [value] for key, value in taken.items()}
    read = _Reader(found)
    options = Options(
        defaults=tuple(f"{key}={value}" for key, value in taken.items()),
        experiment=read.text("-e") or None,
        compute=read.text("-c") or "local",
        environment=read.text("-E") or "kernel",
        params=dict(values.assignment("--param", text) for text in found.get("-p", ())),
        sweep=values.grid([values.sweep_axis(text) for text in found.get("--sweep", ())], read.number("--max")),
        parallel=read.number("--parallel"),
        bind=read.text("--as") or None,
        name=read.text("-n"),
        tags=dict(_tag(text) for text in found.get("-t", ())),
        note=read.text("--note"),
        capture=read.text("--capture") or "auto",
        capture_limit=read.using("--capture-limit", values.size) or CAPTURE_LIMIT,
        results=read.text("--return") or "auto",
        snapshot=read.text("--snapshot") or "auto",
        data=tuple(part for text in found.get("--data", ()) for part in text.split(",")),
        secrets=tuple(part for text in found.get("--secret", ()) for part in text.split(",")),
        variables=dict(values.assignment("--env-var", text) for text in found.get("--env-var", ())),
        gpus=read.number("--gpus", 0),
        cpus=read.number("--cpus"),
        memory=read.using("--memory", values.size),
        timeout=read.using("--timeout", values.duration),
        wait="-w" in found,
        after=tuple(part for text in found.get("--after", ()) for part in text.split(",")),
        replace="--replace" in found,
        preview="--preview" in found,
        quiet="--quiet" in found,
        help="--help" in found,
    )
    return _checked(options)


def _checked(options: Options) -> Options:
    if options.experiment is not None:
        check_experiment_name(options.experiment)
    if options.bind is not None and not options.bind.isidentifier():
        raise UsageError(f"--as cannot be {options.bind!r}.", hint="Give a Python name, for example --as fit")
    both = sorted(set(options.params) & {key for child in options.sweep for key in child})
    if both:
        raise UsageError(f"{both[0]} is both a parameter and swept.", hint=f"Leave out -p {both[0]}.")
    split_reference(options.environment)
    return options


def _tag(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    if not key:
        raise UsageError(f"--tag cannot be {text!r}.", hint="For example -t baseline or -t stage=2")
    return key, value


class _Reader:
    """Single values of the options found."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        self._found = found

    def text(self, name: str) -> str:
        return self._found.get(name, [""])[0]

    def number(self, name: str, least: int = 1) -> int | None:
        listed = self._found.get(name)
        return values.count(_BY_NAME[name].names[-1], listed[0], least) if listed else None

    def using(self, name: str, read: Callable[[str, str], Any]) -> Any:
        listed = self._found.get(name)
        return read(_BY_NAME[name].names[-1], listed[0]) if listed else None
