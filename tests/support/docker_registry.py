"""Registries of images for tests: a real one that asks for a password, and one that takes calls and says nothing."""

from __future__ import annotations

import contextlib
import io
import re
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from needs import program

from jupyter_mlws.containers.own import _sealed

USER, PASSWORD = "ada", "correct-horse-of-ada"
_CONFIGURATION = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}
http: {{addr: "127.0.0.1:{port}"}}
auth: {{htpasswd: {{realm: test, path: {folder}/passwords}}}}
"""


class Registry:
    """``docker-registry`` on a free port.

    Attributes
    ----------
    host : str
        Its address, with the port.
    """

    def __init__(self, folder: Path, docker: Any) -> None:
        self._folder = folder
        self._docker = docker
        self._process: subprocess.Popen[bytes] | None = None
        self.host = ""
        folder.mkdir()
        (folder / "passwords").write_text(f"{USER}:{_sealed(PASSWORD)}\n")
        self.start()

    def start(self) -> None:
        """Start it, on the port that it had."""
        port = self.host.rpartition(":")[2] or 0
        (self._folder / "config.yml").write_text(_CONFIGURATION.format(folder=self._folder, port=port))
        log = self._folder / "log"
        with log.open("wb") as words:
            self._process = subprocess.Popen(
                ["docker-registry", "serve", str(self._folder / "config.yml")], stdout=words, stderr=words
            )
        until = time.monotonic() + 30
        while not (found := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text())):
            assert time.monotonic() < until, log.read_text()
            assert self._process.poll() is None, log.read_text()
            time.sleep(0.02)
        self.host = found[1]

    def stop(self) -> None:
        """End it; what it keeps stays."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def put(self, image: str, name: str) -> str:
        """Push an image of the engine under a name, as the user who may; returns its reference."""
        api = self._docker.client.api
        reference = f"{self.host}/{name}"
        api.tag(image, reference.rpartition(":")[0], name.rpartition(":")[2])
        keys = {"username": USER, "password": PASSWORD}
        said = list(api.push(reference, auth_config=keys, stream=True, decode=True))
        assert not [line for line in said if "error" in line], said
        return reference

    def names(self) -> set[str]:
        """Repositories and tags that it keeps."""
        tags = (self._folder / "data").glob("docker/registry/v2/repositories/**/_manifests/tags/*")
        return {f"{path.parents[2].name}:{path.name}" for path in tags}

    def close(self) -> None:
        self.stop()
        forget(self._docker, self.host)


def forget(docker: Any, host: str) -> None:
    """Remove from the engine what has the name of a registry."""
    for image in docker.client.images.list():
        for name in (*image.attrs.get("RepoTags", []), *image.attrs.get("RepoDigests", [])):
            if name.startswith(f"{host}/"):
                with contextlib.suppress(Exception):
                    docker.client.api.remove_image(name, force=True)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory, docker_engine: Any) -> Iterator[Registry]:
    """One for all tests, so that the layers of the base are sent once."""
    program("docker-registry", "images are sent to it")
    found = Registry(tmp_path_factory.mktemp("registry") / "of", docker_engine)
    try:
        yield found
    finally:
        found.close()


@pytest.fixture
def silent_registry() -> Iterator[str]:
    """The address of one that takes calls and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class OwnBase:
    """A base image that no other test has: what is made upon it is this test's alone.

    Attributes
    ----------
    name : str
        Its reference.
    label : str
        Of it, and of all that is made of it.
    """

    def __init__(self, docker: Any, upon: str) -> None:
        word = uuid.uuid4().hex
        self._docker = docker
        self.name, self.label = f"mlws-tests/own:{word}", f"mlws-tests={word}"
        key, _, value = self.label.partition("=")
        text = f"FROM {upon}\nLABEL {key}={value}\n".encode()
        docker.client.images.build(fileobj=io.BytesIO(text), tag=self.name, rm=True, forcerm=True)

    def images(self) -> list[Any]:
        """The images of environments that were made of it."""
        found = self._docker.client.images.list("mlws-environment", filters={"label": self.label})
        return list(found)

    def remove(self, *images: Any) -> None:
        """Have the engine forget images; by default all that were made of it."""
        for image in images or self._docker.client.images.list(filters={"label": self.label}):
            with contextlib.suppress(Exception):
                self._docker.client.images.remove(image.id, force=True)


@pytest.fixture
def own_base(docker_engine: Any, base_image: str) -> Iterator[OwnBase]:
    found = OwnBase(docker_engine, base_image)
    try:
        yield found
    finally:
        for _ in range(3):  # an image goes after those that stand upon it
            found.remove()
