"""Images that cannot be had, or not be used, and those that nobody waits for any more."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from jupyter_mlws.containers.references import HUB, host_of, parse_prefix, split_tag
from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.errors import InvalidInput
from jupyter_mlws.sdk.environment import Environment

_SAYS = {"version": [3, 11, 2], "libc": "glibc", "machine": "x86_64", "executable": "/usr/bin/python3"}


def _with_python(base, **facts):
    """A Dockerfile whose Python says of itself what the test wants."""
    script = f"#!/bin/sh\necho '{json.dumps({**_SAYS, **facts})}'\n"
    place = "/usr/bin/python3"
    code = f"import os; os.unlink({place!r}); open({place!r}, 'w').write({script!r}); os.chmod({place!r}, 0o755)"
    return f"FROM {base}\nRUN {json.dumps(['python3', '-c', code])}\n"


def _upon(boxes, name, text):
    path = boxes.project.parent / f"Dockerfile.{name}"
    path.write_text(text)
    Environment.from_dockerfile(name, path).register(boxes.ws)
    return boxes.submit("print(1)", environment=name)


def test_an_image_that_cannot_be_used_is_one_sentence(boxes, own_base, docker_engine):
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        made.addfile(tarfile.TarInfo("empty"))
    label = own_base.label.replace("=", " ")
    docker_engine.client.api.import_image_from_data(
        tar.getvalue(), repository=own_base.name.partition(":")[0], tag="empty", changes=[f"LABEL {label}"]
    )
    Environment.from_docker_image("empty", "mlws-tests/own:empty").register(boxes.ws)
    Environment.from_docker_image("far", "127.0.0.1:9/none:1").register(boxes.ws)
    runs = {
        "no python3": boxes.submit("print(1)", environment="empty"),
        "The image 127.0.0.1:9/none:1 is not on this machine. The registry 127.0.0.1:9 cannot be reached": boxes.submit(
            "print(1)", environment="far"
        ),
        "has Python 3.8.1, and the agent needs 3.10": _upon(
            boxes, "old", _with_python(own_base.name, version=[3, 8, 1])
        ),
        "The image cannot be built": _upon(boxes, "false", f"FROM {own_base.name}\nRUN echo some-words && false\n"),
        "the Dockerfile": _upon(boxes, "nonsense", "FROM\nNONSENSE\n"),
    }
    for words, run in runs.items():
        facts = boxes.end(run)
        assert facts["status"] == "Failed", facts
        assert words in f"{facts['error']['message']}", facts["error"]
    assert "some-words" in runs["The image cannot be built"].get_log("environment.log")
    assert boxes.containers() == []
    assert docker_engine.client.containers.list(all=True, filters={"label": own_base.label}) == []


@pytest.mark.parametrize(
    ("facts", "words"),
    [({"version": [3, 99, 1]}, "has Python 3.99, and the environment is locked"), ({"libc": ""}, "another kind of")],
)
def test_a_base_that_does_not_fit_is_one_sentence(boxes, own_base, docker_engine, facts, words):
    text = _with_python(own_base.name, **facts).encode()
    name = f"{own_base.name}-base"
    docker_engine.client.images.build(fileobj=io.BytesIO(text), tag=name, rm=True, forcerm=True)
    Environment.of_spec("misfit", EnvironmentSpec(base_image=name)).register(boxes.ws)
    _run, facts = boxes.run("print(1)", environment="misfit")
    assert words in facts["error"]["message"]


def test_a_canceled_build_leaves_nothing(boxes, own_base, docker_engine):
    run = _upon(boxes, "slow", f"FROM {own_base.name}\nRUN touch /one\nRUN sleep 600\n")
    boxes.wait(lambda: "sleep 600" in boxes.ws.get_run(run.id).record.waiting_for)
    run.cancel()
    assert boxes.end(run)["status"] == "Canceled"
    client, label = docker_engine.client, {"label": own_base.label}
    boxes.wait(lambda: client.containers.list(all=True, filters=label) == [])
    boxes.wait(lambda: len(client.images.list(all=True, filters=label)) == 1)


@pytest.mark.parametrize(
    ("reference", "host"),
    [
        ("python:3.11", HUB),
        ("team/image", HUB),
        ("index.docker.io/team/image", HUB),
        ("localhost/image", "localhost"),
        ("registry.example.org/team/image:1", "registry.example.org"),
        ("127.0.0.1:5000/image@sha256:" + "0" * 64, "127.0.0.1:5000"),
    ],
)
def test_the_registry_of_a_reference(reference, host):
    assert host_of(reference) == host


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("python", ("python", "latest")),
        ("host:5000/image", ("host:5000/image", "latest")),
        ("host:5000/image:1", ("host:5000/image", "1")),
        ("image:1@sha256:ab", ("image", "sha256:ab")),
    ],
)
def test_a_reference_names_one_image(reference, parts):
    assert split_tag(reference) == parts


@pytest.mark.parametrize("text", ["http://h.example:5000/team/", "h.example:5000/team"])
def test_a_registry_is_named_with_or_without_a_scheme(text):
    assert (parse_prefix(text, "It").text, parse_prefix(text, "It").host) == ("h.example:5000/team", "h.example:5000")


@pytest.mark.parametrize(
    "text", ["", "team", "ada:secret@h.example", "h.example/a b", "h.example/$(id)", "h.example/../x"]
)
def test_what_is_no_registry_is_refused(text):
    with pytest.raises(InvalidInput, match="MLWS_REGISTRY") as caught:
        parse_prefix(text, "MLWS_REGISTRY")
    assert "secret@" not in str(caught.value)
