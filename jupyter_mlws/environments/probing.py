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

__all__ = ["Platform", "check_fit", "probe"]

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

    made = client.create_container(
        image,
        ["-I", "-S", "-c", _PROBE],
        entrypoint=["python3"],
        labels={PROBE: "1"},
        host_config=client.create_host_config(network_mode="none", cap_drop=["ALL"]),
    )["Id"]
    try:
        client.start(made)
        client.wait(made, timeout=60)
        facts = json.loads(client.logs(made, stdout=True, stderr=False))
        return Platform(
            version=tuple(facts["version"]),
            libc=str(facts["libc"]),
            machine=str(facts["machine"]),
            executable=str(facts["executable"]),
        )
    except (docker.errors.APIError, ValueError, KeyError) as error:
        if isinstance(error, docker.errors.APIError) and "executable file not found" not in str(error):
            raise
        raise InvalidInput(
            "The image has no python3, with which the agent runs.", hint="Choose an image with Python 3.10 or later."
        ) from error
    finally:
        remove_later(made)


def check_fit(platform: Platform, python: str) -> None:
    """Whether packages for this version of Python, installed on this machine, run there.

    Raises
    ------
    InvalidInput
        They do not.
    """
    has, needs = ".".join(map(str, platform.version[:2])), ".".join(python.split(".")[:2])
    if has != needs:
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
