"""Ignore files mean what git says that they mean."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from needs import program

from jupyter_mlws.snapshots.ignore import IgnoreRules

NAMES = ["a", "b", "foo", "bar", "a.txt", "d.txt", "foo.py", "x y", "[q]", "data", "a-b", "#h", "!n", "A", "é"]
PIECES = [
    "a",
    "b",
    "foo",
    "bar",
    "data",
    "d.txt",
    "A",
    "é",
    "x y",
    "*",
    "**",
    "***",
    "?",
    "a**",
    "**b",
    "*.txt",
    "*.py",
]
PIECES += ["*o*", "[ab]*", "[!a]", "[^b]*.txt", "[[:alpha:]]", "[]-a]*", "[a-", "[z-a]", "f?o", "*.t?t", "foo*"]
PIECES += ["\\#h", "\\!n", "a\\*", "\\[q\\]", "!n", "#h"]

lines = st.builds(
    lambda negated, rooted, pieces, folder, tail: negated + rooted + "/".join(pieces) + folder + tail,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "", "/"]),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=3),
    st.sampled_from(["", "", "/"]),
    st.sampled_from(["", "", "", "", "  ", "\\ ", "\r"]),
)
trees = st.recursive(
    st.none(),
    lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4),
    max_leaves=14,
).filter(lambda tree: tree is not None)
rule_files = st.lists(st.lists(lines, min_size=1, max_size=5), min_size=1, max_size=4)


def grow(folder: Path, tree: dict[str, object], rules: list[list[str]]) -> None:
    folder.mkdir(exist_ok=True)
    if rules:
        (folder / ".gitignore").write_text("\n".join(rules.pop()) + "\n")
    for name, inner in tree.items():
        if inner is None:
            (folder / name).touch()
        else:
            grow(folder / name, inner, rules)


def ours(folder: str, base: str = "", rules: IgnoreRules | None = None) -> dict[str, bool]:
    """Path → ignored, as a walk sees it: nothing below what is ignored."""
    found = {}
    rules = (rules or IgnoreRules()).enter(folder, base)
    for entry in os.scandir(folder):
        if entry.name == ".git":
            continue
        path, is_folder = base + entry.name, entry.is_dir()
        found[path] = rules.ignored(path, entry.name, is_folder) is True
        if is_folder and not found[path]:
            found.update(ours(entry.path, path + "/", rules))
    return found


def gits(folder: Path, paths: list[str]) -> set[str]:
    command = ["git", "-C", str(folder), "check-ignore", "--no-index", "--stdin", "-z"]
    done = subprocess.run(command, input="\0".join(paths).encode(), capture_output=True, check=False)
    return set(done.stdout.decode().split("\0")) - {""}


@pytest.fixture(scope="module")
def repository() -> Path:
    program("git", "it says what its rules ignore")
    folder = Path(tempfile.mkdtemp())
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(tree=trees, rules=rule_files)
def test_random_rules_ignore_what_git_check_ignore_says(
    repository: Path, tree: dict[str, object], rules: list[list[str]]
) -> None:
    for entry in list(repository.iterdir()):
        if entry.name != ".git":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    grow(repository, tree, [list(each) for each in rules])
    found = ours(str(repository))
    # git compares bytes, so that its '?' is half of an 'é'; ours is a character. Only these may differ.
    wild = any(char in line for each in rules for line in each for char in "?[")
    compared = {path: ignored for path, ignored in found.items() if not (wild and "é" in path)}
    assert {path for path, ignored in compared.items() if ignored} == gits(repository, list(compared))


@pytest.mark.parametrize(
    ("rules", "path", "ignored"),
    [
        ("*.txt\n!d.txt", "d.txt/e.txt", True),  # a folder taken back does not take back what is in it
        ("data/**\n!data/keep", "data/keep", False),
        ("data/", "data", False),  # a file of that name is no folder
        ("/a", "x/a", False),
        ("x/a", "y/x/a", False),
        ("**/a", "x/y/a", True),
        ("x/**/a", "x/a", True),
        ("a\\ ", "a ", True),
        ("a  ", "a", True),
        ("# a", "# a", False),
        ("\ufeffa", "a", True),  # a file that begins with a byte order mark
        ("a\r", "a", True),
        ("[[:nonsense:]]", "n", False),
    ],
)
def test_a_rule_means_one_thing(tmp_path: Path, rules: str, path: str, ignored: bool) -> None:
    (tmp_path / ".gitignore").write_text(rules)
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).touch()
    assert ours(str(tmp_path)).get(path, True) is ignored


def test_our_own_ignore_file_has_the_last_word_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.csv\n")
    (tmp_path / ".amlignore").write_text("!a.csv\n!b.csv\nc.py\n")
    (tmp_path / ".mlwsignore").write_text("b.csv\n")
    rules = IgnoreRules().enter(str(tmp_path), "")
    verdicts = {name: rules.ignored(name, name, False) for name in ("a.csv", "b.csv", "c.py", "d.csv", "e.py")}
    assert verdicts == {"a.csv": False, "b.csv": True, "c.py": True, "d.csv": True, "e.py": None}


def test_an_ignore_file_that_is_a_link_or_a_folder_has_no_rules(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("*\n")
    (tmp_path / ".gitignore").symlink_to("rules")
    (tmp_path / ".mlwsignore").mkdir()
    os.mkfifo(tmp_path / ".amlignore")
    assert IgnoreRules().enter(str(tmp_path), "").ignored("a", "a", False) is None
