"""A secret reaches the script, and nothing that anybody else reads."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys

from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Secrets"]

_CANARY = f"canary-{os.urandom(8).hex()}"
# The script looks for it by what it was handed, and names what has it.
_LOOKS = """
import json, os
secret = os.environb[b"TOKEN"]
found = []
def look(path):
    try:
        with open(path, "rb") as file:
            if secret in file.read():
                found.append(path)
    except OSError:
        pass
for name in os.listdir("/proc"):
    if name.isdigit():
        look(f"/proc/{name}/cmdline")
for place, _, names in os.walk(os.environ["MLWS_RUN_FOLDER"]):
    for name in names:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            look(path)
json.dump({"backwards": secret.decode()[::-1], "found": found}, open("outputs/said.json", "w"))
print("up")
"""
_HOLDS = Wish(name="holds a secret", script=_LOOKS, secrets={"TOKEN": _CANARY})
_SEARCH = """
import pathlib, sys
secret = sys.stdin.read().encode()
files = [path for path in pathlib.Path(sys.argv[1]).rglob("*") if path.is_file()]
found = []
for path in files:
    try:
        if secret in path.read_bytes():
            found.append(path)
    except FileNotFoundError:
        pass  # what a run leaves behind is removed in the meantime
print(len(files), *found, sep="\\n")
"""
_REFERS = Wish(
    name="refers to a secret",
    script="""
import json, os
from jupyter_mlws import Run
secret = Run.get_context().get_secret("REFERRED")
json.dump([os.environ["REFERRED"][::-1], secret[::-1]], open("outputs/said.json", "w"))
""",
    variables={"REFERRED": "secret:conformance-token"},
)
_PRINTS = Wish(
    name="prints a secret",
    script="""
import base64, os, time
secret = os.environb[b"TOKEN"]
os.write(1, b"whole " + secret + b" coded " + base64.b64encode(secret) + b"\\nin parts ")
for at in range(len(secret)):
    os.write(1 + at % 2, secret[at : at + 1])
    time.sleep(0.005)
os.write(1, b" end\\n")
""",
    secrets={"TOKEN": _CANARY},
)
_BESIDE = Wish(
    name="has no secret",
    script="import json, os\njson.dump('TOKEN' in os.environ, open('outputs/said.json', 'w'))\n",
)


class Secrets:
    """A secret is in the script's environment, and nowhere else."""

    @of(_HOLDS)
    def test_a_secret_reaches_the_script(self, run: Ended) -> None:
        assert run.said["backwards"] == _CANARY[::-1]

    @of(_HOLDS)
    def test_a_secret_is_in_no_command_line_and_not_in_the_run_folder(self, run: Ended) -> None:
        assert run.said["found"] == []

    @of(_HOLDS)
    def test_a_secret_is_nowhere_in_the_workspace(self, run: Ended, stage: Stage) -> None:
        run.completed()
        # By another process: whoever closes a file of SQLite's that he has opened himself gives up its locks.
        done = subprocess.run(
            [sys.executable, "-c", _SEARCH, stage.folder], input=_CANARY, capture_output=True, text=True, check=True
        )
        count, *found = done.stdout.splitlines()
        assert int(count) > 10
        assert found == []

    def test_a_variable_that_refers_to_a_secret_has_its_value(self, stage: Stage) -> None:
        stage.ws.secrets.set("conformance-token", _CANARY)
        run = stage.ended(stage.submit(_REFERS))
        assert run.said == [_CANARY[::-1]] * 2

    @of(_PRINTS)
    def test_a_secret_that_is_printed_is_masked_in_the_log(self, run: Ended) -> None:
        log = run.completed().log
        assert _CANARY.encode() not in log
        assert base64.b64encode(_CANARY.encode()).rstrip(b"=") not in log
        assert re.fullmatch(rb"whole \S+ coded \S+\nin parts \S+ end\n", log), log

    @of(_BESIDE)
    def test_another_run_has_no_such_secret(self, run: Ended) -> None:
        assert run.said is False
