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
        try:
            output = json.loads(line)
            kind = output["output_type"]
        except (ValueError, KeyError, TypeError):
            continue
        if kind == "clear_output":
            clear_next = bool(output.get("wait"))
            outputs = outputs if clear_next else []
        elif kind == "update_display_data":
            _update(outputs, output)
        else:
            outputs = [*([] if clear_next else outputs), output]
            clear_next = False
    return [{key: value for key, value in output.items() if key != "transient"} for output in outputs]


def _update(outputs: list[dict[str, Any]], update: dict[str, Any]) -> None:
    display_id = (update.get("transient") or {}).get("display_id")
    for output in outputs:
        if display_id is not None and (output.get("transient") or {}).get("display_id") == display_id:
            output["data"], output["metadata"] = update.get("data", {}), update.get("metadata", {})
