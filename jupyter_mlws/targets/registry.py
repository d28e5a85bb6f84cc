"""Targets by name: those of this package and of plugins (entry points ``jupyter_mlws.targets``), loaded when wanted."""

from __future__ import annotations

import difflib
import logging
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from jupyter_mlws.domain.environment import KERNEL, Environment
from jupyter_mlws.errors import InvalidInput, Unavailable
from jupyter_mlws.targets.base import Target

__all__ = ["GROUP", "check_name", "check_ready", "check_takes", "get", "known", "no_kernel"]

GROUP = "jupyter_mlws.targets"
# Ours, for a checkout whose metadata nobody installed.
_OWN = {"local": "jupyter_mlws.targets.local:LocalTarget", "docker": "jupyter_mlws.targets.docker:DockerTarget"}
_log = logging.getLogger(__name__)


@cache
def _places() -> dict[str, str]:
    """Name → ``module:class``. Reading the entry points costs a walk over all metadata, so it is done once, at need."""
    found = {point.name: point.value for point in entry_points(group=GROUP)}
    return {**found, **_OWN}


def known() -> tuple[str, ...]:
    """Names of all targets, 'local' first."""
    return tuple(sorted(_places(), key=lambda name: (name != "local", name)))


def check_name(name: str) -> str:
    """`name` if there is such a target, else `InvalidInput` with the list and the nearest."""
    if name in _OWN or name in _places():
        return name
    near = difflib.get_close_matches(name, known(), 1)
    hint = f"Known: {', '.join(known())}." + (f" Did you mean {near[0]}?" if near else "")
    raise InvalidInput(f"There is no compute target {name!r}.", hint=hint, details={"known": list(known())})


def no_kernel(name: str) -> tuple[str, str]:
    """Sentence and way out for who wants a kernel's interpreter where images run."""
    return (
        f"The compute target {name} runs images, and the kernel's interpreter is in none.",
        "Name an environment: --env sklearn, or one of your own.",
    )


def check_ready(name: str, environment: str) -> None:
    """Raise the error that says why a run in this environment cannot be given to a target at the moment."""
    if name == "local":
        return
    target = get(name)
    if target.takes == "image" and environment == KERNEL:
        sentence, hint = no_kernel(name)
        raise InvalidInput(sentence, hint=hint)
    target.check()


def check_takes(name: str, environment: Environment) -> None:
    """Raise `InvalidInput` where an environment is of a kind that the target has no use for."""
    spec = environment.spec
    if spec.in_container and get(name).takes != "image":
        raise InvalidInput(
            f"{environment.id} is an image, and the compute target {name} starts its runs without containers.",
            hint="Submit it where containers run: compute_target='docker'.",
        )
    if spec.kind == "user_managed" and not spec.in_container and get(name).takes == "image":
        raise InvalidInput(
            f"{environment.id} is an interpreter of this machine, which no container has.",
            hint="Name an environment with packages, or with an image.",
        )


@cache
def get(name: str) -> Target:
    """The target of this name, one object for the process.

    Raises
    ------
    InvalidInput
        There is none.
    Unavailable
        A plugin provides it and cannot be loaded; the others go on working.
    """
    place = _OWN.get(name) or _places()[check_name(name)]
    module, _, attribute = place.partition(":")
    try:
        target: Target = getattr(import_module(module), attribute)()
    except Exception as error:
        _log.warning("The compute target %s cannot be loaded: %s: %s", name, type(error).__name__, error)
        raise Unavailable(
            f"The compute target {name!r} cannot be loaded ({type(error).__name__}: {error}).",
            hint=f"Reinstall the package that provides {module}.",
        ) from error
    return target
