"""What a person types to name a model, to search for one, or to register one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from jupyter_mlws.domain import model as words
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.errors import InvalidInput, UsageError

if TYPE_CHECKING:
    from jupyter_mlws.api.interface import Api

__all__ = ["Labels", "find_model", "labels_text", "named_by_id", "registration", "texts"]

# Names of tags or properties with their values, names alone, or pairs.
Labels = Mapping[str, object] | Iterable[str | Sequence[str]]


def registration(
    model_name: str,
    *,
    run_id: str = "",
    model_path: str | None = None,
    tags: Mapping[str, object] | None = None,
    properties: Mapping[str, object] | None = None,
    description: str = "",
    model_framework: str = "",
    model_framework_version: str = "",
    child_paths: Sequence[str] | None = None,
    files: tuple[words.ModelFile, ...] = (),
) -> ModelRegistration:
    """The wish for a new version, from what a person types; a run's path is by default the model's name."""
    return ModelRegistration(
        name=model_name,
        run_id=run_id,
        path="" if files else (model_path or model_name).rstrip("/"),
        child_paths=tuple(path.strip("/") for path in child_paths or ()),
        files=files,
        tags=texts(tags or {}),
        properties=texts(properties or {}),
        description=description or "",
        framework=model_framework or "",
        framework_version=model_framework_version or "",
    )


def refuse_datasets(datasets: object) -> None:
    """Say what to do with the classic argument that nothing here can keep."""
    if datasets:
        raise UsageError(
            "A model is not registered with datasets: there are none in a workspace.",
            hint="Name the data that it was trained on in properties={'data': ...}.",
        )


def texts(labels: Mapping[str, object]) -> dict[str, str]:
    """Values as text; of a bare name ''."""
    return {key: "" if value is None else str(value) for key, value in labels.items()}


def labels_text(labels: Labels | None) -> str | None:
    """Tags or properties to search for, as the API takes them."""
    if labels is None:
        return None
    if isinstance(labels, str):
        labels = [labels]
    if isinstance(labels, Mapping):
        pairs = dict(labels)
    else:
        pairs = {}
        for label in labels:
            key, *value = (label,) if isinstance(label, str) else tuple(label)
            pairs[key] = value[0] if value else None
    return json.dumps({key: None if value is None else str(value) for key, value in pairs.items()})


def named_by_id(model_id: str, name: str | None) -> str:
    """The name in a model's id, which a name given beside it must not contradict; both as ``name:version``."""
    if name is not None and name != model_id.partition(":")[0]:
        raise UsageError(f"The id {model_id[:80]!r} is not of the model {name[:80]!r}.", hint="Give one of them.")
    return model_id


def find_model(api: Api, name: str | None, version: int | str | None, alias: str | None) -> words.Model:
    """The version that is meant by ``name``, ``name:3``, ``name@production``, and the rest."""
    if not name:
        raise UsageError("The model is not named.", hint="Model(ws, 'digits'), or Model(ws, tags={'stage': 'test'})")
    plain, at, named_alias = name.partition("@")
    plain, colon, number = plain.partition(":")
    if number == words.LATEST:
        number = "0"
    if (colon and not number.isdecimal()) or (at and not named_alias):
        raise InvalidInput(f"{name[:80]!r} names no version.", hint="Write digits, digits:3 or digits@production.")
    if len([1 for given in (version, alias, number, named_alias) if given not in (None, "")]) > 1:
        raise UsageError("The version is named more than once.", hint="Give a version or an alias.")
    if alias or named_alias:
        return api.models.get_by_alias(plain, alias or named_alias)
    if isinstance(version, str) and version.isdecimal():
        version = int(version)
    if isinstance(version, str) or (version is not None and version < 1):
        raise InvalidInput(
            f"A model has no version {version}.", hint="Versions count from 1; leave it out for the latest."
        )
    return api.models.get(plain, version or int(number or 0))
