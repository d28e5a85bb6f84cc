"""A run's container: what it is made with, and how it is found again."""

from __future__ import annotations

import hashlib
import os
import pwd
import time
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlws.containers import engine
from jupyter_mlws.containers.removing import remove
from jupyter_mlws.runfolder import farside
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.places import runtime_place
from jupyter_mlws.targets.base import Ground
from jupyter_mlws.targets.docker.settings import DockerSettings

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["FOLDER", "RUN", "WORKSPACE", "create", "find", "name_of", "sweep"]

# Labels, by which people and programs know whose a container is.
WORKSPACE = "org.jupyter.mlws.workspace"
RUN = "org.jupyter.mlws.run"
FOLDER = "org.jupyter.mlws.folder"
OWNER = "org.jupyter.mlws.user"
_AGENT = "/opt/mlws/agent.zip"
# Processes, devices and sockets of the machine.
_OF_THE_MACHINE = ("/proc", "/sys", "/dev", "/run")
# Below these there is data nevertheless.
_DISKS = ("/dev/shm", "/run/media")  # noqa: S108 - only looked at
# So long an engine takes at most to end what it was at when it was lost: making a container, or removing one.
_NAME_IS_FREE_S = 20.0
_PAUSE_S = 0.1
_HOME = "/tmp"  # noqa: S108 - of the container: the one folder that anybody may write in every image


def name_of(folder: RunFolder) -> str:
    """The container's name: one run folder never has two of them."""
    return f"mlws-{hashlib.sha256(os.fsencode(folder.path)).hexdigest()[:32]}"


def create(
    client: APIClient, folder: RunFolder, run_id: str, ground: Ground, settings: DockerSettings, *, rootless: bool
) -> str:
    """A container that waits to be started, in the place of any that has its name; its id.

    The caller holds the run folder, so that nobody else needs what an engine, lost on the way, has made of it since.
    """
    import docker.errors

    until = time.monotonic() + _NAME_IS_FREE_S
    while True:
        try:
            return _create(client, folder, run_id, ground, settings, rootless=rootless)
        except docker.errors.APIError as error:
            taken = error.status_code == HTTPStatus.CONFLICT and "already in use" in str(error.explanation)
            if not taken or time.monotonic() > until:
                raise
        remove(name_of(folder))
        time.sleep(_PAUSE_S)


def _create(
    client: APIClient, folder: RunFolder, run_id: str, ground: Ground, settings: DockerSettings, *, rootless: bool
) -> str:
    # Whoever is root of a rootless engine's containers is the submitter outside.
    user = "0:0" if rootless else f"{os.getuid()}:{os.getgid()}"
    made = client.create_container(
        ground.image,
        # By the image's own interpreter; the script's is another matter.
        ["-I", "-S", _AGENT, str(folder.path)],
        entrypoint=["python3"],
        name=name_of(folder),
        user=user,
        stdin_open=True,
        detach=False,  # the input ends with the first who writes it: that is how the agent knows it whole
        working_dir=str(folder.path),
        environment={
            **ground.variables,
            **_variables(),
            RUN_FOLDER_VARIABLE: str(folder.path),
        },
        labels={
            WORKSPACE: str(folder.path.parent.parent),
            RUN: run_id,
            FOLDER: str(folder.path),
            OWNER: str(os.getuid()),
        },
        healthcheck={"test": ["NONE"]},
        host_config=client.create_host_config(**_limits(folder, ground, settings, rootless=rootless)),
    )
    return str(made["Id"])


def _variables() -> dict[str, str]:
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    # The image knows no such user: programs that ask who they are find it here.
    return {"HOME": _HOME, "USER": user, "LOGNAME": user}


def _limits(folder: RunFolder, ground: Ground, settings: DockerSettings, *, rootless: bool) -> dict[str, Any]:
    from docker.types import DeviceRequest, LogConfig, Ulimit

    memory = ground.memory_bytes or settings.memory_bytes
    cpus = ground.cpus or settings.cpus
    said: dict[str, Any] = {
        "mounts": _mounts(folder, ground),
        "network_mode": settings.network,
        "shm_size": settings.shm_bytes,
        "pids_limit": settings.pids,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
        "restart_policy": {"Name": "no"},
    }
    if not rootless and os.getuid() != 0:
        said["group_add"] = [str(group) for group in os.getgroups()]
    if engine.is_remapped(engine.address()):
        said["userns_mode"] = "host"  # else nobody inside is the submitter outside
    if memory:
        said.update(mem_limit=memory, memswap_limit=memory)
    if cpus:
        said["nano_cpus"] = int(cpus * 1e9)
    if ground.gpus:
        ids = [str(gpu) for gpu in ground.gpus]
        said["device_requests"] = [DeviceRequest(device_ids=ids, capabilities=[["gpu"]])]
    return said


def _mounts(folder: RunFolder, ground: Ground) -> list[Any]:
    """The run folder where it is, the agent, and the data: a path means the same inside and outside.

    As mounts, which are refused where the source is missing; the older binds would make it.
    """
    from docker.types import Mount

    here = str(folder.path)
    found = [
        Mount(target=here, source=here, type="bind"),
        Mount(target=_AGENT, source=str(farside.build_zip()), type="bind", read_only=True),
    ]
    paths = dict.fromkeys(os.path.normpath(path) for path in ground.data)
    found += [Mount(target=p, source=p, type="bind", read_only=True) for p in paths if _is_mountable(p, here)]
    return found


def _is_mountable(path: str, here: str) -> bool:
    """Whether data can be mounted without covering the run folder, or the image, or opening the machine.

    What it names may be somebody else's wish, whose run is done again here: the engine's socket is no data.
    """
    if not os.path.isabs(path):
        return False
    real = Path(path).resolve()
    holds = (here, engine.address().partition("://")[2], str(runtime_place()), *_OF_THE_MACHINE)
    if any(Path(each).resolve().is_relative_to(real) for each in holds):
        return False
    if any(real.is_relative_to(each) for each in _OF_THE_MACHINE) and not any(map(real.is_relative_to, _DISKS)):
        return False
    return real.is_dir() or real.is_file()


def sweep(client: APIClient, beside: RunFolder) -> None:
    """Remove what a dead dispatcher of this workspace has left: containers that do not run, of runs that are over."""
    import docker.errors

    filters = {
        "label": [f"{WORKSPACE}={beside.path.parent.parent}", f"{OWNER}={os.getuid()}"],
        "status": ["created", "exited", "dead"],
    }
    for each in client.containers(all=True, filters=filters):
        # As long as there is a folder somebody may still ask how it ended.
        if not os.path.exists((each.get("Labels") or {}).get(FOLDER, "/")):
            with suppress(docker.errors.APIError):
                client.remove_container(each["Id"], force=True, v=True)


def find(client: APIClient, folder: RunFolder, run_id: str) -> dict[str, Any] | None:
    """What the engine says of a run's container; None where it has none.

    One of a workspace that was moved meanwhile has the name and the label of the old place.
    """
    import docker.errors

    try:
        found: dict[str, Any] = client.inspect_container(name_of(folder))
    except docker.errors.NotFound:
        return _moved(client, run_id)
    return found


def _moved(client: APIClient, run_id: str) -> dict[str, Any] | None:
    import docker.errors

    for each in client.containers(all=True, filters={"label": f"{RUN}={run_id}"}):
        place = (each.get("Labels") or {}).get(FOLDER, "")
        if place and os.path.exists(place):
            continue  # of the original that this workspace is a copy of
        try:
            found: dict[str, Any] = client.inspect_container(each["Id"])
        except docker.errors.NotFound:
            continue
        return found
    return None
