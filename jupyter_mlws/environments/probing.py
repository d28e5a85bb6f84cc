"""Which Python an image has, and whether packages of this machine run there."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_mlws.containers.removing import PROBE, remove_later
from jupyter_mlws.errors import InvalidInput

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["Platform", "check_fit", "heard", "probe"]

_PROBE = (
    "import json,os,platform,sys;print(json.dumps(dict(version=list(sys.version_info[:3]),libc=platform.libc_ver()[0],"
    "machine=platform.machine(),executable=os.path.realpath(sys.executable))))"
)
_probed: dict[str, Platform] = {}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """The Python of an image.

    Attributes
    ----------
    executable : str
        Its real path inside.
    libc : str
        'glibc', else packages of this machine do not run there.
    """

    version: tuple[int, ...]
    libc: str
    machine: str
    executable: str


def probe(client: APIClient, image: str) -> Platform:
    """The Python of an image, asked once.

    Raises
    ------
    InvalidInput
        It has none with which the agent could run.
    """
    found = _probed.get(image)
    if found is None:
        found = _probed[image] = _ask(client, image)
    if found.version < (3, 10):
        version = ".".join(map(str, found.version))
        raise InvalidInput(f"The image has Python {version}, and the agent needs 3.10.", hint="Choose a later image.")
    return found


def _ask(client: APIClient, image: str) -> Platform:
    import docker.errors
    from docker.types import LogConfig

    made = client.create_container(
        image,
        ["-I", "-S", "-c", _PROBE],
        entrypoint=["python3"],
        labels={PROBE: "1"},
        host_config=client.create_host_config(
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            pids_limit=64,
            log_config=LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
        ),
    )["Id"]
    try:
        client.start(made)
        client.wait(made, timeout=60)
        return heard(client.logs(made, stdout=True, stderr=False))
    except docker.errors.APIError as error:
        if "executable file not found" not in str(error):
            raise
        raise _no_python() from error
    finally:
        remove_later(made)


def heard(said: bytes) -> Platform:
    """What an image says of its Python, where that is Python's answer; it may be anybody's image.

    Raises
    ------
    InvalidInput
        It is not.
    """
    try:
        facts = json.loads(said)
        version, words = facts["version"], [facts[name] for name in ("libc", "machine", "executable")]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _no_python() from error
    if not isinstance(version, list) or not all(type(each) is int for each in version):
        raise _no_python()
    if not all(isinstance(each, str) and each.isprintable() for each in words) or not words[2].startswith("/"):
        raise _no_python()
    return Platform(version=tuple(version), libc=words[0], machine=words[1], executable=words[2])


def _no_python() -> InvalidInput:
    return InvalidInput(
        "The image has no python3, with which the agent runs.", hint="Choose an image with Python 3.10 or later."
    )


def check_fit(platform: Platform, python: str) -> None:
    """Whether packages for this version of Python, installed on this machine, run there.

    Parameters
    ----------
    platform : Platform
    python : str
        '' where the packages bring their own.

    Raises
    ------
    InvalidInput
        They do not.
    """
    has, needs = ".".join(map(str, platform.version[:2])), ".".join(python.split(".")[:2])
    if needs and has != needs:
        raise InvalidInput(
            f"The base image has Python {has}, and the environment is locked for {needs}.",
            hint=f"Give the environment python={has!r}, or a base image with Python {needs}.",
        )
    if platform.libc != "glibc" or platform.machine != os.uname().machine:
        what = platform.libc or "no glibc"
        raise InvalidInput(
            f"The base image is another kind of system ({platform.machine}, {what}), where these packages do not run.",
            hint="Choose a base image of a usual Linux, such as python:…-slim.",
        )
