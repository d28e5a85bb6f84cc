"""A real kernel, and what its cells say."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager, start_new_kernel

__all__ = ["Kernel"]


_CONTENT = {"silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}


class Kernel:
    def __init__(self, folder: Path) -> None:
        self.manager: KernelManager
        self.manager, self.client = start_new_kernel(cwd=str(folder))

    def said(self, source: str) -> str:
        parts: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            parts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
            parts.extend(content.get("traceback", []))

        self.client.execute_interactive(source, timeout=60, output_hook=hear)
        return "".join(parts)

    def said_to_frontend(self, source: str, metadata: dict[str, Any]) -> str:
        """What a cell says that a frontend sends with metadata of its own."""
        message = self.client.session.msg("execute_request", _CONTENT | {"code": source}, metadata=metadata)
        self.client.shell_channel.send(message)
        parts: list[str] = []
        while True:
            heard = self.client.get_iopub_msg(timeout=60)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            content = heard["content"]
            parts.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
            parts.extend(content.get("traceback", []))
            if content.get("execution_state") == "idle":
                return "".join(parts)

    def interrupted(self, source: str, after: str, times: int = 1) -> str:
        """What a cell says that is interrupted `times` times, first when it has said `after`."""
        parts: list[str] = []
        message = self.client.execute(source)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            heard = self.client.get_iopub_msg(timeout=60)
            content = heard["content"]
            parts.append(content.get("text", "") + "".join(content.get("traceback", [])))
            if times and after in "".join(parts):
                times, after = times - 1, "Press again within 3 seconds"
                self.manager.interrupt_kernel()
            if heard["parent_header"].get("msg_id") == message and content.get("execution_state") == "idle":
                break
        return "".join(parts)

    def completions(self, line: str) -> list[str]:
        return list(self.client.complete(line, reply=True, timeout=60)["content"]["matches"])

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
