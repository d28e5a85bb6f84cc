"""Images from private registries, and images of environments that a registry keeps."""

from __future__ import annotations

import base64
import json
import os
import signal
import time

import pytest
from docker_registry import PASSWORD, USER

from jupyter_mlws import workspace as room
from jupyter_mlws.dispatcher.client import ask
from jupyter_mlws.sdk.environment import Environment
from jupyter_mlws.services.vault import vault_of


@pytest.fixture
def private(boxes, registry, own_base):
    """The reference of an image that only its registry has."""
    reference = registry.put(own_base.name, "team/base:1")
    own_base.remove()
    Environment.from_docker_image("private", reference).register(boxes.ws)
    return reference


def _read(run):
    return run.get_log("environment.log")


def test_a_private_image_comes_with_the_credentials_of_the_vault(boxes, registry, private):
    _run, facts = boxes.run("print(1)", environment="private")
    assert facts["status"] == "Failed"
    message = facts["error"]["message"]
    assert f"mlws secrets set registry.{registry.host}" in message
    vault_of(boxes.ws.id).set(f"registry.{registry.host}", "only-a-password")
    _run, facts = boxes.run("print(1)", environment="private")
    assert "is not user:password" in facts["error"]["message"]
    assert "only-a-password" not in str(facts)
    vault_of(boxes.ws.id).set(f"registry.{registry.host}", f"{USER}:{PASSWORD}")
    run, facts = boxes.run("print(1)", environment="private")
    assert facts["status"] == "Completed", facts["error"]
    assert PASSWORD not in _read(run)


def test_a_private_image_comes_with_the_credentials_of_docker_login(boxes, registry, private, own_home):
    folder = own_home / ".docker"
    folder.mkdir()
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    _run, facts = boxes.run("print(1)", environment="private")
    assert facts["status"] == "Completed", facts["error"]


def test_a_dockerfile_may_stand_upon_a_private_image(boxes, registry, private, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {private}\nENV ADA=1\n")
    Environment.from_dockerfile("upon", tmp_path / "Dockerfile").register(boxes.ws)
    vault_of(boxes.ws.id).set(f"registry.{registry.host}", f"{USER}:{PASSWORD}")
    _run, facts = boxes.run("print(1)", environment="upon")
    assert facts["status"] == "Completed", facts["error"]


# -- what is built is kept in a registry


@pytest.fixture
def shared(boxes, own_base, monkeypatch):
    """Have what this test builds be its own."""
    room.stop_dispatcher(boxes.folder)
    monkeypatch.setenv("MLWS_DOCKER_BASE", own_base.name)
    return own_base


def test_an_image_is_built_by_one_engine_and_pulled_by_the_next(boxes, registry, shared, monkeypatch):
    monkeypatch.setenv("MLWS_REGISTRY", f"http://{registry.host}/team")
    vault_of(boxes.ws.id).set(f"registry.{registry.host}", f"{USER}:{PASSWORD}")
    first, facts = boxes.run("print(1)")
    assert facts["status"] == "Completed", facts["error"]
    assert f"The registry {registry.host} has it as sha256:" in _read(first)
    (image,) = shared.images()
    second, _ = boxes.run("print(2)")
    assert "Pushing" not in _read(second)
    shared.remove(image)
    third, facts = boxes.run("print(3)")
    assert facts["status"] == "Completed", facts["error"]
    said = _read(third)
    assert f"Pulling the image {registry.host}/team/mlws-environment@sha256:" in said
    assert "Building" not in said
    assert [each.id for each in shared.images()] == [image.id]


def test_what_a_registry_has_under_another_name_is_not_taken(boxes, registry, shared, monkeypatch):
    monkeypatch.setenv("MLWS_REGISTRY", registry.host)
    vault_of(boxes.ws.id).set(f"registry.{registry.host}", f"{USER}:{PASSWORD}")
    boxes.run("print(1)")
    (image,) = shared.images()
    (tag,) = {name.rpartition(":")[2] for name in image.tags}
    shared.remove(image)
    registry.put(shared.name, f"mlws-environment:{tag}")
    run, facts = boxes.run("print(2)")
    assert facts["status"] == "Completed", facts["error"]
    assert "is something else" in _read(run)
    assert "Image built" in _read(run)


@pytest.mark.parametrize("what", ["closed", "refused", "nonsense"])
def test_a_registry_that_cannot_be_used_keeps_no_run_from_starting(boxes, registry, shared, monkeypatch, what):
    address = {"closed": "127.0.0.1:9/x", "refused": registry.host, "nonsense": "ada:pw@host.example/x"}[what]
    monkeypatch.setenv("MLWS_REGISTRY", address)
    run, facts = boxes.run("print(1)")
    assert facts["status"] == "Completed", facts["error"]
    words = {"closed": "cannot be reached", "refused": "secrets set registry", "nonsense": "holds credentials"}[what]
    assert words in _read(run)


def test_a_workspace_makes_a_registry_of_its_own_that_ends_with_its_dispatcher_however_that_ends(
    boxes, shared, monkeypatch
):
    monkeypatch.setenv("MLWS_REGISTRY", "own")
    first, facts = boxes.run("print(1)")
    assert facts["status"] == "Completed", facts["error"]
    assert "has it as sha256:" in _read(first)
    (image,) = shared.images()
    host = next(tag for tag in image.tags if "/" in tag).partition("/")[0]
    assert _knocks(host) == 401
    os.kill(ask(boxes.folder, "status")["pid"], signal.SIGKILL)
    boxes.wait(lambda: _knocks(host) is None, 20)
    shared.remove(image)
    second, facts = boxes.run("print(2)")
    assert facts["status"] == "Completed", facts["error"]
    assert "Building" not in _read(second)


def _knocks(host):
    import urllib.error
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://{host}/v2/", timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


# -- given up


def test_a_run_that_waits_for_a_silent_registry_is_canceled_at_once(boxes, silent_registry):
    Environment.from_docker_image("silent", f"{silent_registry}/base:1").register(boxes.ws)
    run = boxes.submit("print(1)", environment="silent")
    boxes.wait(lambda: "Pulling" in boxes.ws.get_run(run.id).record.waiting_for)
    began = time.monotonic()
    run.cancel()
    assert boxes.end(run)["status"] == "Canceled"
    assert time.monotonic() - began < 10
