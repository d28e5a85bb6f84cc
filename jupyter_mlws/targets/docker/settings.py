"""What whoever runs the machine has decided about containers: ``MLWS_DOCKER_*``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from jupyter_mlws.domain.sizes import parse_size
from jupyter_mlws.errors import InvalidInput

__all__ = ["DockerSettings"]

_NETWORKS = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]{0,100}", re.ASCII)
_DEFAULT_SLOTS = 2
_DEFAULT_SHM_BYTES = 1 << 30
_DEFAULT_PIDS = 4_096


@dataclass(frozen=True, kw_only=True)
class DockerSettings:
    """Limits of a container.

    Attributes
    ----------
    slots : int
        Containers at a time (``MLWS_DOCKER_SLOTS``).
    network : str
        'bridge', 'none', 'host', or a network of the engine (``MLWS_DOCKER_NETWORK``).
    cpus : float or None
        Where the run names no number of its own (``MLWS_DOCKER_CPUS``).
    memory_bytes : int or None
        Likewise (``MLWS_DOCKER_MEMORY``, such as 4g).
    shm_bytes : int
        Of /dev/shm, by which loaders of data pass batches on (``MLWS_DOCKER_SHM``).
    pids : int
        Processes and threads (``MLWS_DOCKER_PIDS``).
    """

    slots: int = _DEFAULT_SLOTS
    network: str = "bridge"
    cpus: float | None = None
    memory_bytes: int | None = None
    shm_bytes: int = _DEFAULT_SHM_BYTES
    pids: int = _DEFAULT_PIDS

    @classmethod
    def read(cls) -> DockerSettings:
        """The settings in the environment, or `InvalidInput` with the name of the one that makes no sense."""
        network = os.environ.get("MLWS_DOCKER_NETWORK", "") or cls.network
        if not _NETWORKS.fullmatch(network):
            raise InvalidInput(f"MLWS_DOCKER_NETWORK cannot be {network[:60]!r}.", hint="Write bridge, none or host.")
        return cls(
            slots=_whole("MLWS_DOCKER_SLOTS") or _DEFAULT_SLOTS,
            network=network,
            cpus=_number("MLWS_DOCKER_CPUS"),
            memory_bytes=_size("MLWS_DOCKER_MEMORY"),
            shm_bytes=_size("MLWS_DOCKER_SHM") or _DEFAULT_SHM_BYTES,
            pids=_whole("MLWS_DOCKER_PIDS") or _DEFAULT_PIDS,
        )


def _size(name: str) -> int | None:
    text = os.environ.get(name, "")
    found = parse_size(text)
    if text and not found:
        raise InvalidInput(f"{name} cannot be {text[:40]!r}.", hint="Give a size such as 512m or 4g.")
    return found


def _whole(name: str) -> int | None:
    text = os.environ.get(name, "")
    if text and (not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1):
        raise InvalidInput(f"{name} cannot be {text[:40]!r}.", hint="Give a whole number from 1.")
    return int(text) if text else None


def _number(name: str) -> float | None:
    text = os.environ.get(name, "")
    if text and (not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) <= 0):
        raise InvalidInput(f"{name} cannot be {text[:40]!r}.", hint="Give a number above 0.")
    return float(text) if text else None
