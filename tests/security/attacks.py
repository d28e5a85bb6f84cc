"""What a hostile script can do to its run folder, the only thing that the dispatcher reads of it.

Each attack is a few lines of Python that run inside the job. `F` is the run folder, `OUT` a folder beside the workspace
that nobody of ours may touch, with the canary in ``OUT/secret.txt``; `OTHER` is the id of another run.
"""

from __future__ import annotations

__all__ = ["FOLDER_ATTACKS", "MAILBOX_ATTACKS", "PRELUDE", "flood"]

PRELUDE = """
import json, os, pathlib, shutil, struct, sys, time
F = pathlib.Path(os.environ["MLWS_RUN_FOLDER"])
OUT = pathlib.Path({outside!r})
OTHER = {other!r}
TB = 1 << 40

def ask(text, n=[0]):
    n[0] += 1
    name = "%016x-%08x.json" % (time.time_ns(), n[0])
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    (F / "mailbox/requests" / (name + ".tmp")).write_bytes(data)
    os.rename(F / "mailbox/requests" / (name + ".tmp"), F / "mailbox/requests" / name)
    return name

def update(**changes):
    arguments = {{"run": os.environ["MLWS_RUN_ID"], "update": changes}}
    return json.dumps({{"operation": "runs.update", "arguments": arguments}})

def request(operation, **arguments):
    return json.dumps({{"operation": operation, "arguments": arguments}})

def answered(name):
    until = time.monotonic() + 20
    while not (F / "mailbox/replies" / name).exists() and time.monotonic() < until:
        time.sleep(0.02)

def request_name(i):
    return "%016x-%08x.json" % (time.time_ns(), i)

def replace(name, target):
    path = F / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.symlink_to(target)

def sparse(name, size=TB):
    path = F / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab") as file:
        file.truncate(size)
"""

# Raw text of requests, none of which may have an effect; then the harmless ones, each of which must still be heard.
MAILBOX_ATTACKS: dict[str, str] = {
    "N14 types": """
for text in ("[]", "1", "null", '"x"', "{}", "", "{", '{"operation": 1, "arguments": {}}',
             '{"operation": "runs.update", "arguments": []}', '{"operation": "runs.update", "arguments": {}}',
             '{"operation": ["runs.update"], "arguments": {}}', '{"operation": {}, "arguments": {}}'):
    ask(text)
run = os.environ["MLWS_RUN_ID"]
for arguments in ({"run": ["a"], "update": {}}, {"run": None, "update": {}}, {"run": run, "update": []},
                  {"run": run, "update": {"tags": [1]}}, {"run": run, "update": {"tags": {"a": {"b": 1}}}},
                  {"run": run, "update": {"display_name": 1}}, {"run": run, "update": {"status": "Completed"}},
                  {"run": run, "update": {"owner": "victim"}}, {"run": run, "update": {}, "role": "admin"},
                  {"run": run}, {"registration": {}}, {"registration": {"name": 1, "run_id": 2, "path": 3}}):
    operation = "models.register" if "registration" in arguments else "runs.update"
    ask(json.dumps({"operation": operation, "arguments": arguments}))
""",
    "N08 other runs": """
for run in (OTHER, "1", "#1", "../" + OTHER, "/etc", "", ".", "*", "%", OTHER + "/../" + os.environ["MLWS_RUN_ID"]):
    ask(json.dumps({"operation": "runs.update", "arguments": {"run": run, "update": {"tags": {"owned": "yes"}}}}))
    ask(json.dumps({"operation": "models.register",
                    "arguments": {"registration": {"name": "stolen", "run_id": run, "path": "outputs/m.pkl"}}}))
""",
    "N08 other operations": """
for operation in ("runs.submit", "runs.cancel", "runs.get", "files.download", "snapshots.create", "workspace.wake",
                  "runs.__class__", "context.store", "__init__", "runs.update.__globals__", "", "runs", "os.system"):
    ask(json.dumps({"operation": operation, "arguments": {"run": os.environ["MLWS_RUN_ID"]}}))
""",
    "N08 children and ends of others": """
run = os.environ["MLWS_RUN_ID"]
for other in (OTHER, "1", "../" + OTHER, "*", "", None, [run]):
    ask(request("runs.create_children", run=other, children={"items": [{"id": run + "_x", "tags": {"owned": "yes"}}]}))
    ask(request("runs.end", run=other, end={"status": "Failed"}))
ask(request("runs.end", run=run, end={"status": "Running"}))
for child in (OTHER, run, "1", "../x", "a/b", "..", "", "a\\0b", "a\\ud800", "x" * 500, None, {}, -1):
    ask(request("runs.create_children", run=run, children={"items": [{"id": child, "tags": {"owned": "yes"}}]}))
ask(request("runs.create_children", run=run, children={"items": [{"id": "a%d" % i} for i in range(20_000)]}))
ask(request("models.update", name="digits", version=1, update={"tags": {"owned": "yes"}}))
ask(request("models.set_alias", name="digits", alias="production", version=1))
""",
    "N08 a child that is called as somebody else's run": """
run = os.environ["MLWS_RUN_ID"]
for name in ("1", "01", "0", "#1"):
    ask(request("runs.create_children", run=run, children={"items": [{"id": name}]}))
    answered(ask(request("runs.get", run=run)))
    ask(request("runs.update", run=name, update={"tags": {"owned": "yes"}}))
    (F / "outputs/m.pkl").write_text("mine")
    ask(request("models.register", registration={"name": "stolen", "run_id": name, "path": "outputs/m.pkl"}))
    ask(request("runs.end", run=name, end={"status": "Canceled"}))
""",
    "P01 P11 N08 questions about others": """
names = [ask(request(operation, **arguments)) for operation, arguments in (
    ("runs.list", {"experiment": "somebody-elses"}), ("runs.list", {"limit": 10**12, "filter": "(" * 10_000}),
    ("experiments.get", {"name": "../x"}), ("snapshots.get", {"snapshot": "0" * 64}),
    ("files.download", {"run": OTHER, "name": "../../../../etc/passwd"}),
    ("files.download", {"run": "../../x", "name": "a", "kind": "../x"}),
    ("logs.read", {"run": OTHER, "name": "/etc/passwd"}), ("logs.read", {"run": OTHER, "offset": -(2**70)}),
    ("logs.read", {"run": OTHER, "limit": 2**70}), ("models.fetch", {"name": "../../x", "version": 1}),
    ("models.download", {"name": "x", "version": 0, "path": "../x"}), ("archives.export", {}), ("trash.collect", {}),
    ("files.upload", {"run": OTHER, "name": "x"}), ("runs.rerun", {"run": OTHER, "rerun": {}}),
    ("runs.delete", {"run": OTHER}), ("folders.read", {"run": OTHER, "path": "control.json"}),
    ("metrics.export", {}), ("runs.start", {"start": {"experiment": "x"}}))]
for name in names:
    answered(name)
    if "root:" in (F / "mailbox/replies" / name).read_text():
        ask(update(tags={"owned": "yes"}))
ask("[]")
""",
    "P01 U01 paths of models": """
run = os.environ["MLWS_RUN_ID"]
for path in ("../../../../etc/passwd", "/etc/passwd", "file:///etc", "outputs/../../../x", "..\\\\x", "", ".", "*",
             str(OUT / "secret.txt"), "outputs/%2e%2e/%2e%2e/secret.txt", "a/" * 2000, "outputs/m\\0.pkl"):
    ask(json.dumps({"operation": "models.register",
                    "arguments": {"registration": {"name": "stolen", "run_id": run, "path": path}}}))
""",
    "V04 V05 text": """
for text in ("a\\ud800", "a\\0b", "x" * 900_000, "\\u202etxt.exe"):
    ask(update(description=text))
    ask(update(tags={text: text}))
    ask(json.dumps({"operation": text, "arguments": {}}))
    ask(json.dumps({"operation": "runs.update", "arguments": {text: 1}}))
    ask(json.dumps({"operation": "runs.update", "arguments": {"run": text, "update": {}}}))
ask(b"\\xff\\xfe{\\0}\\0")
ask(b"\\x80\\x04\\x95")
""",
    "O04 O05 V01 size and depth": """
ask("[" * 100_000)
ask('{"a":' * 50_000)
ask('{"operation": "runs.update", "arguments": {"update": {"tags": ' + '{"a":' * 900 + "1" + "}" * 900 + "}}}")
ask("1" * 10_000)
ask(update(tags={str(i): "x" for i in range(5000)}))
ask(update(description="x" * 2_000_000))
ask('{"operation": "runs.update", "arguments": {"run": NaN, "update": {"tags": {"a": Infinity}}}}')
ask('{"operation": "runs.update", "arguments": {"run": 1e999, "update": -0}}')
sparse("mailbox/requests/" + request_name(1))
""",
    "P11 P27 files that are none": """
requests = F / "mailbox/requests"
(requests / request_name(1)).symlink_to(OUT / "secret.txt")
(requests / request_name(2)).symlink_to("/dev/zero")
os.mkfifo(requests / request_name(3))
(requests / request_name(4)).mkdir()
(requests / request_name(5) / "full").mkdir(parents=True)
(requests / "../../../../etc.json").touch()
(requests / "not-ours.json").write_text(update(tags={"owned": "yes"}))
""",
}

# What is left of the folder after each of these is the script's own harm; the workspace goes on.
FOLDER_ATTACKS: dict[str, str] = {
    "P11 mailbox is a link": 'replace("mailbox", OUT)',
    "P11 requests is a link": 'replace("mailbox/requests", OUT / "requests")',
    "P11 replies is a link": 'replace("mailbox/replies", OUT); ask(update(tags={"a": "b"}))',
    "P11 requests is a file": 'shutil.rmtree(F / "mailbox/requests"); (F / "mailbox/requests").touch()',
    "P11 replies is a file": """
shutil.rmtree(F / "mailbox/replies"); (F / "mailbox/replies").touch(); ask(update(tags={"a": "b"}))
""",
    "P11 replies is read-only": 'os.chmod(F / "mailbox/replies", 0o500); ask(update(tags={"a": "b"}))',
    "P11 an answer is a link": """
name = request_name(1)
(F / "mailbox/replies" / name).symlink_to(OUT / "new.txt")
(F / "mailbox/requests" / name).write_text(update(tags={"a": "b"}))
""",
    "P11 outputs is a link": 'replace("outputs", OUT)',
    "P11 outputs leads to /etc": 'replace("outputs", "/etc")',
    "P11 links in outputs": """
os.symlink(OUT / "secret.txt", F / "outputs/loot.txt"); os.symlink(OUT, F / "outputs/loot")
os.symlink("/dev/zero", F / "outputs/zero"); os.mkfifo(F / "outputs/pipe"); os.symlink("loop", F / "outputs/loop")
""",
    "P11 logs is a link": 'shutil.rmtree(F / "logs"); (F / "logs").symlink_to(OUT)',
    "P11 std.log is a link": 'os.unlink(F / "logs/std.log"); os.symlink(OUT / "secret.txt", F / "logs/std.log")',
    "P27 std.log is a pipe": 'os.unlink(F / "logs/std.log"); os.mkfifo(F / "logs/std.log")',
    "P11 journal is a link": 'replace("journal", OUT)',
    "P11 code is a link": 'os.rename(F / "code", F / "moved"); os.symlink(OUT, F / "code")',
    "P11 results is a link": 'replace("results", OUT)',
    "P11 state is a link": 'os.unlink(F / "state.jsonl"); os.symlink(OUT / "secret.txt", F / "state.jsonl")',
    "P27 state is a pipe": 'os.unlink(F / "state.jsonl"); os.mkfifo(F / "state.jsonl")',
    "P27 heartbeat is a pipe": 'os.unlink(F / "heartbeat"); os.mkfifo(F / "heartbeat")',
    "P11 heartbeat is a link": 'os.unlink(F / "heartbeat"); os.symlink(OUT / "secret.txt", F / "heartbeat")',
    "P11 control is a link": 'os.symlink(OUT / "secret.txt", F / "control.json")',
    "P27 job is a pipe": 'os.unlink(F / "job.json"); os.mkfifo(F / "job.json")',
    "N10 job is rewritten": """
(F / "job.json").write_text(json.dumps({"run_id": OTHER, "working_directory": "../../..", "command": ["x"]}))
(F / "plan.json").write_text(json.dumps({"baseline": {"../../x": [1, 2]}, "warnings": ["x" * 100000]}))
""",
    "P11 left is a link": """
(F / "left").symlink_to(OUT)
sparse("outputs/large.bin", 1 << 31)
""",
    "P11 the folder itself is a link": """
away = F.with_name(F.name + "-away")
os.rename(F, away)
os.symlink(OUT, F)
""",
    "N14 state is nonsense": """
with open(F / "state.jsonl", "ab") as file:
    for line in ([], 1, None, {"event": []}, {"event": "started", "identity": {"pid": 1}},
                 {"event": "started", "identity": {"pid": -1}}, {"event": "started", "identity": []},
                 {"event": "script_started", "at": 1e300}, {"event": "script_started", "at": "now"},
                 {"event": "script_started", "at": -1e18}, {"event": "script_started", "at": 253402300800},
                 {"event": "finalizing", "at": float("nan")}, {"event": "x" * 100000}):
        file.write(json.dumps(line).encode() + b"\\n")
    file.write(b"[" * 100000 + b"\\n" + b"\\xff\\0\\n")
""",
    "N14 the end is forged": """
with open(F / "state.jsonl", "ab") as file:
    file.write(json.dumps({"event": "ended", "at": 1e300, "exit_code": [1], "signal": {"a": 1}, "reason": "x" * 9000,
                           "message": ["\\ud800"], "remaining": "all", "duration_s": "long"}).encode() + b"\\n")
""",
    "N14 the error is forged": """
with open(F / "state.jsonl", "ab") as file:
    file.write(json.dumps({"event": "ended", "at": -1, "exit_code": 10**40, "signal": "x" * 99999, "reason": "a\\0b",
                           "message": "a\\0b\\ud800"}).encode() + b"\\n")
(F / "results").mkdir(exist_ok=True)
(F / "results/error.json").write_text("[" * 100000)
odd = ["[" * 100000, '{"output_type": []}', "[]", '{"output_type": 1, "data": 1}']
(F / "results/display.jsonl").write_text("\\n".join(odd) + "\\n")
""",
    "P11 values is a link": 'replace("values", OUT)',
    "P11 uploads is a link": 'replace("uploads", OUT)',
    "P11 children is a link": """
run = os.environ["MLWS_RUN_ID"]
(F / "children").symlink_to(OUT)
answered(ask(request("runs.create_children", run=run, children={"items": [{"id": run + "_1"}]})))
""",
    "P11 a child is a link": """
run = os.environ["MLWS_RUN_ID"]
(F / "children").mkdir(exist_ok=True)
for n, target in enumerate((OUT, "/etc", F, F.parent, "loop")):
    (F / "children" / (run + "_%d" % n)).symlink_to(target)
    answered(ask(request("runs.create_children", run=run, children={"items": [{"id": run + "_%d" % n}]})))
(F / "children" / OTHER).mkdir()
(F / "children" / "..x").mkdir()
(F / "children" / "file").touch()
""",
    "P11 what is asked for is handed through a link": """
run = os.environ["MLWS_RUN_ID"]
(F / "outputs/m.pkl").write_text("mine")
wish = {"name": "mine", "run_id": run, "path": "outputs/m.pkl"}
answered(ask(request("models.register", registration=wish)))
shutil.rmtree(F / "inputs", ignore_errors=True)
(F / "inputs").symlink_to(OUT)
answered(ask(request("models.fetch", name="mine", version=1)))
(F / "inputs").unlink()
(F / "inputs/models/mine").mkdir(parents=True)
(F / "inputs/models/mine/2").symlink_to(OUT)
answered(ask(request("models.register", registration=wish | {"key": "again"})))
answered(ask(request("models.fetch", name="mine", version=2)))
(F / "inputs/models/mine/1").mkdir()
(F / "inputs/models/mine/1/m.pkl").symlink_to(OUT / "new.txt")
answered(ask(request("models.fetch", name="mine", version=1)))
""",
    "P11 the bytes of an answer are a link": """
(F / "outputs/a.txt").write_text("mine")
for n in range(3):
    name = request_name(n)
    (F / "mailbox/replies" / name.replace(".json", ".bin")).symlink_to(OUT / "new.txt")
    wish = request("files.download", run=os.environ["MLWS_RUN_ID"], name="outputs/a.txt")
    (F / "mailbox/requests" / (name + ".tmp")).write_text(wish)
    os.rename(F / "mailbox/requests" / (name + ".tmp"), F / "mailbox/requests" / name)
    answered(name)
""",
    "D10 V01 values that are none": """
(F / "values").mkdir(exist_ok=True)
lines = ["[" * 100_000, "{}", "[]", "null", "\\udcff\\udcfe", '{"name": 1}', '{"name": "", "type": "list", "value": 1}',
         '{"name": "a", "type": {}, "at": 1, "value": 1}', '{"name": "a", "type": "list", "at": 1e999, "value": NaN}',
         '{"name": "a\\\\u0000", "type": "list", "at": 1, "value": 1}',
         '{"name": "a\\\\ud800", "type": "list", "at": 1, "value": 1}',
         '{"name": "i", "type": "image", "at": 1, "value": {"file": "../../../etc/passwd", "width": -1}}',
         '{"name": "t", "type": "../x", "at": -1e300, "step": 1e400, "value": ' + "[" * 900 + "]" * 900 + "}",
         '{"name": "c", "type": "confusion_matrix", "at": 1, "value": ' + "1" * 10_000 + "}"]
data = "\\n".join([*lines, ""]).encode("utf-8", "surrogateescape")
(F / "values/0123456789abcdef-1-abcdef.jsonl").write_bytes(data)
(F / "values/odd\\nname.jsonl").write_bytes(b"{}\\n")
os.mkfifo(F / "values/0123456789abcdef-2-abcdef.jsonl")
(F / "values/0123456789abcdef-3-abcdef.jsonl").symlink_to(OUT / "secret.txt")
(F / "values/0123456789abcdef-4-abcdef.jsonl").mkdir()
""",
    "O10 sparse values": 'sparse("values/0123456789abcdef-1-abcdef.jsonl"); sparse("uploads/large.bin")',
    "O10 sparse output": 'sparse("outputs/large.bin")',
    "O10 sparse log of its own": 'sparse("logs/large.log")',
    "O10 sparse std.log": 'sparse("logs/std.log")',
    "O10 sparse state": 'sparse("state.jsonl")',
    "O10 sparse heartbeat": 'sparse("heartbeat")',
    "O10 sparse control": 'sparse("control.json")',
    "O10 sparse result": 'sparse("results/display.jsonl"); sparse("results/error.json")',
    "O10 sparse names of a journal": """
from jupyter_mlws import Run
Run.get_context().log("x", 1.0)
for path in (F / "journal").glob("*.keys"):
    sparse("journal/" + path.name)
Run.get_context().log("y", 1.0)
""",
    "O10 sparse journal": """
sparse("journal/s.keys", 10)
(F / "journal/s.0").write_bytes(b"\\0" * 100); sparse("journal/s.0")
""",
    "D10 damaged journals": """
import random
rng = random.Random(7)
from jupyter_mlws import Run
run = Run.get_context()
for i in range(200):
    run.log("x", i)
for path in sorted((F / "journal").iterdir()):
    data = bytearray(path.read_bytes()[:20000])
    for copy in range(20):
        for _ in range(60):
            data[rng.randrange(min(len(data), 4000))] = rng.randrange(256)
        (F / "journal" / path.name.replace(path.stem.split(".")[0], "c%d" % copy, 1)).write_bytes(bytes(data))
(F / "journal/odd\\nname.keys").write_text('"a"\\n')
(F / "journal/\\xff.keys").write_bytes(b"\\xff\\n")
(F / "journal/.keys").write_text('"a"\\n')
os.mkfifo(F / "journal/pipe.keys"); os.mkfifo(F / "journal/p.keys"); (F / "journal/folder.keys").mkdir()
""",
    "O10 many streams": """
for i in range(1000):
    (F / "journal" / ("s%d.keys" % i)).write_text('"a"\\n')
""",
    "P30 deep and odd names": """
here = F / "outputs"
for _ in range(400):
    try:
        os.mkdir(here / "d"); here = here / "d"
    except OSError:
        break
for name in (b"\\xff\\xfe", b"a\\nb", b"\\x1b]0;x\\x07", b"..\\\\..\\\\x", b"C:x", b"%2e%2e", b"n" * 255):
    open(os.path.join(os.fsencode(F), b"outputs", name), "wb").close()
""",
    "P33 a folder is swapped for a link, again and again": """
a, b = F / "outputs/a", F / "outputs/b"
a.mkdir(); (a / "secret.txt").write_text("mine"); b.symlink_to(OUT)
until = time.monotonic() + 0.5
while time.monotonic() < until:
    os.rename(a, F / "outputs/c"); os.rename(b, a); os.rename(F / "outputs/c", b)
    os.rename(a, F / "outputs/c"); os.rename(b, a); os.rename(F / "outputs/c", b)
""",
}


def flood(count: int) -> str:
    """So many requests at once."""
    return f"for i in range({count}):\n    ask(update(tags={{'n': str(i)}}))\n"
