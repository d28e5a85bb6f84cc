"""What a compute target is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from jupyter_mlws.domain.compute import Compute
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.processes import Identity

__all__ = ["Ground", "Launch", "Target"]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a run stands on; a target takes of it what it can give.

    Attributes
    ----------
    image : str
        Of a target that takes images: the image to start, by an id that names its content.
    cpus : int or None
        So many processors at most.
    memory_bytes : int or None
        So much memory at most.
    gpus : tuple of int
        Which ones, by index.
    variables : dict
        Set for the agent and all below it where the target has no environment of the submitter.
    data : tuple of str
        Absolute paths of this machine that the script was promised; to be read only.
    """

    image: str = ""
    cpus: int | None = None
    memory_bytes: int | None = None
    gpus: tuple[int, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    data: tuple[str, ...] = ()


class Launch(Protocol):
    """An agent on its way: it waits for what `send` gives and does nothing before.

    A target may start it while the dispatcher still fills the run folder, so that both take their time together.
    """

    def send(self, payload: bytes) -> None:
        """Let the agent run the job; the run folder is complete. `payload` is what it reads from its standard input.

        Raises
        ------
        Unavailable
            The agent is gone already.
        """
        ...

    def abandon(self) -> None:
        """Give the job up: an agent that has not begun never begins."""
        ...

    def end_signal(self) -> int | None:
        """A file descriptor that becomes readable when the agent ends, if the target has such a thing.

        Only a hint that spares waiting: the truth is in the run folder. It belongs to the launch.
        """
        ...

    def close(self) -> None:
        """Let go of it; the agent goes on."""
        ...


class Target(Protocol):
    """A place where jobs run. One object serves a dispatcher from several threads.

    A target puts the run folder there, starts the agent in it, lets the dispatcher read it, tells whether the agent
    lives, and stops it. All else (metrics, logs, outputs, cancelling) goes through the run folder.
    """

    @property
    def name(self) -> str:
        """What a person writes as ``--compute``."""
        ...

    @property
    def takes(self) -> Literal["interpreter", "image"]:
        """As what an environment comes to it: an interpreter of this machine, or an image."""
        ...

    def check(self) -> None:
        """Raise `Unavailable` with one sentence where no run can be given to it, as when its software is missing."""
        ...

    def describe(self) -> Compute:
        """Kind, slots and GPUs, for people and for planning."""
        ...

    def obstacle(self, running: int, memory_bytes: int | None = None) -> str:
        """Why no further job can start at the moment ('waiting for memory'); '' when one can.

        `running` is how many jobs of this dispatcher run there now; with none of them a job is never held up.
        """
        ...

    def variables(self, gpus: tuple[int, ...]) -> Mapping[str, str]:
        """Variables that give a job these GPUs and hide the others."""
        ...

    def launch(self, folder: RunFolder, run_id: str, ground: Ground) -> Launch:
        """Start the agent for a run folder; a second one for the same folder ends by itself.

        Raises
        ------
        TargetAway
            The target does not answer at the moment: the run waits, and is launched again in the same folder.
        MlwsError
            It could not be started; the sentence says why, and the run fails with it.
        """
        ...

    def attach(self, folder: RunFolder, agent: Identity) -> Launch:
        """Take up an agent that an earlier dispatcher started."""
        ...

    def alive(self, folder: RunFolder, agent: Identity) -> bool | None:
        """Whether the agent lives; None when this cannot be seen from here and the heartbeat has to judge."""
        ...

    def signal(self, folder: RunFolder, agent: Identity, number: int) -> None:
        """Send the agent a signal, if it lives and can be reached: SIGCONT to one that should obey, SIGKILL later."""
        ...

    def explain(self, folder: RunFolder, run_id: str) -> str:
        """What this target knows of an agent's death, one sentence; '' where that is nothing."""
        ...

    def stop(self, folder: RunFolder, run_id: str) -> tuple[list[int], list[int]]:
        """End all that is left of a job whose agent is dead.

        Returns
        -------
        killed, remaining : list of int
            The pids that were killed, and those among them that do not die (in uninterruptible sleep).
        """
        ...


TargetFactory = Any
