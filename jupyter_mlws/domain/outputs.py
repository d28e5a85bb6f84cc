"""What a cell displayed, read from the lines that its job wrote (``display.jsonl``)."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["read_outputs"]


def read_outputs(data: bytes) -> list[dict[str, Any]]:
    """Outputs of the notebook format, with updates and clears applied.

    Parameters
    ----------
    data : bytes
        One JSON object a line; a line that the job could not finish is left out.
    """
    outputs: list[dict[str, Any]] = []
    clear_next = False
    for line in data.splitlines():
        output = _output(line)
        if output is None:
            continue
        kind = output["output_type"]
        if kind == "clear_output":
            clear_next = bool(output.get("wait"))
            outputs = outputs if clear_next else []
        elif kind == "update_display_data":
            _update(outputs, output)
        else:
            outputs = [*([] if clear_next else outputs), output]
            clear_next = False
    return [{key: value for key, value in output.items() if key != "transient"} for output in outputs]


def _output(line: bytes) -> dict[str, Any] | None:
    """The output of one line; None for what is none, since a script can write anything here."""
    try:
        output = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(output, dict) or not isinstance(output.get("output_type"), str):
        return None
    parts = (output.get(name, {}) for name in ("data", "metadata", "transient"))
    return output if all(isinstance(part, dict) for part in parts) else None


def _update(outputs: list[dict[str, Any]], update: dict[str, Any]) -> None:
    display_id = (update.get("transient") or {}).get("display_id")
    for output in outputs:
        if display_id is not None and (output.get("transient") or {}).get("display_id") == display_id:
            output["data"], output["metadata"] = update.get("data", {}), update.get("metadata", {})
