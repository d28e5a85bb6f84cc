"""What is collected of a run folder, and what never is."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
from needs import lacking

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.dispatcher import collecting
from jupyter_mlws.dispatcher.collecting import Collector, baseline_of
from jupyter_mlws.domain.file import FileKind, RunFile
from jupyter_mlws.errors import StorageFull
from jupyter_mlws.runfolder.paths import RunFolder

CANARY = b"root:x:0:0: not to be stored"


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "digits_1_ab").create()


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "passwd"
    path.write_bytes(CANARY)
    return path


def write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def take(collector: Collector) -> list[RunFile]:
    """What was collected since the last time."""
    found = collector.pending
    collector.recorded()
    return found


def everything(collector: Collector) -> list[RunFile]:
    collector.everything()
    return take(collector)


def named(files: list[RunFile]) -> dict[str, str]:
    return {file.name: file.kind.value for file in files}


def nothing_leaked(tmp_path: Path) -> bool:
    return not any(CANARY in path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file())


def test_files_are_named_as_the_script_sees_them(folder, blobs):
    write(folder.code / "work" / "old.csv")
    write(folder.code / "lib" / "util.py")
    before = baseline_of(folder)
    write(folder.outputs / "model" / "weights.bin")
    write(folder.logs / "train.log")
    write(folder.uploads / "plots" / "roc.png")
    write(folder.results / "display.jsonl")
    write(folder.std_log)
    write(folder.agent_log)
    write(folder.logs / "environment.log")
    write(folder.code / "work" / "preds.csv")
    write(folder.code / "lib" / "util.py", "changed")
    write(folder.code / "work" / "__pycache__" / "x.pyc")
    found = everything(Collector(folder, "work", before, blobs))
    assert named(found) == {
        "outputs/model/weights.bin": "output",
        "logs/train.log": "output",
        "plots/roc.png": "output",
        "display.jsonl": "result",
        "preds.csv": "output",
        "@project/lib/util.py": "output",
        "std.log": "log",
        "agent.log": "log",
        "environment.log": "log",
    }
    by_name = {file.name: file for file in found}
    assert blobs.read(by_name["@project/lib/util.py"].digest) == b"changed"


def test_a_file_is_collected_once_and_again_when_it_changed(folder, blobs):
    collector = Collector(folder, "", {}, blobs)
    path = write(folder.outputs / "a.txt")
    assert named(everything(collector)) == {"outputs/a.txt": "output"}
    assert everything(collector) == []
    path.write_text("longer")
    assert named(everything(collector)) == {"outputs/a.txt": "output"}


def test_another_dispatcher_does_not_collect_again_what_is_known(folder, blobs):
    write(folder.outputs / "a.txt")
    known = everything(Collector(folder, "", {}, blobs))
    assert everything(Collector(folder, "", {}, blobs, known)) == []


def test_a_file_is_taken_once_it_has_settled_and_ever_less_often_while_it_goes_on_changing(folder, blobs, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(collecting.time, "monotonic", lambda: clock[0])
    collector = Collector(folder, "", {}, blobs, settle_s=1.0)
    path = write(folder.outputs / "checkpoint.bin", "0")

    def look(after: float) -> int:
        clock[0] += after
        collector.settled()
        return len(take(collector))

    assert [look(0), look(0.5)] == [0, 0]
    path.write_text("01")
    assert [look(0.6), look(0.9), look(0.2), look(5)] == [0, 0, 1, 0]
    path.write_text("012")
    assert [look(0.1), look(1.5), look(0.6)] == [0, 0, 1]
    path.write_text("0123")
    assert [look(0.1), look(3.5), look(0.6)] == [0, 0, 1]
    path.write_text("01234")
    assert named(everything(collector)) == {"outputs/checkpoint.bin": "output"}


def test_P11_a_link_in_outputs_is_named_in_a_warning_and_its_target_never_stored(folder, blobs, secret, tmp_path):
    (folder.outputs / "loot.txt").symlink_to(secret)
    (folder.outputs / "sub").mkdir()
    (folder.outputs / "sub" / "up").symlink_to(tmp_path)
    (folder.code / "loot.txt").symlink_to(secret)
    (folder.uploads / "loot.txt").symlink_to(secret)
    (folder.results / "loot.txt").symlink_to(secret)
    folder.std_log.symlink_to(secret)
    collector = Collector(folder, "", {}, blobs)
    assert everything(collector) == []
    collector.named("outputs/loot.txt")
    assert collector.pending == []
    assert any("outputs/loot.txt is a symbolic link" in sentence for sentence in collector.warnings)
    assert nothing_leaked(tmp_path)


@pytest.mark.parametrize("name", ["outputs", "logs", "uploads", "results", "code"])
def test_P11_a_whole_folder_replaced_by_a_link_gives_nothing(folder, blobs, secret, tmp_path, name):
    place = folder.path / name
    for entry in place.iterdir():
        entry.unlink()
    place.rmdir()
    (tmp_path / "elsewhere").mkdir()
    secret.rename(tmp_path / "elsewhere" / "passwd")
    place.symlink_to(tmp_path / "elsewhere")
    assert everything(Collector(folder, "", {}, blobs)) == []
    assert nothing_leaked(tmp_path)


def test_P11_a_file_swapped_for_a_link_after_it_was_seen_is_not_followed(folder, blobs, secret, tmp_path, monkeypatch):
    path = write(folder.outputs / "a.txt")
    collector = Collector(folder, "", {}, blobs)
    found = list(collector._find())
    path.unlink()
    path.symlink_to(secret)
    collector._store(found)
    assert collector.pending == []
    assert nothing_leaked(tmp_path)


def test_F41_pipes_sockets_and_unreadable_files_are_named_and_hold_nobody_up(folder, blobs, tmp_path, monkeypatch):
    os.mkfifo(folder.outputs / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder.outputs)
        listening.bind("socket")
        write(folder.outputs / "good.txt")
        collector = Collector(folder, "", {}, blobs)
        assert named(everything(collector)) == {"outputs/good.txt": "output"}
    assert sum("no plain file" in sentence for sentence in collector.warnings) == 2


def test_a_file_above_the_limit_is_left_where_it_can_be_found(folder, blobs):
    write(folder.outputs / "large.bin", "0" * 100)
    write(folder.code / "large.bin", "1" * 100)
    collector = Collector(folder, "", {}, blobs, max_bytes=50)
    assert everything(collector) == []
    assert any("outputs/large.bin has 100 bytes" in sentence and "left" in sentence for sentence in collector.warnings)
    collector.keep_left()
    assert (folder.path / "left" / "outputs" / "large.bin").read_text() == "0" * 100
    assert (folder.path / "left" / "large.bin").read_text() == "1" * 100


def test_a_file_of_a_time_that_no_calendar_has_is_kept(blobs):
    """As tmpfs, btrfs and others keep it."""
    if not os.access("/dev/shm", os.W_OK):
        lacking("This needs /dev/shm, a file system that takes any time.")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as place:
        folder = RunFolder(place).create()
        for year, name in ((1e12, "late"), (-1e12, "early")):
            os.utime(write(folder.outputs / name), (year, year))
        collector = Collector(folder, "", {}, blobs)
        assert [(file.name, file.modified_at.year) for file in everything(collector)] == [
            ("outputs/early", 1970),
            ("outputs/late", 1970),
        ]
        assert everything(collector) == []


def test_a_sparse_file_counts_by_its_logical_size(folder, blobs):
    with open(folder.outputs / "sparse", "wb") as file:
        file.truncate(1 << 40)
    assert everything(Collector(folder, "", {}, blobs)) == []


@pytest.mark.parametrize("name", ["a\nb", "back\\slash", "x\x7f", "%2e%2e", "\udcff.bin"])
def test_a_file_of_an_unusual_name_is_kept_under_a_plain_one(folder, blobs, name):
    write(folder.outputs / name)
    collector = Collector(folder, "", {}, blobs)
    (file,) = everything(collector)
    assert file.name.startswith("outputs/")
    assert not set(file.name) & set("\n\\\x7f%:")
    assert file.name.encode()
    assert everything(collector) == []


def test_a_model_file_is_collected_at_once_when_it_is_asked_for(folder, blobs):
    write(folder.outputs / "model" / "a.bin")
    write(folder.outputs / "model" / "b.bin")
    write(folder.outputs / "model.txt")
    collector = Collector(folder, "", {}, blobs)
    collector.named("outputs/model")
    assert set(named(take(collector))) == {"outputs/model/a.bin", "outputs/model/b.bin"}
    collector.named("outputs/model")
    assert take(collector) == []


def test_links_and_files_of_the_snapshot_itself_are_no_news(folder, blobs):
    write(folder.code / "data.csv")
    (folder.code / "link").symlink_to("data.csv")
    collector = Collector(folder, "", baseline_of(folder), blobs)
    assert everything(collector) == []
    assert collector.warnings == {}


def test_deep_and_many_folders_are_walked(folder, blobs):
    deep = folder.outputs.joinpath(*["d"] * 60)
    write(deep / "end.txt")
    (file,) = everything(Collector(folder, "", {}, blobs))
    assert (file.name, file.kind) == ("outputs/" + "d/" * 60 + "end.txt", FileKind.OUTPUT)


def test_what_was_stored_stays_pending_until_it_is_recorded(folder, blobs, monkeypatch):
    """A full disk or a busy database between the two must not lose a file."""
    write(folder.outputs / "a.txt")
    write(folder.outputs / "b.txt")
    collector = Collector(folder, "", {}, blobs)
    real = blobs.put_stream

    def full_at_the_second(file):
        monkeypatch.setattr(blobs, "put_stream", real)
        found = real(file)
        monkeypatch.setattr(blobs, "put_stream", fail)
        return found

    def fail(file):
        raise StorageFull("The disk is full.")

    monkeypatch.setattr(blobs, "put_stream", full_at_the_second)
    with pytest.raises(StorageFull):
        collector.everything()
    monkeypatch.setattr(blobs, "put_stream", real)
    assert set(named(everything(collector))) == {"outputs/a.txt", "outputs/b.txt"}
    assert everything(collector) == []
