"""The far side where nothing is installed: on a bare Python 3.10, from the folder and from the zip."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import jupyter_mlws
from jupyter_mlws.runfolder import farside, mailbox

LOGGING = """
import jupyter_mlws, sys
from jupyter_mlws.runfolder.context import get_job_context
from jupyter_mlws.runfolder.journal import JournalWriter
JournalWriter(get_job_context().folder).log("x", 1.5, 7)
print(jupyter_mlws.__file__)
print("site" in sys.modules)
"""

TRACKED = """
import sys
import jupyter_mlws as mlws
from jupyter_mlws import Run

run = Run.get_context()
run.log("x", 1.5, 7)
run.log_metrics({"y": 2}, step=8)
mlws.log(z=3.0, step=9)
run.tag("kind", "bare")
run.register_model("m", "outputs/m.pkl")
run.upload_file("notes.txt", __file__)
assert not [name for name in sys.modules if name.partition(".")[0] in ("numpy", "msgspec", "sqlalchemy", "fsspec")]
try:
    run.log("x", "text")
except mlws.MlwsError as error:
    print(error)
"""


@pytest.fixture(scope="session")
def far_side(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("farside")


def clean_environment(**more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", **more}


def test_equal_contents_are_one_zip(tmp_path):
    one, other = (farside.build_zip(tmp_path / name) for name in ("a", "b"))
    assert one.name == other.name
    assert one.read_bytes() == other.read_bytes()
    assert farside.build_zip(tmp_path / "a") == one
    assert os.listdir(tmp_path / "a") == [one.name]


def test_threads_that_pack_at_once_all_have_the_zip(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: farside.build_zip(tmp_path), range(8)))
    assert len(set(made)) == 1
    assert os.listdir(tmp_path) == [made[0].name]
    assert zipfile.ZipFile(made[0]).testzip() is None


def test_the_zip_holds_the_far_side_and_nothing_else(far_side):
    names = zipfile.ZipFile(farside.build_zip(far_side)).namelist()
    rooms = {name.split("/")[1] for name in names if name.startswith("jupyter_mlws/") and name.count("/") > 1}
    assert rooms <= {"domain", "runfolder", "api", "agent", "sdk", "magics"}
    assert {"domain", "runfolder", "api", "agent"} <= rooms
    assert {"__main__.py", "jupyter_mlws/__init__.py", "script/jupyter_mlws/__init__.py"} <= set(names)


def test_a_folder_that_is_half_made_is_never_seen(tmp_path, monkeypatch):
    def interrupted(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    monkeypatch.setattr(farside, "_write_folder", interrupted)
    with pytest.raises(KeyboardInterrupt):
        farside.build_folder(tmp_path)
    assert os.listdir(tmp_path) == []
    monkeypatch.undo()
    made = farside.build_folder(tmp_path)
    assert farside.build_folder(tmp_path) == made
    assert os.listdir(tmp_path) == [made.name]


def test_F42_a_cache_that_cannot_be_written_is_no_obstacle(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLWS_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("MLWS_RUNTIME_DIR", str(tmp_path / "runtime"))
    assert farside.build_folder().is_relative_to(tmp_path / "runtime")
    assert farside.build_zip().is_relative_to(tmp_path / "runtime")


def agent_of(far_side: Path, form: str) -> str:
    if form == "zip":
        return str(farside.build_zip(far_side))
    return str(farside.build_folder(far_side) / "jupyter_mlws/agent/__main__.py")


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_agent_and_script_run_on_a_bare_3_10(python_run, bare_python, far_side, follower_of, form):
    run = python_run(LOGGING)
    run.folder.job.write_text(run.folder.job.read_text().replace(sys.executable, bare_python))
    command = [bare_python, "-I", "-S", agent_of(far_side, form), str(run.folder.path)]
    ended = run.run({"environment": clean_environment()}, command=command)
    assert ended["exit_code"] == 0, run.log
    assert str(far_side) in run.log.decode()
    assert follower_of(run.folder) == [7]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_a_job_without_our_package_logs_tags_uploads_and_registers(
    python_run, bare_python, far_side, follower_of, form
):
    run = python_run(TRACKED)
    run.folder.job.write_text(run.folder.job.read_text().replace(sys.executable, bare_python))
    command = [bare_python, "-I", "-S", agent_of(far_side, form), str(run.folder.path)]
    ended = run.run({"environment": clean_environment()}, command=command)
    assert ended["exit_code"] == 0, run.log
    assert follower_of(run.folder) == [7, 8, 9]
    assert [request.operation for request in mailbox.pending(run.folder)] == ["runs.update", "models.register"]
    assert (run.folder.uploads / "notes.txt").read_text() == TRACKED
    assert run.log.decode().startswith("Metric 'x' was given a str, which is not one number.")


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_the_agent_loads_light(bare_python, far_side, tmp_path, form):
    """Each import stands between a submit and the script's first line."""
    root = agent_of(far_side, form).removesuffix("/jupyter_mlws/agent/__main__.py")
    program = f"import sys; sys.path.append({root!r}); import jupyter_mlws.agent.main; print(*sys.modules)"
    for python in (bare_python, sys.executable):
        done = subprocess.run([python, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        loaded = set(done.stdout.split())
        heavy = {
            "typing",
            "json",
            "re",
            "enum",
            "dataclasses",
            "pathlib",
            "signal",
            "subprocess",
            "ctypes",
            "threading",
        }
        assert not loaded & heavy
        assert not {name for name in loaded if name.startswith(("jupyter_mlws.domain", "jupyter_mlws.errors"))}


def test_every_module_of_the_far_side_compiles_on_3_10(bare_python, far_side):
    folder = farside.build_folder(far_side)
    done = subprocess.run([bare_python, "-m", "compileall", "-q", "-f", folder], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_of_agent_and_run_folder_loads_on_a_bare_3_10(bare_python, far_side):
    folder = farside.build_folder(far_side)
    package = folder / "jupyter_mlws"
    paths = [path for room in ("domain", "runfolder", "api", "agent") for path in (package / room).glob("*.py")]
    modules = [".".join(path.relative_to(folder).with_suffix("").parts) for path in paths if path.stem != "__main__"]
    program = f"""
import importlib, sys
sys.path.insert(0, {str(folder)!r})
for name in {sorted(modules)!r}:
    importlib.import_module(name)
"""
    done = subprocess.run([bare_python, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def installed(site: Path, protocol: int) -> Path:
    """Something that looks like an installed jupyter_mlws of that protocol."""
    package = site / "jupyter_mlws"
    (package / "domain").mkdir(parents=True)
    (package / "domain" / "job.py").write_text(f"PROTOCOL_VERSION = {protocol}\n")
    (package / "__init__.py").write_text("whose = 'installed'\n")
    return site


@pytest.mark.parametrize(
    ("protocol", "taken"), [(1, "installed"), (0, "far side"), (2, "far side"), (None, "far side")]
)
def test_a_script_gets_the_installed_package_if_it_speaks_the_protocol(tmp_path, far_side, protocol, taken):
    site = tmp_path / "site"
    site.mkdir()
    if protocol is not None:
        installed(site, protocol)
    path = farside.script_path(farside.build_folder(far_side))
    program = f"""
import sys
sys.path.append({str(site)!r})
import jupyter_mlws
print(getattr(jupyter_mlws, "whose", "far side"), jupyter_mlws.__name__)
"""
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        env=clean_environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.stdout.strip() == f"{taken} jupyter_mlws", done.stderr


def test_a_script_of_this_environment_gets_the_full_package(python_run):
    run = python_run(LOGGING)
    assert run.run()["exit_code"] == 0, run.log
    assert run.log.decode().splitlines()[0] == jupyter_mlws.__file__


def test_the_agent_needs_few_megabytes_and_starts_at_once(python_run, wait_until):
    """Where it was written: 23 ms to the script's first line, 11 MiB. The bounds leave room for a busy machine."""
    best = 10.0
    for _ in range(5):
        run = python_run("import time; print(time.time(), flush=True); time.sleep(1000)")
        began = time.time()
        run.start()
        run.until_log_has(b"\n")
        best = min(best, float(run.log) - began)
        status = Path(f"/proc/{run.agent_pid}/status").read_text()
        run.cancel()
        run.wait()
    resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
    assert resident < 30 * 1024
    assert best < 0.5
