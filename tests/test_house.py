"""What holds for the house as a whole: its front door, its packaging, its pages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import jupyter_mlws

TOP = Path(__file__).resolve().parent.parent
FAR_SIDE = ("errors", "faults", "domain", "runfolder", "api", "agent", "sdk", "magics")


def tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TOP, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split("\0")
    return [TOP / name for name in names if name and (TOP / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


FOREIGN = """
import importlib, pkgutil, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", []), name + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
roots = {name.partition(".")[0] for name in set(sys.modules) - before}
print(" ".join(sorted(roots - set(sys.stdlib_module_names) - {"jupyter_mlws"})))
"""


def foreign_modules(*names: str) -> set[str]:
    """Roots of what importing these modules, and all below them, loads beyond the standard library and us."""
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN, *names], check=True, stdout=subprocess.PIPE, text=True, cwd=TOP / "tests"
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_the_standard_library_only():
    done = subprocess.run(
        [sys.executable, "-c", FOREIGN.replace('getattr(module, "__path__", [])', "[]"), "jupyter_mlws"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=TOP / "tests",
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("room", FAR_SIDE)
def test_a_room_of_the_far_side_imports_the_standard_library_only(room):
    assert foreign_modules(f"jupyter_mlws.{room}") == set()


def test_the_version_is_the_same_for_python_and_for_the_frontend():
    assert jupyter_mlws.__version__ == json.loads(text_of(TOP / "package.json"))["version"]


def test_every_public_name_can_be_had():
    missing = [name for name in jupyter_mlws.__all__ if not hasattr(jupyter_mlws, name)]
    assert missing == []


def test_importing_every_name_opens_no_workspace(tmp_path):
    code = "from jupyter_mlws import *; import os; print(os.listdir(os.environ['MLWS_DATA_DIR']), Workspace.__name__)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "MLWS_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[] Workspace"


# Written in pieces, so that this file does not name what it looks for.
HOSTS = ("registry" + ".npmjs", "registry" + ".yarnpkg", "pypi" + ".org", "files.python" + "hosted")
PLACES = ("/wo" + "rk/", "/ro" + "ot/")


@pytest.mark.parametrize("word", [*HOSTS, *PLACES])
def test_no_tracked_file_names_a_package_host_or_a_folder_of_somebodys_machine(word):
    pattern = re.compile(rf"(?<![\w.}}]){re.escape(word)}")
    named = [str(path.relative_to(TOP)) for path in tracked() if pattern.search(text_of(path))]
    assert named == []


def test_lock_files_name_packages_and_not_where_they_come_from():
    for lock in (TOP / "yarn.lock", TOP / "ui-tests" / "yarn.lock"):
        assert "://" not in text_of(lock)
        assert "__archiveUrl" not in text_of(lock)


def test_nothing_built_is_tracked():
    built = re.compile(r"^(lib|node_modules|jupyter_mlws/(labextension|static))/|\.(whl|tgz|pyc)$")
    assert [path for path in map(str, (p.relative_to(TOP) for p in tracked())) if built.search(path)] == []


def test_contributing_tells_every_make_target():
    targets = re.findall(r"^([a-z-]+):.*## ", text_of(TOP / "Makefile"), flags=re.MULTILINE)
    page = text_of(TOP / "CONTRIBUTING.md")
    assert len(targets) > 8
    assert [target for target in targets if f"`make {target}`" not in page] == []


def test_the_import_contracts_name_every_room():
    contract = tomllib.loads(text_of(TOP / "pyproject.toml"))["tool"]["importlinter"]["contracts"][0]
    named = set(re.findall(r"\w+", " ".join(contract["layers"])))
    rooms = {p.stem for p in (TOP / "jupyter_mlws").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__"} <= named
    page = text_of(TOP / "docs" / "architecture.md")
    tree = page[page.index("jupyter_mlws/\n") : page.index("src/ ")]
    assert rooms <= set(re.findall(r"\w+", tree))
    order = page[page.index("Each room may import only") : page.index("import-linter holds this")]
    assert rooms - {"__init__", "testing"} <= set(re.findall(r"`(\w+)`", order)) | {"agent"}


def test_every_file_that_a_page_names_is_there():
    named = re.compile(r"`((?:jupyter_mlws|src|tests|scripts|bench|ui-tests|docs|examples)/[\w./-]+)`")
    pages = [page for page in tracked() if page.suffix == ".md" and page.name != "CHANGELOG.md"]
    assert len(pages) > 20
    assert [
        (page.name, name) for page in pages for name in named.findall(text_of(page)) if not (TOP / name).exists()
    ] == []


def links(page: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in link]


@pytest.mark.parametrize(
    "page", [p for p in tracked() if p.suffix == ".md"], ids=lambda page: str(page.relative_to(TOP))
)
def test_every_link_of_a_page_leads_somewhere(page):
    assert [link for link in links(page) if link and not (page.parent / link).exists()] == []
