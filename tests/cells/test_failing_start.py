"""`%%submit` in a real kernel where the dispatcher cannot start: the prompt at once, the cause below the card soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest


def test_the_prompt_is_free_and_the_last_words_of_the_dispatcher_come_below_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client_module = pytest.importorskip("jupyter_client.manager")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLWS_WORKSPACE", str(tmp_path / "ws"))
    monkeypatch.setenv("MLWS_POLL_S", "soon")
    manager, client = client_module.start_new_kernel(kernel_name="python3", cwd=str(tmp_path))
    try:
        client.execute_interactive("%load_ext jupyter_mlws\nimport jupyter_mlws.workspace", timeout=60)
        outputs: list[dict] = []
        began = time.monotonic()
        reply = client.execute_interactive("%%submit\nprint(1)", timeout=60, output_hook=outputs.append)
        free_after = time.monotonic() - began
        assert reply["content"]["status"] == "ok", reply
        cards = [m["content"]["data"] for m in outputs if m["msg_type"] == "execute_result"]
        assert "Queued" in cards[0]["text/plain"]
        # What comes after the cell has ended belongs to it all the same.
        said, cell = "", reply["parent_header"]["msg_id"]
        said = "".join(m["content"]["text"] for m in outputs if m["msg_type"] == "stream")
        while "MLWS_POLL_S" not in said:
            assert time.monotonic() - began < 10
            message = client.get_iopub_msg(timeout=10)
            if message["msg_type"] == "stream":
                assert message["parent_header"]["msg_id"] == cell
                said += message["content"]["text"]
        assert "stays queued" in said
        assert "mlws doctor" in said
        assert free_after < 5
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
