"""What goes into an image, without an engine: the Dockerfile, and programs that are led to its interpreter."""

from __future__ import annotations

import pytest

from jupyter_mlws.environments import image, packing
from jupyter_mlws.errors import InvalidInput

BASE = "sha256:" + "a" * 64


def test_nothing_of_a_persons_text_is_in_the_dockerfile():
    lines = packing.render(BASE).splitlines()
    assert lines[0] == "FROM " + "a" * 64
    assert [line.split()[0] for line in lines] == ["FROM", "COPY", "RUN", "ENV"]


@pytest.mark.parametrize(
    "text",
    ["python\nRUN evil", "python:3.11 AS x", "$BASE", "--platform=x python", "../up", "a@sha256:12", "p`id`", ""],
)
def test_K05_a_base_that_is_no_reference_is_refused(monkeypatch, text):
    monkeypatch.setenv("MLWS_DOCKER_BASE", text)
    if text:
        with pytest.raises(InvalidInput):
            image.default_base("3.11")
    else:
        assert image.default_base("3.11.9") == "python:3.11-slim"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"#!/home/ada/.cache/env/bin/python\nimport x\n", b"#!/opt/mlws/env/bin/python\nimport x\n"),
        (
            b"#!/bin/sh\n'''exec' /a/b/bin/python \"$0\" \"$@\"\n' '''\nimport x\n",
            b"#!/opt/mlws/env/bin/python\nimport x\n",
        ),
        (b"#!/bin/sh\necho hi\n", b"#!/bin/sh\necho hi\n"),
        (b"\x7fELF\x00python\n", b"\x7fELF\x00python\n"),
    ],
)
def test_programs_are_led_to_the_interpreter_of_the_image(before, after):
    assert packing._script(before) == after
