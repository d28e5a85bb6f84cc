"""The agent from its start to its end."""

from __future__ import annotations

import fcntl
import os
import sys
import time

from jupyter_mlws import faults
from jupyter_mlws.agent import end, script, system
from jupyter_mlws.agent.guard import stand_below_a_guard
from jupyter_mlws.agent.job import PROTOCOL_VERSION, AgentJob, script_environment
from jupyter_mlws.agent.log import AgentLog
from jupyter_mlws.agent.meter import Meter
from jupyter_mlws.agent.output import Output, Pipe
from jupyter_mlws.agent.tell import Teller
from jupyter_mlws.agent.watch import Bell, Watch
from jupyter_mlws.runfolder import control, processes, state, wire
from jupyter_mlws.runfolder.names import AGENT_LOCK, JOB, LOGS, STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jupyter_mlws.runfolder.masking import MaskedStream, Masker

__all__ = ["main"]

_LOCK_TRIES = 10
_LOCK_PAUSE_S = 0.02


def main(arguments: list[str]) -> int:
    """Run the script of a run folder; 0 when the folder says how that went, or when another agent has it."""
    if len(arguments) != 2:
        sys.stderr.write("The agent needs one argument: the run folder.\n")
        return 2
    faults.role("agent")
    folder = os.path.abspath(arguments[1])
    handed = _handed_over()
    if handed is None:
        return 0
    pipe = Pipe()
    masker = _masker(handed)
    stand_below_a_guard(folder, pipe, masker)
    if not _claim(folder):
        return 0
    os.makedirs(os.path.join(folder, LOGS), exist_ok=True)
    say = AgentLog(folder)
    try:
        _run(folder, handed, pipe, say, masker)
    except Exception as error:  # noqa: BLE001 - whatever it is, the folder must tell that the run is over
        _report_own_failure(folder, error, say)
        return 1
    return 0


def _handed_over() -> dict[str, Any] | None:
    """What the target writes on stdin, None if nothing whole: whoever wrote has died, and another will start an agent.

    Variables, secrets, and the command where the recorded one is masked: in memory only. Afterwards stdin is empty
    for good.
    """
    parts = []
    while part := os.read(0, 65536):
        parts.append(part)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        handed = wire.loads(b"".join(parts))
    except ValueError:
        return None
    return handed if isinstance(handed, dict) else None


def _masker(handed: dict[str, Any]) -> Masker | None:
    """What masks the secrets that were handed over, and words of the command that are not recorded.

    Nothing of it is even imported where there are none.
    """
    secrets = [*(handed.get("secrets") or {}).values(), *(handed.get("hidden") or ())]
    if not secrets:
        return None
    from jupyter_mlws.runfolder.masking import Masker

    return Masker(secrets) or None


def _claim(folder: str) -> bool:
    """Take the folder for this agent; False if it was ever taken: a script is never run twice."""
    path = os.path.join(folder, AGENT_LOCK)
    faults.point("agent.lock")
    # The file stays open, and with it the lock, until this process ends.
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if not _locked(lock):
        return False
    faults.point("agent.locked")
    try:
        ours = os.path.samestat(os.stat(path), os.fstat(lock))
    except FileNotFoundError:
        ours = False
    # Emptied meanwhile, by a dispatcher that starts another agent; or about to be filled by one.
    if not ours or not os.path.exists(os.path.join(folder, JOB)):
        return False
    return not os.path.exists(os.path.join(folder, STATE))


def _locked(lock: int) -> bool:
    """Lock the file; somebody who only asks whether it is locked holds it for no time worth speaking of."""
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True
    return False


def _run(folder: str, handed: dict[str, Any], pipe: Pipe, say: AgentLog, masker: Masker | None) -> None:
    _leave_session()
    tell = Teller(folder, say)
    tell(
        "started",
        identity=processes.identity_of(os.getpid()).to_dict(),
        protocol_version=PROTOCOL_VERSION,
        python=".".join(map(str, sys.version_info[:3])),
    )
    if not system.become_subreaper():
        say("This system has no subreaper: processes that leave the script's tree are found by their marker only.")
    bell = Bell()
    oom_kills = system.oom_kills()
    try:
        job = AgentJob(folder)
        environment = script_environment(
            job, handed.get("environment"), handed.get("secrets") or {}, dict(os.environb), _far_side()
        )
        output = Output(folder, pipe, say, _masked_stream(masker))
        command = job.real_command(handed.get("command"))
        faults.point("agent.script")
        if control.cancel_requested(folder):
            _end_canceled(tell, say)
            return
        pid = script.start(command, environment, job.working_directory, output.write_end)
    except (ValueError, script.NotStarted) as error:
        why = str(error) if masker is None else masker.text(str(error))
        say(f"Not started: {why}")
        tell("ended", **end.not_started(why))
        tell.close()
        return
    faults.point("agent.script_started")
    began = time.monotonic()
    output.close_write_end()
    tell("script_started", identity=processes.identity_of(pid).to_dict())
    say(f"Agent {os.getpid()} started the script as process {pid}.")
    meter = Meter(job.folder, job.system_metrics_s, say)
    try:
        facts = _see_through(job, Watch(job, output, pid, bell, say), output, meter, began, oom_kills, tell)
    finally:
        meter.stop()
    say(facts["message"] or "The script ended well.")
    if meter.hangs:
        # All is told and on the disk, and the interpreter would wait for that thread.
        os._exit(0)


def _masked_stream(masker: Masker | None) -> MaskedStream | None:
    if masker is None:
        return None
    from jupyter_mlws.runfolder.masking import MaskedStream

    return MaskedStream(masker)


def _end_canceled(tell: Teller, say: AgentLog) -> None:
    say("Canceled before the script was started.")
    facts = end.ended(
        None, "canceled", time_limit_s=None, out_of_memory=False, remaining=[], lost_bytes=0, duration_s=0.0
    )
    tell("ended", **facts)
    tell.close()


def _see_through(
    job: AgentJob, watch: Watch, output: Output, meter: Meter, began: float, oom_kills: int, tell: Teller
) -> dict[str, Any]:
    watch.until_script_ends()
    duration_s = time.monotonic() - began
    name = system.signal_name(-watch.status) if watch.status is not None and watch.status < 0 else None
    tell("finalizing", exit_code=watch.status, signal=name)
    watch.until_nothing_lives()
    meter.stop()
    facts = end.ended(
        watch.status,
        watch.reason,
        time_limit_s=job.time_limit_s,
        out_of_memory=system.oom_kills() > oom_kills,
        remaining=watch.remaining,
        lost_bytes=output.lost_bytes,
        duration_s=duration_s,
    )
    faults.point("agent.nothing_lives")
    # Told before it is safe from a power cut: the dispatcher need not wait for the disk, and syncs its own records.
    tell("ended", **facts)
    tell.close()
    watch.sync()
    return facts


def _leave_session() -> None:
    """Have a session of our own, so that no terminal and no caller's group reaches the run."""
    if os.getsid(0) != os.getpid():
        try:
            os.setsid()
        except PermissionError:
            return  # leader of a group already: whoever started us has set us apart


def _far_side() -> str | None:
    """The folder for scripts beside this package (see `jupyter_mlws.runfolder.farside`), where there is one."""
    # /<far side>/jupyter_mlws/agent/main.py, in a folder or in a zip
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.path.join(root, "script")
    return path if os.path.isdir(path) or os.path.isfile(root) else None


def _report_own_failure(folder: str, error: BaseException, say: AgentLog) -> None:
    """Leave nothing running and no doubt about it, whatever went wrong in the agent itself."""
    import traceback

    say("The agent failed:\n" + "".join(traceback.format_exception(type(error), error, error.__traceback__)))
    own = os.getpid()
    deadline = time.monotonic() + 5
    while (left := processes.descendants(own)) and time.monotonic() < deadline:
        processes.kill_all(left, 9)
        time.sleep(0.02)
    facts = end.not_started(f"The agent failed ({type(error).__name__}); logs/agent.log tells more.")
    try:
        state.append(folder, "ended", **facts)
    except FileNotFoundError:
        return  # the folder was removed: there is nobody to tell
