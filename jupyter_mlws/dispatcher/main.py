"""The main loop: claim what is queued, hand each run to a follower, answer whoever asks, leave when idle."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path
from typing import Any

from jupyter_mlws import __version__
from jupyter_mlws.dispatcher.context import Context
from jupyter_mlws.dispatcher.following import FULL, Follower
from jupyter_mlws.dispatcher.gpus import GpuPool
from jupyter_mlws.dispatcher.importing import follow_import, waiting_imports
from jupyter_mlws.dispatcher.interactive import InteractiveFollower
from jupyter_mlws.dispatcher.leftovers import clear_up
from jupyter_mlws.dispatcher.listener import Listener
from jupyter_mlws.dispatcher.packing import Packing
from jupyter_mlws.dispatcher.place import host_name, lock_path, user_name
from jupyter_mlws.dispatcher.queue import Queue
from jupyter_mlws.dispatcher.records import Records
from jupyter_mlws.dispatcher.registries import Registries
from jupyter_mlws.dispatcher.settings import Settings, WorkspaceFile
from jupyter_mlws.dispatcher.succession import gpus_of, is_newer_folder
from jupyter_mlws.dispatcher.turn import Superseded, Turn
from jupyter_mlws.domain.interactive import INTERACTIVE
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.domain.workspace import DispatcherState
from jupyter_mlws.errors import MlwsError, StorageFull, Unavailable
from jupyter_mlws.runfolder import places
from jupyter_mlws.services import Services
from jupyter_mlws.store.dispatchers import left_on
from jupyter_mlws.store.runs import runs_in
from jupyter_mlws.targets import registry as targets
from jupyter_mlws.targets.base import Target

__all__ = ["Dispatcher"]

_log = logging.getLogger(__name__)
_LEAVE_S = 30.0


class _Here:
    """The way to the dispatcher for the services inside it."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def __call__(self) -> None:
        self._listener.ring()

    def state(self) -> DispatcherState:
        return DispatcherState(alive=True, pid=os.getpid(), version=__version__)

    def ensure(self) -> DispatcherState:
        return self.state()


class Dispatcher:
    """The dispatcher of one workspace, host and user.

    Parameters
    ----------
    folder : Path
    workspace : WorkspaceFile
    settings : Settings
    records : Records
    lock : int
        The lock's open file: it tells whether the folder is still where it was.
    """

    def __init__(self, folder: Path, workspace: WorkspaceFile, settings: Settings, records: Records, lock: int) -> None:
        self._lock = lock
        self.socket = places.socket_path(folder)
        self._listener = Listener(self.socket, self._answer)
        self._followers: dict[str, Follower] = {}
        self._stopping = False
        self._trouble = ""
        self._wanted = True
        self._unsure = False
        self._needed = False
        self._version: int | None = None
        self._busy_at = time.monotonic()
        user, host = user_name(), host_name()
        self._turn = Turn(user, host, self._listener.ring)
        store, blobs = records.store, records.blobs
        services = Services(
            folder,
            store,
            blobs,
            wake=_Here(self._listener),
            user=user,
            host=host,
            workspace_id=workspace.id,
            name=workspace.name,
        )
        # The others are looked for once the first run is on its way.
        self._targets: tuple[str, ...] = ("local",)
        self._knows_targets = False
        self._context = Context(
            folder=folder,
            workspace=workspace,
            settings=settings,
            store=store,
            blobs=blobs,
            api=services,
            gpus=GpuPool(targets.get("local").describe().gpus),
            user=user,
            host=host,
            ring=self._listener.ring,
            turn=self._turn,
            registries=Registries(folder, workspace.id),
        )
        self._queue = Queue(self._context, self._followers)
        self._packing = Packing(self._context, lambda: self._stopping)

    # -- the loop

    def loop(self) -> None:
        """Serve until told to stop, or idle for long enough."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told_to_stop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        _log.info("Dispatcher %s of %s serves as process %d.", __version__, self._context.folder, os.getpid())
        try:
            self._begin()
            while not self._stopping and not self._turn.lost.is_set() and not self._may_leave():
                self._step()
        except Superseded:
            self._stopping = True
        finally:
            self._listener.close()
            self._let_go()
            self._context.registries.close()
        _log.info("The dispatcher leaves.")

    def _told_to_stop(self, number: int, frame: object) -> None:
        self._stopping = True
        self._listener.ring()

    def _step(self) -> None:
        try:
            if self._unsure:
                self._adopt()
                self._unsure = False
            if self._wanted or self._has_changed():
                self._wanted = False
                self._take_up()
            if not self._knows_targets:
                self._get_to_know_targets()
            self._trouble = ""
        except (Unavailable, StorageFull, OSError) as error:
            self._look_again(error)
        packing_s = self._packing.step()
        if self._listener.wait(min(self._context.settings.idle_poll_s, packing_s)):
            self._wanted = True
        self._look_where_we_are()

    def _look_again(self, error: Exception) -> None:
        """Note why we could not look for work; the next step tries again."""
        self._note_trouble(error)
        # A run may be claimed although we were not told: the answer to a commit can get lost.
        self._wanted = self._unsure = True

    def _note_trouble(self, error: Exception) -> None:
        if str(error) != self._trouble:
            _log.warning("Looking for work: %s", error)
        self._trouble = str(error)
        self._needed = True  # as far as anybody can tell

    def _get_to_know_targets(self) -> None:
        """Find the targets that plugins provide; a broken one is told of and left out."""
        self._knows_targets = True
        usable = []
        for name in targets.known():
            try:
                targets.get(name)
            except MlwsError as error:
                _log.warning("%s", error)
            else:
                usable.append(name)
        self._wanted = len(usable) > len(self._targets)
        self._targets = tuple(usable)

    def _look_where_we_are(self) -> None:
        """A folder that was moved or removed has no work for us: its new place starts a dispatcher of its own."""
        try:
            here = os.path.samestat(os.stat(lock_path(self._context.folder)), os.fstat(self._lock))
        except OSError:
            here = False
        if not here:
            _log.warning("The workspace is not in %s any more.", self._context.folder)
            self._stopping = True
        elif not self._context.store.is_in_place():
            _log.warning("Another database is in %s now: the next dispatcher serves it.", self._context.folder)
            self._stopping = True
        elif not self.socket.exists():
            # A runtime folder goes with the login session that it was made for; we stay.
            _log.info("The socket was removed; it is made again.")
            places.socket_path(self._context.folder)
            self._listener.stop_listening()
            self._listener.listen_again()

    def _has_changed(self) -> bool:
        version = self._context.store.data_version()
        changed, self._version = version != self._version, version
        return changed

    def _take_up(self) -> None:
        """Forget who has ended, pass cancels on, claim what there is room for."""
        for run_id in [run_id for run_id, follower in self._followers.items() if follower.left]:
            self._followers.pop(run_id).close()
        # First what only needs to be read: no full disk and no other writer may keep a run from being ended.
        self._pass_cancels_on()
        for run in self._queue.started():
            self._follow(run, targets.get("local"))
        self._take_imports()
        for name in self._targets:
            self._claim(name)
        self._needed = self._needed or self._queue.has_waited
        if self._followers:
            self._busy_at, self._needed = time.monotonic(), True

    def _claim(self, name: str) -> None:
        for run, target in self._queue.claim(name):
            self._follow(run, target)

    def _take_imports(self) -> None:
        """Take in the folders of runs that were recorded offline."""
        for run_id, folder in waiting_imports(self._context):
            if run_id not in self._followers:
                follower = follow_import(self._context, run_id, folder)
                if follower is not None:
                    self._set_out(follower)

    def _pass_cancels_on(self) -> None:
        if not self._followers:
            return
        with self._context.store.read() as c:
            wanted = runs_in(c, {RunStatus.CANCEL_REQUESTED}, user=self._context.user)
        for run in wanted:
            if run.id in self._followers:
                self._followers[run.id].cancel()

    def _follow(self, run: Run, target: Target, gpus: tuple[int, ...] = ()) -> None:
        try:
            if run.kind == INTERACTIVE:
                follower: Follower = InteractiveFollower(self._context, run)
            else:
                follower = Follower(self._context, run, target, gpus)
            self._set_out(follower)
        except (Unavailable, OSError):
            self._context.gpus.give_back(gpus)
            raise

    def _set_out(self, follower: Follower) -> None:
        """Have a run followed from now on."""
        try:
            follower.start()
        except RuntimeError as error:  # the machine has no room for one more thread
            follower.close()
            raise Unavailable(f"Run #{follower.run_record.number} cannot be followed yet ({error}).") from error
        self._followers[follower.run_record.id] = follower

    # -- beginning and end

    def _begin(self) -> None:
        """Take our turn, and up what the dispatcher before has left; on a full disk, as soon as there is room."""
        while not self._stopping:
            try:
                self._turn.take(self._context.store)
                self._adopt()
                return
            except (Unavailable, StorageFull, OSError) as error:
                if isinstance(error, OSError) and error.errno not in FULL:
                    raise
                self._note_trouble(error)
                self._listener.wait(self._context.settings.idle_poll_s)

    def _adopt(self) -> None:
        """Take up what a dead dispatcher left: living runs, and the folders of ended ones."""
        context = self._context
        with context.store.read() as c:
            left = left_on(c, host=context.host, user=context.user)
        for run in left:
            if run.id in self._followers:
                continue
            if is_newer_folder(context.run_folder(run.id)):
                _log.warning("Run #%d is left to the newer release that has started it; it goes on.", run.number)
                continue
            try:
                target = targets.get(run.compute_target)
            except MlwsError as error:
                _log.warning("Run %s cannot be taken up: %s", run.id, error)
                continue
            gpus = () if run.kind == INTERACTIVE else gpus_of(context.run_folder(run.id))
            # Before anything is claimed: what a living run has is not free.
            self._follow(run, target, context.gpus.hold(gpus))
        clear_up(context, self._followers)

    def _may_leave(self) -> bool:
        """Whether there has been nothing to do for long enough, and still is nothing once nobody can reach us."""
        if self._followers or time.monotonic() - self._busy_at < self._context.settings.dispatcher_idle_s:
            return False
        if self._trouble:
            return False  # nobody can tell whether something waits, and who submitted it may wake nobody any more
        # Whoever submits now finds no socket and starts another dispatcher, which waits for our lock.
        self._listener.stop_listening()
        try:
            self._take_up()
            if not self._followers:
                return True
        except (Unavailable, StorageFull, OSError) as error:
            self._look_again(error)
        self._listener.listen_again()
        return False

    def _let_go(self) -> None:
        """Have all followers finish their step; their runs go on and are taken up by the next dispatcher."""
        for follower in self._followers.values():
            follower.leave()
        deadline = time.monotonic() + _LEAVE_S
        for follower in self._followers.values():
            follower.join(max(0.0, deadline - time.monotonic()))

    # -- answering

    def _answer(self, word: str) -> dict[str, Any]:
        if word == "stop":
            self._stopping = True
        here = [follower for follower in self._followers.values() if not follower.left]
        return {
            "pid": os.getpid(),
            "version": __version__,
            "runs": sorted(follower.run_record.number for follower in here),
            "stopping": self._stopping,
            # Whether there has been anything to do since it has begun.
            "needed": self._needed,
            "troubles": self._troubles(),
        }

    def _troubles(self) -> dict[str, str]:
        """What holds us up, by run; of the queue as a whole by ''."""
        found = {follower.run_record.id: follower.trouble for follower in self._followers.values() if follower.trouble}
        return {"": self._trouble, **found} if self._trouble else found
