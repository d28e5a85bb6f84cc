"""How busy the machine of a target is."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws.targets import load


def test_what_the_driver_tells_of_its_gpus_is_read_and_what_it_does_not_tell_is_left_out() -> None:
    text = "0, NVIDIA A100, 40GB, 87, 1024, 40960\n1, Tesla T4, [N/A], 12, 15360\nNo devices were found\n\n"
    [gpu] = load.parse_gpus(text)
    assert (gpu.index, gpu.name, gpu.percent) == (0, "NVIDIA A100, 40GB", 87.0)
    assert gpu.memory_used_bytes == 2**30
    assert gpu.memory_total_bytes == 40 * 2**30


def test_work_of_this_process_is_seen() -> None:
    load.of_this_machine("local")
    until = time.monotonic() + 0.6
    while time.monotonic() < until:
        pass
    assert load.of_this_machine("local").cpu_percent > 0


def test_looks_close_to_each_other_share_an_answer() -> None:
    def shared_at_once() -> bool:
        first = load.of_this_machine("local").cpu_percent
        start = time.perf_counter()
        return load.of_this_machine("local").cpu_percent == first and time.perf_counter() - start < 0.1

    assert any(shared_at_once() for _ in range(3))


def test_a_container_with_a_limit_tells_of_what_is_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    files = {"memory.max": "1000000", "memory.current": "600000", "memory.stat": "anon 5\ninactive_file 200000\n"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(load, "_CGROUPS", (tuple(str(tmp_path / name) for name in files),))
    found = load.of_this_machine("local")
    assert (found.memory_used_bytes, found.memory_total_bytes) == (400000, 1000000)
    (tmp_path / "memory.max").write_text("max")
    assert load.of_this_machine("local").memory_total_bytes > 1000000
