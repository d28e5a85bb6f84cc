"""One suite, three ways: in this process, over HTTP to a server's process, and from inside a job."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .suite import Ground, bodies, perform


@pytest.mark.parametrize("name", bodies())
@pytest.mark.parametrize("way", ["process", "http"])
def test_a_call_does_the_same_in_process_and_over_http(way: str, name: str, ground: Callable[[str], Ground]) -> None:
    said = perform(bodies()[name], ground(way))
    assert not said, said


@pytest.mark.parametrize("name", bodies())
def test_a_call_does_the_same_inside_a_job(name: str, job: dict[str, str]) -> None:
    assert not job[name], job[name]
