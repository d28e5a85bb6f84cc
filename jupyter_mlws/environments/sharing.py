"""Images of environments between engines: kept in a registry, and had from there instead of being built again.

A registry only saves time: where it is out of reach, or does not let us in, the run's log says so and the image is
built here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_mlws.containers.pulling import Way, digest_of, pull, push
from jupyter_mlws.containers.references import Prefix
from jupyter_mlws.errors import CorruptData, MlwsError, StorageFull, TargetAway, Unavailable

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["LABEL", "REPOSITORY", "Image", "fetch", "inspect", "is_shared", "share"]

T = TypeVar("T")
REPOSITORY = "mlws-environment"
# Its value is the image's tag: what a registry gives under a name must have been made for that name.
LABEL = "org.jupyter.mlws.environment"
# A registry that says nothing for so long has nothing to say.
_PATIENCE_S = 20.0
# One that was out of reach keeps nobody waiting for a while.
_SPARED_S = 60.0
_out_of_reach: dict[str, float] = {}


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image that the engine has.

    Attributes
    ----------
    id : str
        Names its content.
    labels : dict
    digests : tuple of str
        By what names and digests registries have it.
    path : str
        ``PATH`` of its programs; '' where it says none.
    has_program : bool
        Whether it says what is run in it.
    """

    id: str
    labels: Mapping[str, str]
    digests: tuple[str, ...] = ()
    path: str = ""
    has_program: bool = False


def inspect(client: APIClient, reference: str) -> Image | None:
    """An image that the engine has; None if it has none of this name."""
    import docker.errors

    try:
        facts: dict[str, Any] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
    except docker.errors.ImageNotFound:
        return None
    config = facts.get("Config") or {}
    paths = [each.partition("=")[2] for each in config.get("Env") or () if each.startswith("PATH=")]
    return Image(
        id=facts["Id"],
        labels=config.get("Labels") or {},
        digests=tuple(facts.get("RepoDigests") or ()),
        path=paths[-1] if paths else "",
        has_program=bool(config.get("Cmd") or config.get("Entrypoint")),
    )


def is_shared(image: Image, registry: Prefix | None) -> bool:
    """Whether there is no registry, or it has the image."""
    return registry is None or any(each.startswith(f"{registry.text}/{REPOSITORY}@") for each in image.digests)


def fetch(client: APIClient, registry: Prefix, name: str, way: Way) -> Image | None:
    """The image of this name from the registry, by its digest; None where it has none, or is out of reach."""

    def work(patient: Way) -> Image | None:
        digest = digest_of(f"{registry.text}/{name}", patient)
        if digest is None:
            return None
        there = f"{registry.text}/{REPOSITORY}@{digest}"
        pull(there, patient)
        found, tag = inspect(client, there), name.partition(":")[2]
        if found is None or found.labels.get(LABEL) != tag:
            raise CorruptData(f"What the registry {registry.host} has as {name} is something else.")
        client.tag(found.id, REPOSITORY, tag)
        return found

    return _attempt(registry, way, "The image is built here", work)


def share(client: APIClient, registry: Prefix, name: str, image: Image, way: Way) -> None:
    """Have the registry keep the image."""

    def work(patient: Way) -> None:
        repository, tag = f"{registry.text}/{REPOSITORY}", name.partition(":")[2]
        client.tag(image.id, repository, tag)
        digest = push(f"{repository}:{tag}", patient)
        way.say(f"The registry {registry.host} has it as {digest}.")

    _attempt(registry, way, "The image is kept on this machine only", work)


def _attempt(registry: Prefix, way: Way, otherwise: str, work: Callable[[Way], T | None]) -> T | None:
    """Do it, or say what the registry refuses and go on without it."""
    if time.monotonic() < _out_of_reach.get(registry.text, 0.0):
        # Whoever came before us has just waited for it.
        way.say(f"{otherwise}: the registry {registry.host} was out of reach a moment ago.")
        return None
    try:
        return work(way.patient(_PATIENCE_S))
    except (TargetAway, StorageFull):
        raise
    except MlwsError as error:
        if isinstance(error, Unavailable):
            _out_of_reach[registry.text] = time.monotonic() + _SPARED_S
        way.say(f"{otherwise}. {error}")
        return None
