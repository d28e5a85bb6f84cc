"""What a run asks for, and what its container gets."""

from __future__ import annotations

import os

import pytest

from jupyter_mlws.containers import engine
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.targets.base import Ground
from jupyter_mlws.targets.docker import DockerTarget, container
from jupyter_mlws.targets.docker.settings import DockerSettings

_LIMITS = """
import os
def read(*names):
    for name in names:
        if os.path.exists(name): return open(name).read().split()[0]
print(read("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max"))
"""


def test_a_run_gets_the_memory_and_the_processors_that_it_asks_for(boxes):
    run = boxes.submit(f"{_LIMITS}\nimport time\nwhile not os.path.exists('outputs/go'): time.sleep(0.05)",
                       cpus=1, memory="200m")  # fmt: skip
    boxes.wait(lambda: boxes.log_of(run).strip())
    host = boxes.container_of(run).attrs["HostConfig"]
    assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (10**9, 200 << 20, 200 << 20)
    (boxes.folder / "runs" / run.id / "outputs" / "go").touch()
    assert boxes.end(run)["status"] == "Completed"
    assert run.get_log().strip() == str(200 << 20)


def test_a_wish_that_no_container_can_have_is_one_sentence(boxes):
    wishes = {"more processors than the": {"cpus": 4_096}, "less memory than": {"memory": "1m"}}
    runs = {words: boxes.submit("print(1)", **wish) for words, wish in wishes.items()}
    for words, run in runs.items():
        facts = boxes.end(run)
        assert facts["status"] == "Failed"
        assert words in facts["error"]["message"]
    boxes.wait_until_none_is_left()


def test_gpus_are_asked_for_by_their_numbers(docker_host, docker_engine, base_image, tmp_path):
    folder = RunFolder(tmp_path / "runs" / "x")
    folder.create()
    client = docker_engine.client.api
    made = container.create(
        client, folder, "x", Ground(image=base_image, gpus=(0, 2)), DockerSettings(), rootless=False
    )
    try:
        (asked,) = client.inspect_container(made)["HostConfig"]["DeviceRequests"]
    finally:
        client.remove_container(made, force=True)
    assert (asked["DeviceIDs"], asked["Capabilities"]) == (["0", "2"], [["gpu"]])


def test_a_container_that_a_lost_engine_made_after_all_makes_room(docker_host, docker_engine, base_image, tmp_path):
    folder = RunFolder(tmp_path / "runs" / "x")
    folder.create()
    client = docker_engine.client.api
    stale, made = (
        container.create(client, folder, "x", Ground(image=base_image), DockerSettings(), rootless=False)
        for _ in range(2)
    )
    try:
        assert container.find(client, folder, "x")["Id"] == made != stale
    finally:
        client.remove_container(made, force=True)


@pytest.mark.parametrize(("options", "mode"), [(("name=userns",), "host"), (("name=seccomp,profile=default",), "")])
def test_where_the_engine_maps_users_a_container_asks_for_the_machines(
    docker_host, base_image, docker_engine, tmp_path, monkeypatch, options, mode
):
    monkeypatch.setattr(engine, "_options", lambda where: options)
    folder = RunFolder(tmp_path / "runs" / "x")
    folder.create()
    client = docker_engine.client.api
    made = container.create(client, folder, "x", Ground(image=base_image), DockerSettings(), rootless=False)
    try:
        assert client.inspect_container(made)["HostConfig"]["UsernsMode"] == mode
    finally:
        client.remove_container(made, force=True)


@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="This machine has GPUs to give.")
def test_an_engine_that_has_no_gpus_to_give_is_one_sentence(docker_host, base_image, tmp_path):
    folder = RunFolder(tmp_path / "runs" / "x")
    folder.create()
    with pytest.raises(Exception, match="cannot give GPUs to containers. Install the NVIDIA"):
        DockerTarget().launch(folder, "x", Ground(image=base_image, gpus=(0,)))
