"""The environment of a run on a target that takes images."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jupyter_mlws.domain.environment import Environment
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.environments import image
from jupyter_mlws.environments.building import Built
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.services import handover
from jupyter_mlws.services.handover import Handover

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["Imaged", "imaged"]

# Of the submitter's variables what says how to speak and to count, and nothing of his machine.
_TRAVELS = re.compile(r"LANG|LANGUAGE|LC_[A-Z]+|TZ|(OMP|MKL|OPENBLAS|NUMEXPR|VECLIB)_[A-Z_]+|PYTHONHASHSEED", re.ASCII)


@dataclass(frozen=True)
class Imaged:
    """An image, and the variables that go with it."""

    image: str
    environment_variables: Mapping[str, str]

    def submission(self, submission: RunSubmission) -> RunSubmission:
        """What was submitted, as it is run in this image."""
        variables = {**self.environment_variables, **submission.environment_variables}
        return replace(submission, environment_variables=variables)

    def handover(self, found: Handover) -> Handover:
        """What was handed over at submit, without the variables of the submitter's machine."""
        return replace(found, environment=None)

    def variables(self, run_id: str) -> dict[str, str]:
        """Of the submitter's variables those that travel into an image."""
        found = handover.read(run_id)
        inherited = None if found is None else found.environment
        return {name: value for name, value in (inherited or {}).items() if _TRAVELS.fullmatch(name)}


def imaged(
    found: Environment,
    built: Callable[[], Built],
    say: Callable[[str], None],
    wanted: Callable[[], bool],
) -> Imaged:
    """The image of an environment: taken as it is, or made of what is built on this machine.

    Parameters
    ----------
    found : Environment
    built : callable
        Builds its packages.
    say, wanted : callable
        See `jupyter_mlws.environments.image.build`.
    """
    from jupyter_mlws.containers import engine

    spec = found.spec
    with engine.answers():
        client = engine.connect()
        if spec.kind == "user_managed":
            if not spec.base_image and not spec.dockerfile:
                raise InvalidInput(
                    f"{found.id} is an interpreter of this machine, which no container has.",
                    hint="Name an environment with packages, or with an image.",
                )
            made = _base(client, found, "", say, wanted)
            image.probe(client, made)
        else:
            packages = built()
            made = image.build(client, _base(client, found, packages.python, say, wanted), packages, say, wanted)
    return Imaged(made.id, spec.environment_variables)


def _base(
    client: APIClient, found: Environment, python: str, say: Callable[[str], None], wanted: Callable[[], bool]
) -> image.Image:
    if found.spec.dockerfile:
        return image.made_of(client, found.spec.dockerfile, say, wanted)
    return image.base_of(client, found.spec.base_image or image.default_base(python), say, wanted)
