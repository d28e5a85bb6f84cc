"""JSON of the words, both ways."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlws.api import codec, interface
from jupyter_mlws.api.routes import Download, Upload, operations
from jupyter_mlws.domain.child import RunEnd
from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.domain.file_submission import FileSubmission
from jupyter_mlws.domain.metric import MetricSummary
from jupyter_mlws.domain.model import ModelRegistration
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import RunSubmission, RunUpdate
from jupyter_mlws.domain.snapshot import ManifestEntry
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import InvalidInput, MlwsError

NOW = datetime(2026, 11, 21, 12, 30, 1, 250000, tzinfo=timezone.utc)
# Words whose fields obey a grammar: values that hold it.
_VALID = {
    "experiment": "digits",
    "name": "digits",
    "path": "outputs/a.txt",
    "digest": "0" * 64,
    "mode": 0o100644,
    "kind": "script",
    "directory": "/a",
    "rule": "auto",
    "command": ("python", "a.py"),
    "max_run_duration_s": 5.0,
    "working_directory": "a",
}
# Facts that go together: what a record of these types may not have all at once.
_FITTING: dict[object, dict[str, object]] = {
    ModelRegistration: {"path": "", "child_paths": ()},
    FileSubmission: {"kind": "script", "parameters": {}, "document": ""},
    EnvironmentSpec: {"kind": "system_managed", "python": "3.11", "dockerfile": ""},
    RunEnd: {"status": RunStatus.FAILED},
}


def wire_types() -> list[object]:
    found: dict[str, object] = {}
    for noun, protocol in {**interface.NOUNS, **interface.SERVER_NOUNS}.items():
        for operation in operations(noun, protocol):
            for kind in (operation.returns, operation.types.get(operation.body_argument or "")):
                if kind not in (None, Download, Upload):
                    found[str(kind)] = kind
    return list(found.values())


def example(kind: object, name: str = "") -> object:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    cls = origin or kind
    if dataclasses.is_dataclass(cls):
        hints, bound = (
            typing.get_type_hints(cls),
            dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False)),
        )
        values = {f.name: example(_bind(hints[f.name], bound), f.name) for f in dataclasses.fields(cls)}
        fits = {f: v for f, v in _VALID.items() if f in values and isinstance(values[f], type(v)) and f != "kind"}
        if values.get("kind") == "text":
            fits["kind"] = "script"
        return cls(**{**values, **fits, **_FITTING.get(cls, {})})
    if origin is tuple:
        return (example(arguments[0], name),)
    if origin is dict:
        return {"key": example(arguments[1], name)}
    if type(None) in arguments:
        return example(next(a for a in arguments if a is not type(None)), name)
    simple = {str: "text", int: 3, float: -math.inf, bool: True, datetime: NOW, typing.Any: {"any": [1.5, None]}}
    return simple[kind] if kind in simple else next(iter(kind))


def _bind(hint: object, bound: dict[object, object]) -> object:
    if typing.get_origin(hint) is tuple and typing.get_args(hint)[0] in bound:
        return tuple[bound[typing.get_args(hint)[0]], ...]
    return bound.get(hint, hint) if isinstance(hint, typing.TypeVar) else hint


@pytest.mark.parametrize("kind", wire_types(), ids=str)
def test_every_type_of_the_api_survives_the_wire(kind):
    value = example(kind)
    wire = codec.dumps(value)
    assert codec.decode(kind, wire, strict=True) == value
    json.loads(wire, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e308, 5e-324, -0.0])
def test_V01_V02_F17_numbers_survive_by_name(value):
    summary = MetricSummary(name="m", count=1, last=value, last_step=0, minimum=value, maximum=value, updated_at=NOW)
    back = codec.decode(MetricSummary, codec.dumps(summary)).last
    assert (
        math.isnan(back) if math.isnan(value) else (back == value and math.copysign(1, back) == math.copysign(1, value))
    )


def test_an_unknown_field_is_ignored_in_answers_and_refused_in_requests():
    body = {"experiment": "a", "command": ["x"], "status": "Completed"}
    assert codec.from_builtins(RunSubmission, body).experiment == "a"
    with pytest.raises(InvalidInput, match="no field 'status'"):
        codec.from_builtins(RunSubmission, body, strict=True)


@pytest.mark.parametrize("bad", [None, [], {}, True, 0, 1.5, ["a", "b"]], ids=repr)
def test_N14_a_value_of_the_wrong_kind_is_named(bad):
    with pytest.raises(InvalidInput, match="experiment"):
        codec.from_builtins(RunSubmission, {"experiment": bad, "command": ["x"]}, strict=True)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"NaN", b'{"a": Infinity}', b"\xff", b""], ids=repr)
def test_O05_a_body_that_is_no_json_is_refused(body):
    with pytest.raises(InvalidInput):
        codec.decode(RunUpdate, body)


def test_a_nested_error_says_where():
    with pytest.raises(InvalidInput, match=r"items\[1\]\.size_bytes must be a whole number"):
        codec.from_builtins(
            Page[ManifestEntry],
            {"items": [{"path": "a", "mode": 0o100644, "size_bytes": s, "digest": "0" * 64} for s in (1, "x")]},
        )


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_no_json_value_breaks_the_decoder(value):
    for kind in (RunSubmission, Page[MetricSummary], RunUpdate):
        try:
            codec.from_builtins(kind, value, strict=True)
        except MlwsError:
            continue
