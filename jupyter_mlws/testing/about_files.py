"""What a script leaves as files is kept whole, and nothing else is taken for it."""

from __future__ import annotations

import hashlib

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Files"]

_LEAVES = r"""
import hashlib, json, os, random
digests = {}
def leave(name, data, mode=0o644):
    path = os.path.join("outputs", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)
    digests[path] = hashlib.sha256(data).hexdigest()
leave("large.bin", random.Random(1).randbytes(5_000_000))
leave("empty", b"")
leave("ünï ⌀ 日本/🜁 with spaces.txt", "words".encode())
leave("a/b/c/d/e/f/deep.txt", b"deep")
leave("program", b"#!/bin/sh\n", 0o755)
leave("closed", b"for me", 0o600)
for n in range(200):
    leave(f"many/{n}.txt", str(n).encode())
os.link("outputs/empty", "outputs/hard link")
digests["outputs/hard link"] = digests["outputs/empty"]
open("logs/own.log", "w").write("of the script")
open("beside.txt", "w").write("in the working directory")
json.dump(digests, open("outputs/said.json", "w"))
"""
_LEAVING = Wish(name="leaves files", script=_LEAVES)
_ODD = Wish(
    name="leaves odd things",
    script="import os\nos.symlink('/etc/passwd', 'outputs/link')\nos.mkfifo('outputs/pipe')\n"
    "os.symlink('..', 'outputs/loop')\nopen(b'outputs/\\xff\\xfe.bin', 'wb').write(b'odd')\n"
    "open('outputs/two\\nlines', 'w').write('odd')\nopen('outputs/fine', 'w').write('fine')\n",
)
_FAILS = Wish(
    name="leaves a file and fails",
    script="open('outputs/half.txt', 'w').write('so far')\nraise SystemExit(1)\n",
)
_UPLOADS = Wish(
    name="uploads files",
    script="""
import io
from jupyter_mlws import Run
run = Run.get_context()
open("plain.txt", "w").write("by its path")
run.upload_file("kept/plain.txt", "plain.txt")
run.upload_file("kept/stream.txt", io.BytesIO(b"a stream"))
try:
    run.upload_file("kept/plain.txt", "plain.txt")
except Exception as error:
    print(error.code)
""",
)
_REGISTERS = Wish(
    name="registers a model",
    script="""
from jupyter_mlws import Run
run = Run.get_context()
open("outputs/model.bin", "wb").write(bytes(range(256)) * 4_000)
model = run.register_model("conformance-net", "outputs/model.bin", tags={"kind": "net"})
print(model.name, model.version)
""",
)


class Files:
    """Outputs and uploads are there after the run, and models made of them."""

    @of(_LEAVING)
    def test_outputs_are_kept_whole(self, run: Ended) -> None:
        digests = run.said
        files = run.files
        assert {name: files[name].digest for name in digests if name in files} == digests
        assert hashlib.sha256(run.file("outputs/large.bin")).hexdigest() == digests["outputs/large.bin"]
        assert run.file("outputs/ünï ⌀ 日本/🜁 with spaces.txt") == b"words"

    @of(_LEAVING)
    def test_outputs_keep_who_may_execute_them(self, run: Ended) -> None:
        files = run.completed().files
        modes = {name: files[f"outputs/{name}"].mode & 0o100 for name in ("program", "closed", "empty")}
        assert modes == {"program": 0o100, "closed": 0, "empty": 0}

    @of(_LEAVING)
    def test_logs_of_the_script_and_new_files_beside_it_are_kept(self, run: Ended) -> None:
        assert run.completed().file("logs/own.log") == b"of the script"
        assert run.file("beside.txt") == b"in the working directory"

    @of(_ODD)
    def test_links_and_pipes_are_named_and_not_followed(self, run: Ended) -> None:
        files = run.completed().files
        assert run.file("outputs/fine") == b"fine"
        assert {"outputs/link", "outputs/pipe", "outputs/loop"}.isdisjoint(files)
        assert any("link" in sentence for sentence in run.run.record.warnings)
        assert any("pipe" in sentence for sentence in run.run.record.warnings)

    @of(_ODD)
    def test_files_whose_names_are_no_text_are_kept_under_plain_ones(self, run: Ended) -> None:
        names = [name for name in run.completed().files if name != "outputs/fine"]
        assert [run.file(name) for name in names] == [b"odd", b"odd"]
        assert all(name.isprintable() and name.encode() for name in names)

    @of(_FAILS)
    def test_a_run_that_failed_keeps_what_it_left(self, run: Ended) -> None:
        assert run.ended_as("Failed").file("outputs/half.txt") == b"so far"

    @of(_UPLOADS)
    def test_uploads_are_kept_and_a_name_is_taken_once(self, run: Ended) -> None:
        assert run.completed().log == b"already_exists\n"
        assert run.file("kept/plain.txt") == b"by its path"
        assert run.file("kept/stream.txt") == b"a stream"

    @of(_REGISTERS)
    def test_a_model_is_registered_from_a_script(self, run: Ended, stage: Stage) -> None:
        assert run.completed().log == b"conformance-net 1\n"
        (model,) = stage.ws.models("conformance-net")
        assert (model.tags, model.run) == ({"kind": "net"}, run.run)
        path = model.download(stage.place / "downloaded")
        found = [file.read_bytes() for file in (stage.place / "downloaded").rglob("*") if file.is_file()]
        assert found == [bytes(range(256)) * 4_000], path
