"""What a script finds when it starts: its words, its variables, its folder."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlws.domain.snapshot import LinkedPath
from jupyter_mlws.testing.stage import Ended, Stage
from jupyter_mlws.testing.wishes import Wish, of

__all__ = ["Surroundings"]

_LOOK = """
import getpass, json, os, sys, tempfile
seen = {
    "arguments": [os.fsencode(word).hex() for word in sys.argv[1:]],
    "variables": {os.fsencode(name).hex(): os.fsencode(value).hex() for name, value in os.environ.items()},
    "directory": os.getcwd(),
    "stdin": sys.stdin.read(),
    "descriptors": [int(fd) for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")],
    "signals": [line.split()[1] for line in open("/proc/self/status") if line.startswith(("SigIgn", "SigBlk"))],
    "python": list(sys.version_info[:2]),
    "user": getpass.getuser(),
    "group": os.getpgid(0) == os.getpid(),
    "terminal": os.isatty(1),
    "code": sorted(os.listdir()),
    "modes": {},
}
for name, mode in (("plain", 0o666), ("program", 0o777)):
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, mode))
    seen["modes"][name] = os.stat(name).st_mode & 0o777
    os.unlink(name)
seen["umask"] = os.umask(0)
with tempfile.TemporaryFile() as file:
    file.write(b"x")
home = os.path.expanduser("~")
seen["home"] = os.path.isdir(home) and os.access(home, os.W_OK)
os.makedirs("outputs", exist_ok=True)
json.dump(seen, open("outputs/said.json", "w"))
"""
_WORDS = (
    "--flag=$(id)", "a b", "'", '"', "", "*", "-", "--", "ünï ⌀ 日本 🜁", "\\", "\n", " \t\r\n ", "`x`",
    "{}", "~", "%s", "x" * 100_000, "",
)  # fmt: skip
_VARIABLES = {
    "EMPTY": "",
    "SPACES": "  two and two  ",
    "LINES": "one\ntwo\n",
    "EQUALS": "a=b=c",
    "QUOTES": "'\"`$HOME`",
    "WORDS": "ünï ⌀ 日本 🜁",
    "LARGE": "y" * 100_000,
    "with.dot-and dash": "odd",
    "LD_BIND_NOW": "1",
}
_LOOKED = Wish(name="looks around", script=_LOOK, arguments=_WORDS, variables=_VARIABLES)
# What Python ignores itself, and the two that glibc keeps.
_HARMLESS = sum(1 << (number - 1) for number in (13, 25, 32, 33))

_READS = """
import json, os, sys
import beside
os.makedirs("outputs", exist_ok=True)
json.dump([beside.WORD, open("sub folder/ünï.txt").read(), sys.path[0] == os.getcwd()], open("outputs/said.json", "w"))
"""
_READING = Wish(name="reads its snapshot", script=_READS)
_DATA = Wish(
    name="reads data beside it",
    script="""
import json
said = [open("../data/table.csv").read(), open("here/table.csv").read()]
try:
    open("../data/table.csv", "w").write("changed")
except OSError as error:
    print(error)
json.dump(said, open("outputs/said.json", "w"))
""",
)


def _bytes(text: str) -> str:
    return text.encode().hex()


class Surroundings:
    """A script starts as from a clean shell in its own folder, with the words that it was submitted with."""

    @of(_LOOKED)
    def test_arguments_arrive_byte_for_byte(self, run: Ended) -> None:
        assert run.said["arguments"] == [_bytes(word) for word in _WORDS]

    @pytest.mark.parametrize("name", _VARIABLES)
    @of(_LOOKED)
    def test_variables_arrive_byte_for_byte(self, run: Ended, name: str) -> None:
        assert run.said["variables"].get(_bytes(name)) == _bytes(_VARIABLES[name])

    @of(_LOOKED)
    def test_a_script_knows_its_run(self, run: Ended) -> None:
        variables = run.said["variables"]
        told = {"MLWS_RUN_ID": run.run.id, "MLWS_EXPERIMENT_NAME": "conformance", "AZUREML_RUN_ID": run.run.id}
        assert {name: variables.get(_bytes(name)) for name in told} == {k: _bytes(v) for k, v in told.items()}

    @of(_LOOKED)
    def test_the_input_is_empty(self, run: Ended) -> None:
        assert run.said["stdin"] == ""

    @of(_LOOKED)
    def test_a_script_inherits_no_open_files(self, run: Ended) -> None:
        assert set(run.said["descriptors"]) <= {0, 1, 2, 3}  # 3 is the listing itself

    @of(_LOOKED)
    def test_a_script_ignores_and_blocks_no_signals(self, run: Ended) -> None:
        assert [int(mask, 16) & ~_HARMLESS for mask in run.said["signals"]] == [0, 0]

    @of(_LOOKED)
    def test_a_script_has_a_process_group_and_no_terminal(self, run: Ended) -> None:
        assert (run.said["group"], run.said["terminal"]) == (True, False)

    @of(_LOOKED)
    def test_the_mask_of_new_files_is_a_usual_one(self, run: Ended) -> None:
        said = run.said
        assert said["modes"] == {"plain": 0o666 & ~said["umask"], "program": 0o777 & ~said["umask"]}
        assert said["umask"] & 0o700 == 0

    @of(_LOOKED)
    def test_the_working_directory_is_the_snapshot(self, run: Ended) -> None:
        said = run.said
        assert said["variables"][_bytes("PWD")] == _bytes(said["directory"])
        assert {_LOOKED.file, "beside.py", "outputs"} <= set(said["code"])

    @of(_LOOKED)
    def test_a_script_has_a_user_a_home_and_a_place_for_temporary_files(self, run: Ended) -> None:
        assert run.said["user"]
        assert run.said["home"]

    @of(_LOOKED)
    def test_the_interpreter_is_new_enough(self, run: Ended) -> None:
        assert tuple(run.said["python"]) >= (3, 10)

    @of(_READING)
    def test_a_script_reads_files_and_imports_modules_of_its_snapshot(self, run: Ended) -> None:
        assert run.said == ["beside", "in a folder", True]

    def test_data_that_is_only_linked_is_read_where_it_is_expected_and_stays_as_it_is(self, stage: Stage) -> None:
        data = stage.place / "beside"
        data.mkdir()
        (data / "table.csv").write_text("1,2")
        links: Any = [LinkedPath(path=path, target=str(data), reason="asked") for path in ("../data", "here")]
        run = stage.ended(stage.submit(_DATA, links=tuple(links)))
        assert run.said == ["1,2", "1,2"]
        assert run.run.record.warnings == ()
