"""What goes into an image, without an engine: files, and programs that are led to its interpreter."""

from __future__ import annotations

import io
import os
import tarfile

import pytest

from jupyter_mlws.environments import image, packing
from jupyter_mlws.environments.building import Built
from jupyter_mlws.environments.hearing import Hearing
from jupyter_mlws.environments.probing import Platform
from jupyter_mlws.errors import InvalidInput, Unavailable


@pytest.fixture
def small(tmp_path):
    """An environment that is built, as far as files count."""
    for name, data in (
        ("pyvenv.cfg", b"home = /home/ada\n"),
        ("bin/python3.11", b""),
        ("bin/tool", b"#!/home/ada/env/bin/python\n"),
        ("lib/python3.11/site-packages/ada.py", b"x = 1\n" * 700),
        ("lib/python3.11/site-packages/__pycache__/ada.pyc", b"compiled"),
        ("lib/python3.11/site-packages/" + "long-" * 40 + "ä.txt", b""),
    ):
        path = tmp_path / "env" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (tmp_path / "env" / "lib64").symlink_to("lib")
    os.utime(tmp_path / "env/lib/python3.11/site-packages/ada.py", (1_000_000_000.9, 1_000_000_000.9))
    return Built(digest="x", folder=tmp_path / "env", python="3.11", size_bytes=0, built_at=0, used_at=0)


def _packing(built):
    platform = Platform(version=(3, 11, 7), libc="glibc", machine="x86_64", executable="/usr/bin/python3.11")
    return packing.Packing(built, platform)


def test_an_environment_is_packed_whole_and_with_the_interpreter_of_the_image(small):
    files = _packing(small)
    data = b"".join(files)
    assert files.sent_bytes == len(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        entries = {each.name.removeprefix("opt/mlws/env/"): each for each in tar}
        packages = "lib/python3.11/site-packages"
        expected = {"pyvenv.cfg", "lib64", "bin/python", "bin/python3", "bin/tool", f"{packages}/ada.py"}
        assert entries.keys() == expected | {f"{packages}/__pycache__/ada.pyc", f"{packages}/{'long-' * 40}ä.txt"}
        assert entries["bin/python"].linkname == "/usr/bin/python3.11"
        assert entries["lib64"].linkname == "lib"
        assert {each.uid for each in entries.values()} == {0}
        assert entries[f"{packages}/ada.py"].mtime == 1_000_000_000
        assert tar.extractfile(entries[f"{packages}/ada.py"]).read() == b"x = 1\n" * 700
        assert tar.extractfile(entries["bin/tool"]).read() == b"#!/opt/mlws/env/bin/python\n"
        assert b"home = /usr/bin\n" in tar.extractfile(entries["pyvenv.cfg"]).read()


def test_an_environment_that_is_taken_away_while_it_is_packed_is_one_sentence(small, monkeypatch):
    gone = small.folder / "lib" / "gone.py"
    monkeypatch.setattr(packing, "_files", lambda folder: iter([(gone, "lib/gone.py")]))
    with pytest.raises(Unavailable, match="The environment cannot be read"):
        b"".join(_packing(small))


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


def test_words_of_a_build_come_line_by_line_in_whatever_pieces_the_engine_sends_them():
    said: list[str] = []
    layers: list[str] = []
    hearing = Hearing(said.append, layers)
    hearing.hear({"stream": "Step 1/2 : FROM a"})
    hearing.hear({"stream": "\n"})
    hearing.hear({"stream": " ---> 0123456789ab\n"})
    hearing.hear({"stream": "Step 2/2 : RUN pip install six\nColl"})
    hearing.hear({"stream": "ecting six\n10%\r"})
    hearing.hear({"stream": "20%\r"})
    hearing.hear({"status": "Downloading", "progressDetail": {"current": 1}})
    hearing.hear({"stream": "Removing intermediate container 0123456789ab\nlast"})
    with pytest.raises(InvalidInput, match="returned a non-zero code"):
        hearing.hear({"error": "The command '/bin/sh -c pip' returned a non-zero code: 1"})
    assert said == ["Step 1/2 : FROM a", "Step 2/2 : RUN pip install six", "Collecting six", "10%", "20%", "last"]
    assert layers == ["", "0123456789ab"]
