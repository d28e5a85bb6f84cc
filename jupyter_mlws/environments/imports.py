"""What a script imports that its environment lacks: told before the run starts, and not an hour later.

Only what is imported for certain counts: statements at the top of the script and of the modules beside it that these
lead to. What stands below an `if`, a `try` or in a function may never be run, and a script that changes `sys.path` or
installs packages itself knows better: of these nothing is said.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["QUESTION", "Finds", "Missing", "find_missing", "found_by", "imported"]

# Of names those that can be imported, given what stands in PYTHONPATH.
Finds = Callable[[Sequence[str], str], Sequence[str]]

_MOST_BYTES = 1 << 20
_MOST_FILES = 200
_MOST_NAMES = 500
_PATIENCE_S = 30.0
# Signs of a script that looks after its packages itself.
_OWN_WAYS = re.compile(
    r"sys\.path|sys\.meta_path|addsitedir|\bpip\b[^\n]{0,40}\binstall\b|importlib\.metadata\.PathFinder"
)
# A line of a notebook that is none of Python's.
_MAGIC = re.compile(r"^([^\S\n]*)[%!?].*$", re.MULTILINE)
# Where the name of the package is not that of the module.
_PACKAGES = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
# Asks the interpreter of the environment, which is told nothing of the folder that it is asked from.
QUESTION = """
import importlib.util, json, sys
sys.path[:] = [each for each in sys.path if each]
def lacks(name):
    try:
        return importlib.util.find_spec(name) is None
    except Exception:
        return False
print(json.dumps([name for name in sys.argv[1:] if not lacks(name)]))
"""


@dataclass(frozen=True)
class Missing:
    """A module that is imported by a file and is nowhere."""

    module: str
    file: str
    line: int

    @property
    def package(self) -> str:
        """The package to ask for, as far as that is known."""
        return _PACKAGES.get(self.module, self.module)


def imported(source: str) -> dict[str, int]:
    """Modules (their first names) that a text imports for certain, with their lines; none where that is unclear."""
    if len(source) > _MOST_BYTES or _OWN_WAYS.search(source):
        return {}
    try:
        tree = ast.parse(_MAGIC.sub(r"\1pass", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}  # the script itself will tell
    found: dict[str, int] = {}
    for statement in tree.body:
        for name in _names(statement):
            found.setdefault(name, statement.lineno)
    return found


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom) and statement.level == 0 and statement.module:
        yield statement.module.partition(".")[0]


def find_missing(
    finds: Finds, source: str, file: str, folders: Sequence[Path], python_path: str = ""
) -> tuple[Missing, ...]:
    """What a text and the local modules that it imports need and nobody has.

    Parameters
    ----------
    finds : callable
        Says what the environment has: see `found_by`.
    source : str
        Text of the script, or of a cell.
    file : str
        Its name, for messages.
    folders : sequence of path
        Where local modules lie, in the order in which they are found.
    python_path : str
        PYTHONPATH that the run gets beside them.
    """
    wanted: dict[str, Missing] = {}
    texts = [(file, source)]
    seen: set[Path] = set()
    while texts and len(seen) <= _MOST_FILES:
        name, text = texts.pop()
        if _OWN_WAYS.search(text):
            return ()
        for module, line in imported(text).items():
            local = _local(module, folders)
            if local is None:
                wanted.setdefault(module, Missing(module, name, line))
            elif local.suffix == ".py" and local not in seen:
                seen.add(local)
                texts.append((local.name, _read(local)))
    wanted.pop("jupyter_mlws", None)  # travels with the run
    names = list(wanted)[:_MOST_NAMES]
    there = set(finds(names, python_path)) if names else set()
    return tuple(wanted[name] for name in names if name not in there)


def _local(module: str, folders: Sequence[Path]) -> Path | None:
    """The file or folder of a local module."""
    for folder in folders:
        for place in (folder / module / "__init__.py", folder / f"{module}.py", folder / module):
            if place.exists():
                return place
        if any(folder.glob(f"{module}.*.so")):
            return folder
    return None


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES + 1).decode("utf-8", errors="replace")
    except OSError:
        return ""


def found_by(interpreter: Path, names: Sequence[str], python_path: str) -> list[str]:
    """Those of the names that the interpreter finds; all of them where it cannot be asked."""
    environment = {"PYTHONPATH": python_path, "PATH": os.defpath}
    try:
        answer = subprocess.run(
            [interpreter, "-c", QUESTION, *names],
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=True,
            cwd="/",
            env=environment,
        )
        return [str(name) for name in json.loads(answer.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return list(names)
