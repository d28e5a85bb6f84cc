"""A run, or a whole workspace, as one file: what goes in comes out, anywhere, once, and nothing of a broken one."""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from archives import LOG, OLD, add_run, everything, exported, fill, forge, imported, leave, parts, services

from jupyter_mlws.domain.rerun import Rerun
from jupyter_mlws.domain.status import RunStatus
from jupyter_mlws.errors import (
    ArchiveError,
    InvalidInput,
    MlwsError,
    NotFound,
    Unavailable,
    WrongState,
)
from jupyter_mlws.services import Services
from jupyter_mlws.store import Store
from jupyter_mlws.store.runs import get_submission

# -- there and back


def test_all_that_a_workspace_holds_is_told_alike_after_every_journey(
    make: Callable[[str], Services],
    store_factory: Callable[..., Store],
    tmp_path: Path,
) -> None:
    first, last = make("first"), make("last")
    middle = services(store_factory(), tmp_path / "middle", "middle")
    fill(first, tmp_path / "project")
    there = exported(first)
    report = imported(middle, there)
    assert (report.runs_added, report.models_added, report.runs_renumbered) == (6, 2, 0)
    assert everything(middle) == everything(first)
    back = exported(middle)
    imported(last, back)
    assert everything(last) == everything(first)
    assert {name: data for name, data in parts(back).items() if name != "mlws-archive.json" and "dig" not in name} == {
        name: data for name, data in parts(there).items() if name != "mlws-archive.json" and "dig" not in name
    }


def test_a_second_import_adds_nothing(here: Services, there: Services, tmp_path: Path) -> None:
    fill(here, tmp_path / "project")
    archive = exported(here)
    first = imported(there, archive)
    before = everything(there)
    again = imported(there, archive)
    assert (again.runs_added, again.models_added, again.blobs_added, again.experiments_added) == (0, 0, 0, 0)
    assert (again.runs_known, again.models_known) == (first.runs_added, first.models_added)
    assert everything(there) == before
    assert imported(here, archive).runs_added == 0


def test_one_run_takes_its_descendants_and_models_along(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    report = imported(there, exported(here, run=str(made["sweep"].number)))
    assert (report.runs_added, report.models_added) == (3, 0)
    assert [child.params["lr"] for child in there.runs.list(parent=made["sweep"].id).items] == ["2", "1"]
    report = imported(there, exported(here, run=made["rich"].id))
    assert (report.runs_added, report.models_added) == (1, 2)
    assert there.models.get("digits", 0).run_id == made["rich"].id


def test_a_filter_chooses_runs(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    report = imported(there, exported(here, filter="tags.owner = 'ada'"))
    assert report.run_ids == (made["rich"].id,)
    with pytest.raises(InvalidInput):
        exported(here, run="1", filter="tags.owner = 'ada'")
    with pytest.raises(NotFound):
        exported(here, run="99")


# -- numbers and names that are taken


def test_a_number_stays_where_it_is_free_and_gives_way_where_it_is_taken(here: Services, there: Services) -> None:
    one, two, three = (add_run(here, display_name=name) for name in ("one", "two", "three"))
    mine = add_run(there, display_name="mine")
    report = imported(there, exported(here, run=one.id))
    assert report.runs_renumbered == 1
    assert "another number" in str(report)
    assert there.runs.get(one.id).number == 2
    imported(there, exported(here, run=three.id))
    assert there.runs.get(three.id).number == 3
    imported(there, exported(here, run=two.id))
    assert there.runs.get(two.id).number == 4
    assert there.runs.get(mine.id) == mine
    assert add_run(there).number == 5
    assert [run.number for run in there.runs.list(search="two").items] == [4]


def test_children_follow_their_parent_to_its_new_number(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    for _ in range(3):
        add_run(there)
    imported(there, exported(here))
    sweep = there.runs.get(made["sweep"].id)
    assert sweep.number != made["sweep"].number
    assert {child.parent_id for child in there.runs.list(parent=str(sweep.number)).items} == {sweep.id}


def test_a_version_that_is_something_else_here_gives_way_and_says_so(
    here: Services, there: Services, tmp_path: Path
) -> None:
    fill(here, tmp_path / "project")
    fill(there, tmp_path / "other project")
    archive = exported(here)
    report = imported(there, archive)
    assert report.models_added == 2
    assert "The model digits:1 is digits:3 here: its number was taken." in report.notes
    assert there.models.get_by_alias("digits", "production").version == 2
    assert imported(there, archive).models_added == 0
    assert len(there.models.list(limit=100).items) == 4


# -- what is not in it, and what is here already


def test_a_run_that_lives_is_not_in_it_and_one_is_refused(here: Services, there: Services) -> None:
    add_run(here)
    live = add_run(here, ended=None, kind="sweep", sweep=({"a": "1"},))
    with pytest.raises(WrongState, match="has not ended"):
        exported(here, run=live.id)
    report = imported(there, exported(here))
    assert report.runs_added == 1
    assert report.notes == ("2 runs had not ended when the archive was written: not in it.",)


def test_what_is_in_the_trash_is_not_carried_and_stays_there(here: Services, there: Services) -> None:
    keep, drop = add_run(here), add_run(here)
    leave(here, drop, "outputs/a.bin", b"a")
    archive = exported(here)
    imported(there, archive)
    there.runs.delete(drop.id)
    assert [run.id for run in there.runs.list().items] == [keep.id]
    report = imported(there, archive)
    assert report.runs_known == 2
    assert report.notes == ("Run #2 is in the trash here, and stays there.",)
    assert [run.id for run in there.runs.list().items] == [keep.id]
    assert parts(exported(there))["records.jsonl"].count(b'{"run":') == 1


def test_nothing_is_added_below_a_run_that_is_in_the_trash(here: Services, there: Services, tmp_path: Path) -> None:
    made = fill(here, tmp_path / "project")
    first, _ = here.runs.list(parent=made["sweep"].id).items
    here.runs.delete(first.id)
    imported(there, exported(here))
    there.runs.delete(made["sweep"].id)
    before = there.runs.list(include_children=True)
    here.runs.restore(first.id)
    report = imported(there, exported(here))
    assert report.runs_added == 0
    assert any("not added: the run above it is in the trash" in note for note in report.notes)
    assert there.runs.list(include_children=True) == before


def test_a_parent_counts_the_children_that_an_import_brings_back(
    here: Services, there: Services, tmp_path: Path
) -> None:
    made = fill(here, tmp_path / "project")
    sweep = made["sweep"].id
    archive = exported(here)
    imported(there, archive)
    before = there.runs.get(sweep)
    first, _ = there.runs.list(parent=sweep).items
    there.runs.delete(first.id)
    there.trash.collect(everything=True)
    assert there.runs.get(sweep).child_count == before.child_count - 1
    assert imported(there, archive).runs_added == 1
    assert there.runs.get(sweep) == before
    assert [run for run in there.runs.list(limit=100).items if run.id == sweep] == [before]


def test_what_is_missing_of_a_known_run_is_added(here: Services, there: Services) -> None:
    run = add_run(here)
    leave(here, run, "outputs/a.bin", b"a" * 100)
    imported(there, exported(here))
    leave(here, run, "outputs/b.bin", b"b" * 100)
    report = imported(there, exported(here))
    assert (report.runs_known, report.blobs_added, report.added_bytes) == (1, 1, 100)
    assert there.files.download(run.id, "outputs/b.bin").read() == b"b" * 100


def test_bytes_that_were_lost_are_healed(here: Services, there: Services, tmp_path: Path) -> None:
    run = add_run(here)
    leave(here, run, "outputs/a.bin", b"a" * 100)
    archive = exported(here)
    imported(there, archive)
    digest = hashlib.sha256(b"a" * 100).hexdigest()
    blob = tmp_path / "there" / "blobs" / digest[:2] / digest[2:]
    blob.unlink()
    with pytest.raises(MlwsError):
        there.files.download(run.id, "outputs/a.bin").read()
    with pytest.raises(MlwsError, match="bytes of 1 of 1 files are gone"):
        exported(there)
    assert imported(there, archive).blobs_added == 1
    assert there.files.download(run.id, "outputs/a.bin").read() == b"a" * 100


# -- formats


def test_an_archive_of_format_1_is_read(there: Services) -> None:
    report = imported(there, OLD.read_bytes())
    assert (report.runs_added, report.models_added, report.snapshots_added, report.experiments_added) == (6, 2, 1, 3)
    rich = there.runs.get("1")
    assert (rich.display_name, rich.status, rich.tags["owner"]) == ("baseline µ", RunStatus.FAILED, "ada")
    assert {item.name: item.count for item in there.metrics.list("1").items} == {
        "loss": 5000,
        "a metric, late": 4,
        "accuracy": 1,
    }
    assert {item.name: item.type for item in there.metrics.typed("1").items} == {
        "rows": "row",
        "matrix": "confusion_matrix",
        "big": "table",
    }
    assert there.files.download("1", "std.log", "log").read() == LOG
    assert [file.path for file in there.models.get("digits", 1).files] == ["model/weights.bin", "model/ä.txt"]
    assert rich.snapshot_id is not None
    assert b"print" in there.snapshots.download_file(rich.snapshot_id, "train.py").read()


def test_a_newer_format_is_named_and_fields_of_a_newer_program_are_passed_over(there: Services) -> None:
    entries = parts(OLD.read_bytes())
    header = json.loads(entries["mlws-archive.json"])
    entries["mlws-archive.json"] = json.dumps(header | {"format": 2}).encode()
    with pytest.raises(ArchiveError, match="has format 2, and this version knows 1.*Update"):
        imported(there, forge(entries))
    entries["mlws-archive.json"] = json.dumps(header | {"mood": "good"}).encode()
    entries["records.jsonl"] = b'{"weather":{"sun":1}}\n' + entries["records.jsonl"].replace(
        b'{"run":{', b'{"run":{"mood":{"deep":[1]},'
    )
    entries["notes/readme.txt"] = b"of a newer program"
    assert imported(there, forge(entries)).runs_added == 6


def test_a_large_file_is_neither_packed_nor_held_in_memory(here: Services, there: Services) -> None:
    run, data = add_run(here), os.urandom(1 << 16) * 48
    leave(here, run, "outputs/large.bin", data)
    pieces = list(here.archives.export().chunks)
    assert max(map(len, pieces)) < 2 << 20
    archive = b"".join(pieces)
    imported(there, archive)
    assert there.files.download(run.id, "outputs/large.bin").read() == data


def test_Z08_variables_that_look_secret_are_not_carried_and_are_asked_for_again(
    here: Services, there: Services
) -> None:
    secret = {"HF_TOKEN": "CANARY", "DB": "postgresql://ada:CANARY@db/x", "dbPassword": "CANARY"}
    run = add_run(here, environment_variables=secret | {"OMP_NUM_THREADS": "2", "URL": "https://host:80/a@b"})
    archive = exported(here)
    assert not any(b"CANARY" in data for data in parts(archive).values())
    imported(there, archive)
    assert there.runs.get(run.id).environment_variables == here.runs.get(run.id).environment_variables
    with pytest.raises(InvalidInput, match="secrets") as asked:
        there.runs.rerun(run.id, Rerun())
    assert set(asked.value.details["secrets"]) == set(secret)
    again = there.runs.rerun(run.id, Rerun(secrets=secret))
    with there.store.read() as c:
        found = get_submission(c, again.id)
    assert found.environment_variables == {"OMP_NUM_THREADS": "2", "URL": "https://host:80/a@b"}


def test_O11_readers_that_never_finish_do_not_fill_the_disk(here: Services) -> None:
    leave(here, add_run(here), "outputs/x", b"x")
    readers = [here.archives.export() for _ in range(4)]
    for reader in readers:
        next(iter(reader.chunks))
    with pytest.raises(Unavailable, match="4 archives are being written") as busy:
        here.archives.export()
    assert busy.value.details["retry_after_s"]
    readers[0].chunks.close()
    assert here.archives.export().read()  # and its place is free again, though somebody keeps the object
    kept = here.archives.export()
    assert kept.read()
    with pytest.raises(NotFound):
        here.archives.export(run="99999")
    assert here.archives.export().read()
    del readers, reader
    gc.collect()
    assert len([here.archives.export() for _ in range(4)]) == 4
