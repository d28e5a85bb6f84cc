"""Groups of commands that do what their bare name asks for, and help that names values as the documentation does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

__all__ = ["Lists", "ShowsRun", "name_values"]


class Lists(TyperGroup):
    """A group that lists where no command is named: ``mlws models`` and ``mlws models --json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        bare = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        # Tab asks what could follow: all the commands.
        return super().parse_args(ctx, ["list", *args] if bare and not ctx.resilient_parsing else args)


class ShowsRun(TyperGroup):
    """A group that shows a run where only its number is named: ``mlws run 12``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        numbered = bool(args) and args[0].removeprefix("#").isdecimal()
        return super().parse_args(ctx, ["show", *args] if numbered else args)


def name_values(group: Any) -> None:
    """Let the help of all commands say ``LIMIT`` and ``NAME`` where typer would say types, and nothing at flags."""
    for command in _all(group):
        for parameter in command.get_params(typer.Context(command)):
            if parameter.metavar is None:
                is_flag = getattr(parameter, "is_flag", False)
                parameter.metavar = "" if is_flag else parameter.name.upper().replace("_", "-")


def _all(group: Any) -> Iterator[Any]:
    yield group
    for command in getattr(group, "commands", {}).values():
        yield from _all(command)
