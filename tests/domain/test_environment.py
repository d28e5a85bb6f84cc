"""What an environment may say, and when two say the same."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.environment import (
    EnvironmentSpec,
    NewEnvironment,
    check_image,
    normal_requirement,
    package_name,
)
from jupyter_mlws.errors import InvalidInput, TooLarge


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("Scikit_Learn >= 1, <2", "scikit-learn<2,>=1"),
        ("zope.interface", "zope-interface"),
        ("Requests[Socks, security] (>=2)", "requests[security,socks]>=2"),
        ('uvloop ;  sys_platform  != "win32"', 'uvloop ; sys_platform != "win32"'),
        ("==1", "==1"),
    ],
)
def test_a_requirement_has_one_normal_way_to_be_written(written: str, normal: str) -> None:
    assert normal_requirement(written) == normal
    assert normal_requirement(normal) == normal


def test_order_and_spelling_make_no_other_environment() -> None:
    one = EnvironmentSpec(packages=("six", "Scikit_Learn>=1"), environment_variables={"A": "1", "B": "2"})
    two = EnvironmentSpec(packages=("scikit-learn >= 1", "six", "six"), environment_variables={"B": "2", "A": "1"})
    assert one.digest == two.digest
    assert one.digest != EnvironmentSpec(packages=("six",)).digest
    assert package_name("A_b>=1") == "a-b"


@pytest.mark.parametrize(
    "image", ["python:3.11-slim", "python", "localhost:5000/a/b_c:1", "a.b/c@sha256:" + "0" * 64, "team/image"]
)
def test_an_image_is_named_by_a_reference(image: str) -> None:
    assert check_image(image) == image


@pytest.mark.parametrize("image", ["", "-v", "a b", "python\nRUN x", "A", "a@sha256:1", "https://x/y", "a" * 600, 3])
def test_what_is_no_reference_of_an_image_is_refused(image: object) -> None:
    with pytest.raises(InvalidInput):
        check_image(image)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "other"},
        {"python": "2.7"},
        {"python": "3.11; rm"},
        {"packages": ("six\n--index-url x",)},
        {"packages": ("",)},
        {"environment_variables": {"MLWS_RUN_ID": "x"}},
        {"environment_variables": {"A=B": "x"}},
        {"channels": ("https://x",)},
        {"base_image": "a b"},
        {"dockerfile": "FROM x"},
        {"kind": "user_managed"},
        {"kind": "user_managed", "python": "/p", "packages": ("six",)},
        {"kind": "user_managed", "python": "/p", "base_image": "python"},
    ],
)
def test_what_makes_no_environment_is_refused(facts: dict) -> None:
    with pytest.raises(InvalidInput):
        EnvironmentSpec(**facts)


def test_too_many_packages_are_too_many() -> None:
    with pytest.raises(TooLarge):
        EnvironmentSpec(packages=("six",) * 1_001)


@pytest.mark.parametrize("python", ["3.7", "3.9.18"])
def test_a_python_that_runs_no_agent_is_refused_where_it_is_registered(python: str) -> None:
    with pytest.raises(InvalidInput, match=rf"Python {python} is too old"):
        NewEnvironment(name="old", spec=EnvironmentSpec(python=python))
    assert NewEnvironment(name="new", spec=EnvironmentSpec(python="3.10"))
