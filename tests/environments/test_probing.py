"""What an image says of its Python is somebody else's word."""

from __future__ import annotations

import json

import pytest

from jupyter_mlws.environments.probing import heard
from jupyter_mlws.errors import InvalidInput

TRUE = {"version": [3, 11, 9], "libc": "glibc", "machine": "x86_64", "executable": "/usr/local/bin/python3.11"}


def test_python_is_heard() -> None:
    assert heard(json.dumps(TRUE).encode()).version == (3, 11, 9)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"hello\n",
        b"[]",
        b"[" * 200_000,
        b"\xff\xfe",
        b"3",
        *(
            json.dumps(TRUE | other).encode()
            for other in (
                {"version": 3},
                {"version": ["3", "11"]},
                {"version": [True, 11]},
                {"version": None},
                {"executable": "/usr/bin/python3\ninclude-system-site-packages = true"},
                {"executable": "python3"},
                {"executable": ["/usr/bin/python3"]},
                {"libc": None},
            )
        ),
    ],
)
def test_anything_else_is_no_python(said: bytes) -> None:
    with pytest.raises(InvalidInput, match="has no python3"):
        heard(said)
