"""Who lives: identities of processes, and the sweep by the marker that every process of a run carries.

A pid alone names nothing, for it is reused: an identity is (host, boot, pid namespace, pid, start time). This
module is the one place of the far side that asks the operating system about processes. The agent imports it, so it
stays light (`_signal` is `signal` without its enums, 4 ms less).
"""

from __future__ import annotations

import os
import time

from jupyter_mlws import faults
from jupyter_mlws.runfolder.names import RUN_FOLDER_VARIABLE, RUN_ID_VARIABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Collection
    from typing import Any
else:
    import _signal as signal

__all__ = ["Identity", "descendants", "family", "identity_of", "is_alive", "kill_all", "marked", "read_small",
           "signal_one", "sweep"]  # fmt: skip

_PAUSE_S = 0.02


class Identity:
    """What names a process for ever.

    `boot_id` and `pid_namespace` are '' and `start_time` is 0 where the system has no /proc. `start_time` counts
    clock ticks since the boot.
    """

    __slots__ = ("boot_id", "host", "pid", "pid_namespace", "start_time")

    def __init__(self, *, host: str, boot_id: str, pid_namespace: str, pid: int, start_time: int) -> None:
        self.host = host
        self.boot_id = boot_id
        self.pid_namespace = pid_namespace
        self.pid = pid
        self.start_time = start_time

    def to_dict(self) -> dict[str, Any]:
        """The identity as JSON-ready facts."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Identity:
        """The identity that `to_dict` described; unknown facts are ignored."""
        return cls(
            host=str(facts.get("host", "")),
            boot_id=str(facts.get("boot_id", "")),
            pid_namespace=str(facts.get("pid_namespace", "")),
            pid=int(facts["pid"]),
            start_time=int(facts.get("start_time", 0)),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.host, self.boot_id, self.pid_namespace, self.pid, self.start_time))

    def __repr__(self) -> str:
        return f"Identity({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


def read_small(path: str) -> bytes:
    """A small file of /proc, or nothing: processes end while they are looked at."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        parts = []
        while part := os.read(fd, 65536):
            parts.append(part)
        return b"".join(parts)
    except OSError:
        return b""
    finally:
        os.close(fd)


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _stat(pid: int | str) -> tuple[str, int, int] | None:
    """State, parent and start time of a process; None if there is none."""
    data = read_small(f"/proc/{pid}/stat")
    # The name in brackets may hold anything, brackets and spaces included.
    fields = data[data.rfind(b")") + 2 :].split()
    if len(fields) < 20:
        return None
    return fields[0].decode(), int(fields[1]), int(fields[19])


def identity_of(pid: int) -> Identity:
    """The identity of a process of this machine; `start_time` is 0 if it has ended already."""
    found = _stat(pid)
    return Identity(
        host=os.uname().nodename,
        boot_id=read_small("/proc/sys/kernel/random/boot_id").decode().strip(),
        pid_namespace=_namespace(),
        pid=pid,
        start_time=found[2] if found else 0,
    )


def is_alive(identity: Identity) -> bool | None:
    """Whether the process still runs (a zombie does not); None where that cannot be seen from here.

    Another host or another pid namespace cannot be looked into: there only the heartbeat may judge. What ran before
    this host's last start is dead.
    """
    here = identity_of(identity.pid)
    if identity.host != here.host:
        return None
    if identity.boot_id != here.boot_id:
        return False
    if identity.pid_namespace != here.pid_namespace:
        return None
    if not here.boot_id:
        return _answers(identity.pid)
    found = _stat(identity.pid)
    return found is not None and found[0] not in "ZX" and found[2] == identity.start_time


def _answers(pid: int) -> bool:
    """Whether a process of this pid can be signalled: all that a system without /proc tells."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _processes() -> list[tuple[int, str, int]]:
    """(pid, state, parent) of all processes that can be seen."""
    try:
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    found = [(pid, _stat(pid)) for pid in pids]
    return [(pid, facts[0], facts[1]) for pid, facts in found if facts is not None]


def _below(root: int, seen: list[tuple[int, str, int]]) -> list[int]:
    """The living ones among these processes that descend from `root`."""
    children: dict[int, list[int]] = {}
    for pid, _, parent in seen:
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    ahead = list(children.get(root, ()))
    while ahead:
        pid = ahead.pop()
        ahead.extend(children.get(pid, ()))
        found.append(pid)
    gone = {pid for pid, state, _ in seen if state in "ZX"}
    return [pid for pid in found if pid not in gone]


def _carrying(
    run_id: str, seen: list[tuple[int, str, int]], besides: Collection[int], folder: str | None = None
) -> list[int]:
    """The living ones among these processes that carry a run's marker, but for those in `besides`.

    With a `folder`: but for those, too, whose run lies in another one, the original of a copied workspace.
    """
    marker = os.fsencode(f"{RUN_ID_VARIABLE}={run_id}")
    found = []
    for pid, state, _ in seen:
        if pid in besides or state in "ZX":
            continue
        variables = read_small(f"/proc/{pid}/environ").split(b"\0")
        if marker in variables and not (folder and _lies_elsewhere(variables, folder)):
            found.append(pid)
    return found


def _lies_elsewhere(variables: list[bytes], folder: str) -> bool:
    """Whether a process was started in another run folder than this one, which is still there; a moved one is not."""
    name = os.fsencode(f"{RUN_FOLDER_VARIABLE}=")
    said = next((os.fsdecode(text[len(name) :]) for text in variables if text.startswith(name)), "")
    if not said or not os.path.exists(said):
        return False
    try:
        return not os.path.samefile(said, folder)
    except OSError:  # one of them has just gone
        return said != folder


def descendants(root: int) -> list[int]:
    """All processes below `root` that have not ended, by parenthood. A subreaper's orphans stay below it."""
    return _below(root, _processes())


def marked(run_id: str, folder: str | None = None) -> list[int]:
    """All living processes of this user that were started with ``MLWS_RUN_ID=<run_id>`` in their environment.

    With a `folder` those are left out whose run folder is another one that exists: a workspace was copied.
    """
    return _carrying(run_id, _processes(), (os.getpid(),), folder)


def family(run_id: str) -> list[int]:
    """All living processes below this one, and all that carry the run's marker."""
    seen = _processes()
    below = _below(os.getpid(), seen)
    return below + _carrying(run_id, seen, {*below, os.getpid()})


def kill_all(pids: Collection[int], number: int) -> None:
    """Send a signal to each of these processes; those that have ended meanwhile do not matter."""
    for pid in pids:
        try:
            faults.point("processes.kill")
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def signal_one(identity: Identity, number: int, folder: str | None = None) -> None:
    """Send a signal to this very process; nothing where it has ended, or cannot be seen from here.

    With a `folder`: nothing either where the process was started for another run folder that exists, since the
    identity was then read in the copy of a workspace.
    """
    if not is_alive(identity):
        return
    if folder and _lies_elsewhere(read_small(f"/proc/{identity.pid}/environ").split(b"\0"), folder):
        return
    kill_all((identity.pid,), number)


def _has_guard(folder: str) -> bool:
    """Whether a guard of this run folder lives: it was started for the folder, and is no process of the script."""
    marker, script = os.fsencode(f"{RUN_FOLDER_VARIABLE}={folder}"), os.fsencode(f"{RUN_ID_VARIABLE}=")
    for pid, state, _ in _processes():
        if pid == os.getpid() or state in "ZX":
            continue
        variables = read_small(f"/proc/{pid}/environ").split(b"\0")
        if marker in variables and not any(variable.startswith(script) for variable in variables):
            return True
    return False


def sweep(
    run_id: str, *, folder: str | None = None, keep: Collection[int] = (), timeout_s: float = 5.0
) -> tuple[list[int], list[int]]:
    """Kill every process of a run whose agent is dead, again and again until none is left.

    The agent's guard is not killed but waited for: it keeps what the script had written last.

    Parameters
    ----------
    run_id : str
    folder : str, optional
        The run folder; see `marked`. Without it no guard is waited for.
    keep : collection of int
        Pids to spare. The calling process is always spared.
    timeout_s : float
        A process in uninterruptible sleep does not die; after so long it is left.

    Returns
    -------
    killed, remaining : list of int
        The pids that were sent SIGKILL, in the order they were found; and those among them that do not die.
    """
    killed: list[int] = []
    deadline = time.monotonic() + timeout_s
    while True:
        alive = [pid for pid in marked(run_id, folder) if pid not in keep]
        if not alive and not (folder and _has_guard(folder)):
            return killed, []
        kill_all(alive, signal.SIGKILL)
        killed.extend(pid for pid in alive if pid not in killed)
        if time.monotonic() > deadline:
            return killed, alive
        time.sleep(_PAUSE_S)
