"""The docker target where there is no engine, and what its settings may say."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path

import pytest

from jupyter_mlws import Experiment, ScriptRunConfig, Workspace
from jupyter_mlws.containers import engine
from jupyter_mlws.domain.sizes import parse_size
from jupyter_mlws.errors import InvalidInput, Unavailable
from jupyter_mlws.runfolder.paths import RunFolder
from jupyter_mlws.runfolder.places import runtime_dir
from jupyter_mlws.targets.base import Ground
from jupyter_mlws.targets.docker import DockerTarget
from jupyter_mlws.targets.docker.container import _mounts
from jupyter_mlws.targets.docker.following import last_words
from jupyter_mlws.targets.docker.settings import DockerSettings


@pytest.fixture
def no_engine(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")


def test_a_missing_engine_is_one_sentence_at_the_submit(no_engine, tmp_path):
    experiment = Experiment(Workspace(tmp_path / "ws"), "x")
    (tmp_path / "train.py").touch()
    config = ScriptRunConfig(tmp_path, "train.py", compute_target="docker", environment="minimal")
    with pytest.raises(Unavailable, match="Docker engine does not answer.*Install and start Docker"):
        experiment.submit(config)


def test_a_missing_engine_is_told_where_targets_are_listed(no_engine):
    found = DockerTarget().describe()
    assert "does not answer" in found.note
    assert DockerTarget().obstacle(0) == "waiting for the Docker engine"


def test_an_engine_of_another_machine_is_refused(monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(Unavailable, match="cannot see the folders of runs"):
        engine.connect()


def test_without_any_socket_there_is_no_engine(monkeypatch, tmp_path):
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(engine, "_SYSTEM_SOCKET", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(Unavailable, match="There is no Docker engine on this machine"):
        engine.connect()


@pytest.mark.parametrize(("text", "size"), [("512m", 512 << 20), ("4g", 4 << 30), ("1.5 GiB", 3 << 29), ("7", 7)])
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MLWS_DOCKER_SLOTS", "0"),
        ("MLWS_DOCKER_SLOTS", "-1"),
        ("MLWS_DOCKER_CPUS", "many"),
        ("MLWS_DOCKER_CPUS", "nan"),
        ("MLWS_DOCKER_MEMORY", "4 apples"),
        ("MLWS_DOCKER_SHM", "-1"),
        ("MLWS_DOCKER_PIDS", "1e3"),
        ("MLWS_DOCKER_NETWORK", "container:../x y"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInput, match=name):
        DockerSettings.read()


@pytest.mark.parametrize(
    ("state", "away", "words"),
    [
        ({"OOMKilled": True, "ExitCode": 137}, False, "its memory of 96 MiB was full"),
        ({"ExitCode": 137}, False, "killed from outside"),
        ({"ExitCode": 143}, False, "stopped from outside"),
        ({"ExitCode": 127}, False, "no python3"),
        ({"ExitCode": 137}, True, "The Docker engine was stopped"),
        ({"ExitCode": 5}, False, "exit code 5"),
    ],
)
def test_how_a_container_ended_is_one_sentence(state, away, words):
    assert words in last_words({"State": state, "HostConfig": {"Memory": 96 << 20}}, away)


def test_no_data_opens_the_machine(monkeypatch, tmp_path):
    """What is linked may be the wish of somebody else, whose run is done again here."""
    with socket.socket(socket.AF_UNIX) as listening:
        place = Path(tempfile.mkdtemp(prefix="mlws-"))
        listening.bind(str(place / "engine.sock"))
        monkeypatch.setenv("DOCKER_HOST", f"unix://{place}/engine.sock")
        (tmp_path / "data").mkdir()
        (tmp_path / "run").mkdir()
        (tmp_path / "way").symlink_to("/proc")
        (tmp_path / "file").touch()
        os.mkfifo(tmp_path / "pipe")
        data = ("data", "file", "run", "way", "way/self", "pipe", "nothing", ".")
        wanted = (*(str(tmp_path / name) for name in data), str(place), str(place / "engine.sock"))
        wanted += ("/", "//", "/proc", "/sys/kernel", "/dev", "/dev/null", "/run", "/var/run", str(runtime_dir()))
        ground = Ground(data=wanted)
        found = _mounts(RunFolder(tmp_path / "run"), ground)
        shutil.rmtree(place)
    assert [each["Target"] for each in found[2:]] == [str(tmp_path / "data"), str(tmp_path / "file")]
    assert all(each["ReadOnly"] for each in found[1:])
