"""The services in process keep every promise of the interface, also towards callers that pass nonsense."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import Operation, Upload, operations
from jupyter_mlws.errors import MlwsError

from .place import Place
from .suite import ApiSuite

EVERY = [operation for noun, protocol in NOUNS.items() for operation in operations(noun, protocol)]
NONSENSE: list[Any] = [
    None,
    [],
    {},
    ["a", "b"],
    True,
    0,
    1.5,
    b"1",
    object(),
    "x" * 1_000_000,
    "a\ud800",
    "a\0b",
    2**70,
]


class TestInProcess(ApiSuite):
    """`jupyter_mlws.services`."""


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.id)
def test_N14_every_argument_of_every_operation_refuses_what_it_is_not(place: Place, operation: Operation) -> None:
    place.submit()
    call = getattr(getattr(place.api, operation.noun), operation.name)
    for argument, hint in operation.types.items():
        for value in NONSENSE:
            if _fits(hint, value):
                continue
            with pytest.raises(MlwsError) as caught:
                call(**{**_harmless(operation), argument: value})
            assert 400 <= caught.value.status < 500, (argument, value)


@pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.id)
def test_a_missing_or_unknown_argument_is_the_callers_fault(place: Place, operation: Operation) -> None:
    call = getattr(getattr(place.api, operation.noun), operation.name)
    with pytest.raises(MlwsError) as caught:
        call(no_such_argument=1)
    assert caught.value.code == "invalid_input"


def _fits(hint: Any, value: Any) -> bool:
    if value is None:
        return "None" in str(hint)
    if type(value) is bool:
        return "bool" in str(hint)
    return type(value) is int and "int" in str(hint) and value < 2**63


def _harmless(operation: Operation) -> dict[str, Any]:
    known: dict[str, Any] = {"run": "1", "name": "a", "content": Upload(b""), "snapshot": "0" * 64, "since": 0}
    return {name: known.get(name, "a") for name in operation.types if name in known or name in operation.path_arguments}
