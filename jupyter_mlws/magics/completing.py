"""What Tab offers on the lines of the magics. Nothing is made or started for it, and no failure is shown."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

from jupyter_mlws.domain.environment import CURATED, KERNEL
from jupyter_mlws.domain.literals import literal_assignments
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.magics.defaults import environment_names
from jupyter_mlws.magics.grammar import CARD, CARDS, DEFAULTS, option_named, option_names
from jupyter_mlws.magics.words import split

if TYPE_CHECKING:
    from jupyter_mlws.domain.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["Offer", "complete", "register"]

_LINE = re.compile(r"\s*(?:[\w.,\s]+=\s*)?(%%?)(submit|track|runs|mlws)\s(.*)", re.DOTALL)
# Of runs, the newest; and of everything else so many that a person still reads them.
_MOST = 50
_PLAIN = (bool, int, float, str)
# What a filter of runs may name; see docs/filters.md.
_FIELDS = (
    "status", "number", "experiment", "name", "kind", "user", "host", "document", "compute_target", "environment",
    "created_at", "started_at", "ended_at", "duration_s", "child_count",
)  # fmt: skip


@dataclass(frozen=True)
class Offer:
    """What may stand in place of the last `fragment` of a line."""

    fragment: str
    texts: tuple[str, ...] = ()


def register(shell: Any) -> None:
    """Let a shell ask for completions; shells without IPython's newer interface complete options and environments."""
    completer = getattr(shell, "Completer", None)
    matchers = getattr(completer, "custom_matchers", None)
    if matchers is None:
        shell.set_hook("complete_command", _hook, re_key=re.compile(r"%%?(?:submit|track|runs|mlws)\b"))
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier="jupyter_mlws", priority=200)  # type: ignore[untyped-decorator, unused-ignore]
    def matcher(context: Any) -> dict[str, Any]:
        before = context.full_text.split("\n")[: context.cursor_line + 1]
        line = before[-1][: context.cursor_position] if before else ""
        found = complete(line, context.full_text, shell.user_ns, is_first=not "".join(before[:-1]).strip())
        if found is None:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(text=text, type="magic") for text in found.texts],
            "matched_fragment": found.fragment,
            "suppress": bool(found.texts),
            "ordered": True,
        }

    matchers[:] = [known for known in matchers if getattr(known, "matcher_identifier", "") != "jupyter_mlws"]
    matchers.append(matcher)


def _hook(shell: Any, event: Any) -> list[str]:
    found = complete(getattr(event, "text_until_cursor", ""), "", shell.user_ns)
    if found is None:
        return []
    # What IPython replaces is the last word that it knows, and that begins after ':' and '@' as well.
    skipped = max(0, len(found.fragment) - len(event.symbol or ""))
    return [text[skipped:] for text in found.texts]


def complete(line: str, cell: str, names: Mapping[str, Any], *, is_first: bool = True) -> Offer | None:
    """What may follow.

    Parameters
    ----------
    line : str
        The line up to the cursor.
    cell : str
        All of the cell.
    names : mapping
        The notebook's namespace.
    is_first : bool
        Whether the line is the cell's first, where alone a cell magic has a meaning.

    Returns
    -------
    Offer or None
        None on a line that is none of ours.
    """
    found = _LINE.fullmatch(line)
    if found is None or (found[1] == "%%" and not is_first):
        return None
    try:
        return _offered(found[1] + found[2], found[3], _Known(cell, names))
    except (MlwsError, OSError):
        return Offer("")  # the command itself says what is wrong


def _offered(magic: str, rest: str, known: _Known) -> Offer:
    current = re.split(r"\s", rest)[-1]
    words = split(rest[: len(rest) - len(current)])
    if magic == "%runs":
        return _matching(current.rpartition("(")[2], [*known.runs, *known.fields])
    if magic == "%mlws":
        return _command(words, current, known)
    option, count = _open_option(words)
    if current.startswith("-"):
        name, equals, value = current.partition("=")
        if equals:
            return _value(name, value, known)
        return _matching(current, option_names(tracking=magic == "%%track"))
    if option and (count == 0 or "=" in current or _repeats(option)):
        offer = _value(option, current, known)
        if offer.texts or count == 0:
            return offer
    if magic == "%submit":
        return _files(current)
    return _matching(current, known.experiments)


def _open_option(words: list[str]) -> tuple[str, int]:
    """The option whose values the cursor may stand in, and how many it has; '' where it stands in none."""
    for at in range(len(words) - 1, -1, -1):
        option = option_named(words[at])
        if option is not None:
            count = len(words) - 1 - at
            return (words[at], count) if option.value and (count == 0 or option.greedy) else ("", 0)
    return "", 0


def _repeats(name: str) -> bool:
    option = option_named(name)
    return option is not None and option.greedy


def _value(name: str, text: str, known: _Known) -> Offer:
    """Values of an option; of a list with commas its last item."""
    option = option_named(name)
    source = _SOURCES.get(option.names[-1]) if option is not None else None
    if source is None:
        return Offer(text)
    fragment = text.rpartition(",")[2] if option is not None and "," in option.value else text
    return _matching(fragment.removeprefix("#"), source(known))


def _matching(fragment: str, texts: Iterable[str]) -> Offer:
    unique = dict.fromkeys(text for text in texts if text.startswith(fragment) and text != fragment)
    return Offer(fragment, tuple(islice(unique, _MOST)))


def _command(words: list[str], current: str, known: _Known) -> Offer:
    """``%mlws set compute=``, and commands of the command line."""
    if not words:
        return _matching(current, ["set", *_commands()])
    if words[0] != "set":
        return Offer(current)
    key, equals, value = current.partition("=")
    if not equals:
        return _matching(current, [f"{name}=" for name in (*DEFAULTS, CARD)])
    if key == CARD:
        return _matching(value, list(CARDS))
    return _value(f"--{key}", value, known) if key in DEFAULTS else Offer(value)


def _commands() -> list[str]:
    if find_spec("typer") is None or find_spec("jupyter_mlws.cli") is None:
        return []
    from typer.main import get_command

    from jupyter_mlws.cli.app import app

    return sorted(getattr(get_command(app), "commands", {}))


def _files(current: str) -> Offer:
    """Scripts, notebooks, and folders on the way to them."""
    folder, name = os.path.split(current)
    found = []
    with suppress(OSError), os.scandir(os.path.expanduser(folder) or ".") as entries:
        for entry in entries:
            if entry.name.startswith(".") or not entry.name.startswith(name):
                continue
            path = os.path.join(folder, entry.name)
            if entry.is_dir():
                found.append(path + os.sep)
            elif entry.name.endswith((".py", ".ipynb")):
                found.append(path)
    return Offer(current, tuple(sorted(found)[:_MOST]))


@dataclass
class _Known:
    """What the cell, the notebook and the workspace know; each is looked up when it is wanted."""

    cell: str
    names: Mapping[str, Any]

    @cached_property
    def workspace(self) -> Workspace | None:
        """The workspace, if there is one already."""
        from jupyter_mlws.sdk.workspace import Workspace

        if find_spec("jupyter_mlws.workspace") is not None:
            from jupyter_mlws import workspace as room
            from jupyter_mlws.domain.workspace import is_url

            place = room.find(None, document=os.getcwd())
            if not is_url(place) and not os.path.isfile(os.path.join(place, "workspace.json")):
                return None
        return Workspace.from_config()

    @cached_property
    def newest(self) -> tuple[Run, ...]:
        return tuple(self.workspace.api.runs.list(limit=_MOST).items) if self.workspace else ()

    @property
    def runs(self) -> list[str]:
        return [str(run.number) for run in self.newest]

    @property
    def experiments(self) -> list[str]:
        return [item.name for item in self.workspace.api.experiments.list(limit=200).items] if self.workspace else []

    @property
    def computes(self) -> list[str]:
        return [item.name for item in self.workspace.api.compute.list().items] if self.workspace else ["local"]

    @property
    def environments(self) -> list[str]:
        return environment_names() if self.workspace else sorted({KERNEL, *CURATED})

    @property
    def secrets(self) -> list[str]:
        return [item.name for item in self.workspace.api.secrets.list().items] if self.workspace else []

    @property
    def tags(self) -> list[str]:
        return [f"{key}={value}" if value else key for run in self.newest for key, value in run.tags.items()]

    @property
    def fields(self) -> list[str]:
        """What a filter may name: fixed fields, and the metrics, parameters and tags of the newest runs."""
        named = [f"metrics.{metric.name}" for run in self.newest for metric in run.metrics]
        named += [f"params.{name}" for run in self.newest for name in run.params]
        named += [f"tags.{name}" for run in self.newest for name in run.tags]
        return [*_FIELDS, *named]

    @property
    def parameters(self) -> list[str]:
        """Names with ``=``: first the literals that the cell sets, then plain values of the notebook that it reads."""
        body = self.cell.partition("\n")[2]
        with suppress(SyntaxError, ValueError):
            tree = ast.parse(body)
            own = [name for name, _ in literal_assignments(tree)]
            read = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
            plain = [name for name in read if type(self.names.get(name)) in _PLAIN]
            return [f"{name}=" for name in (*own, *plain)]
        # A cell that is being written, or has IPython's own syntax.
        return [f"{name}=" for name in re.findall(r"^([A-Za-z_]\w*) *= *[-+\w\"'.]", body, re.MULTILINE)]

    @property
    def held_runs(self) -> Iterator[str]:
        """Variables of the notebook that hold a run, then numbers of runs."""
        from jupyter_mlws.sdk.run import Run

        yield from (name for name, value in self.names.items() if isinstance(value, Run) and not name.startswith("_"))
        yield from self.runs

    @property
    def variables(self) -> list[str]:
        return [name for name in self.names if not name.startswith("_") and name not in ("In", "Out", "mlws")]


_SOURCES: dict[str, Callable[[_Known], Iterable[str]]] = {
    "--experiment": lambda known: known.experiments,
    "--compute": lambda known: known.computes,
    "--env": lambda known: known.environments,
    "--param": lambda known: known.parameters,
    "--sweep": lambda known: known.parameters,
    "--tag": lambda known: known.tags,
    "--secret": lambda known: known.secrets,
    "--after": lambda known: known.held_runs,
    "--capture": lambda known: ["auto", "code", "none", *known.variables],
    "--return": lambda known: ["auto", "none", *(name[:-1] for name in known.parameters)],
    "--snapshot": lambda known: ["auto", "none"],
}
