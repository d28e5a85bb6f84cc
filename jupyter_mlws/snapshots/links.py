"""Data that a run reads in place, and symbolic links: what may be linked, and how."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from stat import S_ISDIR

from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.snapshots.defaults import is_secret
from jupyter_mlws.snapshots.roots import is_within

__all__ = ["is_safe_target", "is_system", "leads_to_secret", "linked", "target_within"]

_SYSTEM = (
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib64",
    "/proc",
    "/run/systemd",
    "/run/user",
    "/sbin",
    "/sys",
    "/usr",
    "/var/run",
)
_SECRET_PLACES = (".config/gcloud", ".config/gh", ".config/sops", ".docker", ".local/share/keyrings", ".mozilla")


def linked(path: str, target: str, reason: str, stat: os.stat_result) -> LinkedPath:
    """A linked path with the size and time that its target has now."""
    is_directory = S_ISDIR(stat.st_mode)
    return LinkedPath(
        path=path,
        target=target,
        reason=reason,
        size_bytes=None if is_directory else stat.st_size,
        modified_at=_time(stat),
        is_directory=is_directory,
    )


def _time(stat: os.stat_result) -> datetime | None:
    try:
        return datetime.fromtimestamp(stat.st_mtime_ns // 1000 / 1e6, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None  # a time that no calendar holds


def is_system(path: str) -> bool:
    """Whether a path belongs to the machine and not to a person, or is too wide to mean data ('/', the home folder)."""
    if any(is_within(path, system) for system in _SYSTEM):
        return True
    home = os.path.realpath(os.path.expanduser("~"))
    return path in ("/tmp", "/var/tmp", "/opt", "/mnt", "/media") or is_within(home, path)  # noqa: S108


def leads_to_secret(path: str) -> bool:
    """Whether an absolute path is, or lies in, something that looks like keys or passwords."""
    *folders, name = path.strip("/").split("/")
    if is_secret(name, False) or any(is_secret(folder, True) for folder in (*folders, name)):
        return True
    return any(f"/{place}/" in f"{path}/" for place in _SECRET_PLACES)


def is_safe_target(path: str, target: str) -> bool:
    """Whether a symbolic link at `path` with this target stays inside the snapshot, whatever the other links are.

    ``..`` may only lead, and not above the root: after a name it could step out of whatever that name is a link to.
    """
    if not target or target.startswith("/") or "\0" in target:
        return False
    parts = target.split("/")
    up = 0
    while up < len(parts) and parts[up] == "..":
        up += 1
    return up <= path.count("/") and ".." not in parts[up:]


def target_within(path: str, source: str, root: str) -> str | None:
    """What a link's target reads in a snapshot; None where it leads out of the root.

    Parameters
    ----------
    path : str
        The link's path below the root.
    source : str
        Where the link lies.
    root : str
        Without links in its path.
    """
    real = os.path.realpath(source)
    if not is_within(real, root):
        return None
    target = os.readlink(source)
    if is_safe_target(path, target):
        return target
    again = os.path.relpath(real, os.path.join(root, os.path.dirname(path)))
    return again if is_safe_target(path, again) else None
