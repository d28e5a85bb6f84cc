"""Child runs that a script makes: recorded, followed, ended, by a real dispatcher."""

from __future__ import annotations

import time

from jupyter_mlws import workspace as room
from jupyter_mlws.api.interface import NOUNS
from jupyter_mlws.api.routes import operations
from jupyter_mlws.dispatcher.permits import allowed_operations
from jupyter_mlws.domain.status import RunStatus

# What a script sees of its run folder, and what the SDK does with it, by hand: the wire itself is tested here.
BY_HAND = """
import json, os, sys, time
from pathlib import Path
from jupyter_mlws.api.codec import to_builtins
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.runfolder import mailbox
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.journal_writer import JournalWriter
from jupyter_mlws.runfolder.values import ValuesWriter

job = get_job_context()
ROOT, ME = Path(job.folder), job.facts["run_id"]

def place(run):
    return ROOT if run == ME else ROOT / "children" / run

def make(run, *ids, **facts):
    for child in ids:
        for name in ("journal", "values", "outputs", "uploads", "mailbox/requests", "mailbox/replies"):
            (place(child) / name).mkdir(parents=True)
    items = [{"id": child, **facts} for child in ids]
    return mailbox.post(place(run), "runs.create_children", {"run": run, "children": {"items": items}})

def end(run, status="Completed", error=None):
    return mailbox.post(place(run), "runs.end", {"run": run, "end": {"status": status, "error": error}})

def log(run, n=1):
    writer = JournalWriter(place(run))
    for i in range(n):
        writer.log("loss", float(i))

def ask(operation, by=ME, **arguments):
    return mailbox.wait_reply(place(by), mailbox.post(place(by), operation, arguments), 30)

def refused(operation, by=ME, **arguments):
    try:
        return ask(operation, by, **arguments)
    except MlwsError as error:
        return error.code

def wait_for(name):
    while not (ROOT / "outputs" / name).exists():
        time.sleep(0.01)
"""


def children_of(bench, run):
    return sorted(bench.api.runs.list(parent=run.id, limit=200).items, key=lambda child: child.number)


def points(bench, run_id):
    return {series.name: series.count for series in bench.api.metrics.list(run_id).items}


def test_children_are_recorded_with_their_points_files_and_own_ends(bench):
    run = bench.submit(
        BY_HAND
        + """
make(ME, "a_1", "a_2", "a_3", display_name="fold", tags={"k": "v"}, params={"lr": "0.1"})
make("a_1", "a_1_1")
for child, n in (("a_1", 3), ("a_2", 5000), ("a_1_1", 2)):
    log(child, n)
ValuesWriter(place("a_1")).append("rows", "row", {"x": 1}, description="one")
(place("a_2") / "outputs" / "model.bin").write_bytes(b"weights")
(place("a_2") / "uploads" / "plot.png").write_bytes(b"picture")
mailbox.post(place("a_2"), "runs.update", {"run": "a_2", "update": {"tags": {"late": "yes"}}})
wish = {"name": "net", "run_id": "a_2", "path": "outputs/model.bin"}
mailbox.post(place("a_2"), "models.register", {"registration": wish})
end("a_1_1")
end("a_2", "Failed", {"code": "ValueError", "message": "diverged"})
"""
    )
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED, record.error
    assert record.warnings == ()
    assert (record.child_count, record.children_ended) == (3, 3)
    first, second, third = children_of(bench, run)
    assert (first.id, first.kind, first.display_name, first.params) == ("a_1", "child", "fold", {"lr": "0.1"})
    assert (first.parent_id, first.experiment, first.snapshot_id) == (run.id, "digits", run.snapshot_id)
    assert first.status is third.status is RunStatus.COMPLETED
    assert second.status is RunStatus.FAILED
    assert second.error.message == "diverged"
    assert second.tags == {"k": "v", "late": "yes"}
    (below,) = children_of(bench, first)
    assert (below.id, below.status, points(bench, below.id)) == ("a_1_1", RunStatus.COMPLETED, {"loss": 2})
    assert points(bench, "a_1") == {"loss": 3}
    assert points(bench, "a_2") == {"loss": 5000}
    assert bench.api.metrics.values("a_1", "rows").items[0].value == {"x": 1}
    assert bench.files(second) == ["outputs/model.bin", "plot.png"]
    assert bench.api.models.get("net", 1).run_id == "a_2"
    assert bench.files(run) == []
    left = ["job.json", "state.jsonl"]  # soon after the end
    bench.wait(lambda: sorted(path.name for path in bench.run_folder(run).iterdir()) == left)


def test_open_children_end_as_their_own_parent_did(bench):
    run = bench.submit(
        BY_HAND
        + """
make(ME, "b_1", "b_2", "b_3")
make("b_1", "b_1_1")
make("b_2", "b_2_1")
end("b_1", "Completed")
end("b_2", "Failed", {"code": "x", "message": "no luck"})
raise SystemExit("boom")
"""
    )
    record = bench.ended(run)
    assert record.status is RunStatus.FAILED
    assert record.children_ended == 3
    found = {child: bench.api.runs.get(child) for child in ("b_1", "b_1_1", "b_2", "b_2_1", "b_3")}
    assert found["b_1"].status is found["b_1_1"].status is RunStatus.COMPLETED
    assert found["b_2_1"].error.message == "Its parent run ended: no luck"
    assert found["b_3"].status is RunStatus.FAILED
    assert found["b_3"].error.message.startswith("Its parent run ended: The script")


def test_a_canceled_child_keeps_its_points_and_a_canceled_parent_ends_them_all(bench):
    run = bench.submit(
        BY_HAND
        + """
make(ME, "c_1", "c_2")
log("c_1", 3)
wait_for("go")
log("c_1", 4)
(ROOT / "outputs" / "went").touch()
time.sleep(600)
"""
    )
    bench.wait(lambda: len(children_of(bench, run)) == 2)
    assert bench.api.runs.cancel("c_1").status is RunStatus.CANCELED
    assert bench.api.runs.get(run.id).status is RunStatus.RUNNING
    (bench.run_folder(run) / "outputs" / "go").touch()
    bench.wait(lambda: (bench.run_folder(run) / "outputs" / "went").exists())
    assert bench.api.runs.cancel(run.id).status is RunStatus.CANCEL_REQUESTED
    assert bench.ended(run).status is RunStatus.CANCELED
    assert [child.status for child in children_of(bench, run)] == [RunStatus.CANCELED] * 2
    assert points(bench, "c_1") == {"loss": 7}
    assert bench.api.runs.get(run.id).children_ended == 2


def test_the_next_dispatcher_takes_up_children_where_the_one_before_left_them(bench):
    run = bench.submit(
        BY_HAND
        + """
make(ME, "d_1", "d_2")
log("d_1", 10)
wait_for("go")
log("d_1", 10)
log("d_2", 10)
make(ME, "d_3")
end("d_1")
"""
    )
    bench.wait(lambda: points(bench, "d_1") == {"loss": 10} if children_of(bench, run) else None)
    room.stop_dispatcher(bench.folder)
    (bench.run_folder(run) / "outputs" / "go").touch()
    record = bench.ended(run)
    assert (record.status, record.child_count, record.children_ended) == (RunStatus.COMPLETED, 3, 3)
    assert points(bench, "d_1") == {"loss": 20}
    assert points(bench, "d_2") == {"loss": 10}


def test_a_script_is_answered_about_what_it_wrote_before_it_asked(bench):
    run = bench.submit(
        BY_HAND
        + """
make(ME, "e_1")
for i in range(1, 4):
    log("e_1", 100)
    ValuesWriter(ROOT).append("table", "table", {"n": [i]})
    (place("e_1") / "outputs" / f"{i}.txt").write_text("x" * i)
    assert [s["count"] for s in ask("metrics.list", run="e_1")["items"]] == [100 * i]
    assert len(ask("metrics.values", run=ME, name="table")["items"]) == i
    assert [f["size_bytes"] for f in ask("files.list", by="e_1", run="e_1")["items"]] == list(range(1, i + 1))
mailbox.post(place("e_1"), "runs.update", {"run": "e_1", "update": {"tags": {"n": "1"}}})
end("e_1")
(child,) = ask("runs.list", parent=ME)["items"]
assert (child["id"], child["tags"], child["status"]) == ("e_1", {"n": "1"}, "Completed")
request = mailbox.post(ROOT, "files.download", {"run": "e_1", "name": "outputs/3.txt"})
said = mailbox.wait_reply(ROOT, request, 30)
assert (said["name"], said["size_bytes"]) == ("3.txt", 3), said
assert (ROOT / "mailbox/replies" / f"{request}.bin").read_bytes() == b"xxx"
assert ask("runs.get", run=ME)["child_count"] == 1
assert ask("experiments.get", name="digits")["name"] == "digits"
assert ask("snapshots.get", snapshot=ask("runs.get", run=ME)["snapshot_id"])["entries"]
assert "name" in ask("workspace.info")
"""
    )
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED, record.error
    assert record.warnings == ()


def test_a_script_learns_nothing_of_other_experiments(bench):
    other = bench.submit("open('outputs/w', 'w').write('secret')", experiment="other")
    bench.ended(other)
    run = bench.submit(
        BY_HAND
        + """
other = sys.argv[1]
for operation in ("runs.get", "files.list", "metrics.list", "metrics.typed", "logs.read"):
    assert refused(operation, run=other) == "forbidden", operation
assert refused("files.download", run=other, name="outputs/w") == "forbidden"
assert refused("metrics.read", run=other, name="loss") == "forbidden"
assert refused("metrics.values", run=other, name="loss") == "forbidden"
assert refused("experiments.get", name="other") == "forbidden"
assert refused("experiments.list") == "forbidden"
assert refused("runs.list", experiment="other") == "forbidden"
assert refused("runs.cancel", run=other) == "forbidden"
assert refused("runs.update", run=other, update={"tags": {"a": "b"}}) == "forbidden"
assert refused("runs.create_children", run=other, children={"items": [{"id": "x_1"}]}) == "forbidden"
assert refused("runs.end", run=other, end={"status": "Completed"}) == "forbidden"
assert refused("runs.get", run="nobody_1") == "not_found"
assert refused("runs.get") == "invalid_input"
assert refused("runs.list", nonsense=1) == "invalid_input"
assert [r["id"] for r in ask("runs.list")["items"]] == [ME]
""",
        arguments=[other.id],
    )
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED, record.error
    assert record.error is None


def test_a_script_that_says_it_failed_has_failed_whatever_its_exit_code(bench):
    run = bench.submit(BY_HAND + """end(ME, "Failed", {"code": "no_data", "message": "The data is empty."})\n""")
    record = bench.ended(run)
    assert record.status is RunStatus.FAILED
    assert (record.error.code, record.error.message, record.error.exit_code) == ("no_data", "The data is empty.", 0)


def test_a_thousand_children_are_followed_without_being_felt(bench):
    run = bench.submit(
        BY_HAND
        + """
ids = [f"k_{i}" for i in range(1000)]
make(ME, *ids)
for child in ids[:100]:
    log(child, 3)
    end(child)
while ask("runs.get", run=ME)["children_ended"] < 100:
    time.sleep(0.05)
wait_for("go")
"""
    )
    bench.wait(lambda: bench.api.runs.get(run.id).children_ended == 100)
    pid = bench.api.workspace.info().dispatcher.pid
    time.sleep(1)
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(3)
    share = (cpu_seconds(pid) - before) / (time.monotonic() - began)
    (bench.run_folder(run) / "outputs" / "go").touch()
    record = bench.ended(run)
    assert (record.child_count, record.children_ended) == (1000, 1000)
    assert share < 0.25, share


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_hostile_children_harm_nobody_and_are_told_why(bench, tmp_path):
    (tmp_path / "outside" / "uploads").mkdir(parents=True)
    (tmp_path / "outside" / "uploads" / "loot.txt").write_text("secret")
    run = bench.submit(
        BY_HAND
        + """
def wish(*ids):
    return {"items": [{"id": child} for child in ids]}

for child in ("../up", "a/b", "", ".", "h" * 241, "a\\0b", "12", 7):
    code = refused("runs.create_children", run=ME, children=wish(child))
    assert code in ("invalid_name", "too_large", "invalid_input"), (child, code)
assert refused("runs.create_children", run=ME, children=wish()) == "invalid_input"
assert refused("runs.create_children", run=ME, children=wish("x", "x")) == "invalid_input"
assert refused("runs.create_children", run=ME, children=wish(ME)) == "already_exists"
assert refused("runs.create_children", run=ME, children=wish(*(f"n{i}" for i in range(1001)))) == "too_large"
assert refused("runs.create_children", run="h_9", children=wish("y")) == "forbidden"
assert refused("runs.end", run=ME, end={"status": "Running"}) == "invalid_input"
assert refused("runs.end", run=ME, end={"status": "Failed"}) == "invalid_input"

outside = Path(sys.argv[1])
(ROOT / "children").mkdir()
(ROOT / "children" / "h_1").symlink_to(outside)
assert len(ask("runs.create_children", run=ME, children=wish("h_1", "h_2"))["items"]) == 2
assert ask("files.list", run="h_1")["items"] == []
make(ME, "h_3")
(place("h_3") / "outputs").rmdir()
(place("h_3") / "outputs").symlink_to(outside / "uploads")
(place("h_3") / "mailbox" / "replies").rmdir()
(place("h_3") / "mailbox" / "replies").symlink_to(outside)
mailbox.post(place("h_3"), "runs.get", {"run": "h_3"})
end("h_3")
assert ask("runs.get", run="h_3")["status"] == "Completed"
assert ask("files.list", run="h_3")["items"] == []
""",
        arguments=[str(tmp_path / "outside")],
    )
    record = bench.ended(run)
    assert record.status is RunStatus.COMPLETED, record.error
    assert (record.child_count, record.children_ended) == (3, 3)
    assert [path.name for path in (tmp_path / "outside").rglob("*")] == ["uploads", "loot.txt"]


def test_a_script_is_handed_the_files_of_a_model_once(bench):
    first = bench.submit(
        "import os\nos.mkdir('outputs/net')\nopen('outputs/net/a.bin', 'w').write('weights')\n"
        "import jupyter_mlws as mlws\nmlws.Run.get_context().register_model('net', 'outputs/net')"
    )
    bench.ended(first)
    run = bench.submit(
        BY_HAND
        + """
model = ask("models.fetch", name="net", version=1)
file = ROOT / "inputs" / "models" / "net" / "1" / "net" / "a.bin"
assert file.read_text() == "weights"
assert [f["path"] for f in model["files"]] == ["net/a.bin"]
before = file.stat().st_mtime_ns
ask("models.fetch", name="net", version=0)
assert file.stat().st_mtime_ns == before
assert refused("models.fetch", name="net", version=2) == "not_found"
assert refused("models.update", name="net", version=1, update={"tags": {"a": "b"}}) == "forbidden"
file.unlink()
file.parent.rmdir()
file.parent.symlink_to("/tmp")
assert refused("models.fetch", name="net", version=1) == "wrong_state"
""",
        experiment="other",
    )
    assert bench.ended(run).status is RunStatus.COMPLETED, bench.api.runs.get(run.id).error


def test_every_operation_that_a_job_may_ask_has_a_limit():
    declared = {
        operation.id
        for noun, protocol in NOUNS.items()
        for operation in operations(noun, protocol)
        if operation.from_job
    }
    assert set(allowed_operations()) == declared


def test_questions_that_nobody_waits_for_keep_nothing_from_being_carried_out(bench):
    run = bench.submit(
        BY_HAND
        + """
for i in range(250):
    mailbox.post(ROOT, "files.list", {"run": ME})
mailbox.post(ROOT, "runs.update", {"run": ME, "update": {"tags": {"last": "word"}}})
"""
    )
    record = bench.ended(run)
    assert (record.status, record.tags, record.warnings) == (RunStatus.COMPLETED, {"last": "word"}, ())
