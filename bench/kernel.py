"""A real kernel, and how long it takes to answer."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

__all__ = ["Kernel"]

_TIMEOUT_S = 120


class Kernel:
    """A Python kernel in `folder` while the ``with`` block runs."""

    def __init__(self, folder: Path) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._folder = folder

    def __enter__(self) -> Kernel:
        self._manager.start_kernel(cwd=str(self._folder), stderr=subprocess.DEVNULL)
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=_TIMEOUT_S)
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code: str) -> float:
        """Execute a cell; seconds until its reply, that is, until the prompt is free."""
        began = time.perf_counter()
        reply: dict[str, Any] = self._client.execute_interactive(
            code, timeout=_TIMEOUT_S, output_hook=lambda message: None
        )
        took = time.perf_counter() - began
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
        return took
