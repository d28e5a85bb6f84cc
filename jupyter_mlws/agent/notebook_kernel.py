"""The kernel of a notebook's job: which one, its start, what it says, its end."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

__all__ = ["Kernel", "NoKernel"]

_READY_S = 120.0
_TURN_MS = 200
# What may still be on its way when the kernel has said that it is done, or has died.
_REST_S = 4.0
_DEAD_S = 0.5
_IPYKERNEL = "ipykernel_launcher"
# The address of a socket ends at 108 bytes, on some systems at 104.
_LONGEST_FOLDER = 80


class NoKernel(Exception):
    """There is no kernel for the notebook: a code for programs, and a sentence with the way out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Kernel:
    """A kernel of this run, in a process of its own.

    Parameters
    ----------
    name : str
        Of the installed kernel that is wanted; '' where any of the language does.
    language : str
    environment : str
        'kernel' where the notebook's own kernel is meant; else Python is the one that runs this.
    is_asked : bool
        Whether a person named the kernel: then it is that one or none.

    Raises
    ------
    NoKernel
        It is not installed, a package is missing, or it does not start.
    """

    def __init__(self, name: str, language: str, environment: str, *, is_asked: bool = False) -> None:
        _import_client(environment)
        from jupyter_client.manager import KernelManager

        self.note = ""
        self.spec = self._choose(name, language, environment, is_asked)
        self._folder = tempfile.TemporaryDirectory(prefix="mlws-kernel-")
        self._manager = KernelManager(
            kernel_name=name or language,
            kernel_spec_manager=_specs_of(self.spec),
            transport=_transport(self.spec, self._folder.name),
            connection_file=os.path.join(self._folder.name, "kernel.json"),
        )
        self._dead_at: float | None = None
        self.info: dict[str, Any] = {}
        self._start()

    # -- which one

    def _choose(self, name: str, language: str, environment: str, is_asked: bool) -> Any:
        from jupyter_client.kernelspec import KernelSpecManager

        if language == "python" and not is_asked and (environment != "kernel" or name in ("", "python3")):
            return _own_python(environment)
        manager = KernelSpecManager()
        known = manager.find_kernel_specs()
        if name in known:
            return manager.get_kernel_spec(name)
        if language == "python" and not is_asked:
            self.note = f"The kernel {name!r} is not installed here; the notebook runs with {sys.executable}."
            return _own_python(environment)
        alike = None if is_asked else _of_language(manager, known, language)
        if alike is None:
            raise NoKernel(
                "no_kernel",
                f"The notebook needs the kernel {name or language!r}, which is not installed where the run is. "
                f"Installed: {', '.join(sorted(known)) or 'none'}.",
            )
        self.note = f"The kernel {name!r} is not installed here; {alike.display_name} is used."
        return alike

    # -- start and end

    def _start(self) -> None:
        arguments = ["--HistoryManager.enabled=False"] if _IPYKERNEL in self.spec.argv else []
        try:
            self._manager.start_kernel(env=_variables(), cwd=os.getcwd(), extra_arguments=arguments)
            self.client = self._manager.blocking_client()
            self.client.start_channels(hb=False)
            self.client.wait_for_ready(timeout=_READY_S)
            reply = self.client.kernel_info(reply=True, timeout=_READY_S)
        except (OSError, RuntimeError, TimeoutError) as error:
            self.close()
            raise NoKernel(
                "kernel_did_not_start",
                f"The kernel {self.spec.display_name} did not start: {error}. Its own words are in the log.",
            ) from error
        self.info = reply["content"]

    def close(self) -> None:
        """End the kernel: it is asked first, so that what it does at its end is done."""
        client = getattr(self, "client", None)
        try:
            if self._manager.has_kernel:
                self._manager.shutdown_kernel(now=not self._manager.is_alive())
        except RuntimeError as error:
            print(f"The kernel did not end well: {error}", file=sys.stderr)
        finally:
            if client is not None:
                client.stop_channels()
            self._folder.cleanup()

    def interrupt(self) -> None:
        """Interrupt what it does."""
        self._manager.interrupt_kernel()

    @property
    def last_words(self) -> str:
        """How its process ended, as the end of a sentence."""
        process = getattr(getattr(self._manager, "provisioner", None), "process", None)
        code = None if process is None else process.poll()
        if code is None or code >= 0:
            return "died" if not code else f"ended with the code {code}"
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"was killed by {name}" + (", maybe for want of memory" if name == "SIGKILL" else "")

    # -- what it says

    def execute(self, code: str, *, store_history: bool = True, silent: bool = False) -> str:
        """Have it run code; the id of the request."""
        return str(
            self.client.execute(
                code, store_history=store_history, silent=silent, allow_stdin=False, stop_on_error=False
            )
        )

    def messages(self, request: str) -> Iterator[tuple[str, dict[str, Any]] | None]:
        """What it says about a request, to its end: channel and message; None now and then, while nothing comes.

        The end is its reply and its word that it is idle, whichever comes last; or its death, of which `is_dead` tells.
        """
        import zmq

        channels = {
            "iopub": self.client.iopub_channel,
            "shell": self.client.shell_channel,
            "stdin": self.client.stdin_channel,
        }
        poller = zmq.Poller()
        sockets = {channel.socket: name for name, channel in channels.items()}
        for socket in sockets:
            poller.register(socket, zmq.POLLIN)
        replied = idle = False
        end: float | None = None
        while not (replied and idle) and (end is None or time.monotonic() < end):
            ready = dict(poller.poll(_TURN_MS))
            # What was said before the reply comes before it.
            for socket, name in sockets.items():
                if socket not in ready:
                    continue
                message = channels[name].get_msg(timeout=1)
                if name != "stdin" and message["parent_header"].get("msg_id") != request:
                    if message["msg_type"].startswith("comm_"):
                        yield name, message
                    continue
                replied = replied or name == "shell"
                idle = idle or (message["msg_type"] == "status" and message["content"].get("execution_state") == "idle")
                yield name, message
            if ready:
                continue
            yield None
            if end is None and (replied or self.is_dead):
                end = time.monotonic() + (_REST_S if replied else _DEAD_S)

    @property
    def is_dead(self) -> bool:
        """Whether its process has ended."""
        return not self._manager.is_alive()


def _import_client(environment: str) -> None:
    try:
        import jupyter_client  # noqa: F401
        import zmq  # noqa: F401
    except ImportError as error:
        raise NoKernel("environment_lacks", _lacking(error.name or "jupyter_client", environment)) from error


def _own_python(environment: str) -> Any:
    """IPython's kernel in the Python that runs this."""
    from importlib.util import find_spec

    from jupyter_client.kernelspec import KernelSpec

    if find_spec("ipykernel") is None:
        raise NoKernel("environment_lacks", _lacking("ipykernel", environment))
    return KernelSpec(
        argv=[sys.executable, "-m", _IPYKERNEL, "-f", "{connection_file}"],
        display_name="Python 3 (ipykernel)",
        language="python",
    )


def _lacking(package: str, environment: str) -> str:
    where = f"The environment {environment}" if environment != "kernel" else f"The Python {sys.executable}"
    way = "Add ipykernel to its packages." if environment != "kernel" else "Install it: %pip install ipykernel"
    return f"{where} has no {package}, which a notebook needs to run. {way}"


def _transport(spec: Any, folder: str) -> str:
    """Sockets in a folder of our own where the kernel knows them, which nobody else on the machine can reach."""
    return "ipc" if _IPYKERNEL in spec.argv and len(folder) <= _LONGEST_FOLDER else "tcp"


def _of_language(manager: Any, known: Mapping[str, str], language: str) -> Any | None:
    for name in sorted(known):
        spec = manager.get_kernel_spec(name)
        if spec.language.lower() == language:
            return spec
    return None


def _specs_of(spec: Any) -> Any:
    from jupyter_client.kernelspec import KernelSpecManager

    class One(KernelSpecManager):  # type: ignore[misc,unused-ignore]
        """Knows the one kernel that was chosen, under whatever name."""

        def get_kernel_spec(self, kernel_name: str) -> Any:
            return spec

    return One()


def _variables() -> dict[str, str]:
    """The variables of the kernel. A job's figures go to Agg, a notebook's into its cells."""
    return {name: value for name, value in os.environ.items() if (name, value) != ("MPLBACKEND", "Agg")}
