"""The image of a run in containers: whether it is on this machine, and can be another one by now."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlws.domain.environment import Environment
from jupyter_mlws.domain.reproducibility import Reason
from jupyter_mlws.errors import MlwsError

__all__ = ["reasons_of_image"]


def reasons_of_image(found: Environment) -> Iterator[Reason]:
    """What is known of the image of an environment; of a Dockerfile's nothing is looked for."""
    spec = found.spec
    if spec.base_image and not _is_here(spec.base_image):
        yield Reason(
            code="image_missing",
            sentence=f"The image {spec.base_image} of {found.id} is not on this machine, and has to be pulled.",
            hint=f"Where there is no network, carry it with docker save and docker load: {spec.base_image}",
        )
    if spec.dockerfile:
        yield Reason(
            code="not_locked",
            sentence=f"{found.id} is a Dockerfile: what it fetches when it is built is not locked.",
        )
    elif spec.base_image and "@sha256:" not in spec.base_image:
        yield Reason(
            code="not_locked",
            sentence=f"{found.id} names the image {spec.base_image} by its tag, which may be another image by now.",
            hint="Name it by its digest: image@sha256:...",
        )


def _is_here(reference: str) -> bool:
    """Whether the engine has an image; where there is no engine, that is what is told."""
    from jupyter_mlws.containers import engine

    try:
        with engine.answers():
            return bool(engine.connect().images(name=reference, quiet=True))
    except MlwsError:
        return True
