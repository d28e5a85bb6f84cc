"""An index of packages in a folder, made by hand: environments are resolved and built without any network.

`own_index` points uv at it, in this process and in the dispatchers that it starts::

    pytestmark = pytest.mark.usefixtures("own_index")

    def test_it(own_index):
        own_index.add("mine", "1.0", requires=["six"], modules={"mine.py": "answer = 42"})
        Environment("e", packages=["mine"])

It has six 1.16.0 and 1.17.0, attrs 25.3.0 and 25.4.0 (real names, and modules that know their version only), and
mlws-demo 1.0, which requires six and has a program of the same name.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Index", "make_source", "make_wheel"]

# What the machine says of other indexes.
_ELSEWHERE = ("PIP_", "UV_")


def make_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    requires: Sequence[str] = (),
    modules: Mapping[str, str | bytes] | None = None,
    programs: Mapping[str, str] | None = None,
    requires_python: str = ">=3.8",
    tag: str = "py3-none-any",
) -> Path:
    """Write a wheel of pure Python, the same bytes for the same words.

    Parameters
    ----------
    folder : path
        It is written into.
    name, version : str
    requires : sequence of str
        Requirements.
    modules : mapping
        Content by path; default: one module with ``__version__``.
    programs : mapping
        ``module:function`` by the name of a program.
    requires_python : str
    tag : str
        Which Pythons and machines it is for.
    """
    module = re.sub(r"[-.]+", "_", name)
    facts = f"{module}-{version}.dist-info"
    contents = dict(modules or {f"{module}.py": f"__version__ = {version!r}\n"})
    metadata = [
        "Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Requires-Python: {requires_python}",
        *(f"Requires-Dist: {each}" for each in requires),
    ]  # fmt: skip
    contents[f"{facts}/METADATA"] = "\n".join(metadata) + "\n"
    contents[f"{facts}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    if programs:
        lines = [f"{program} = {target}" for program, target in programs.items()]
        contents[f"{facts}/entry_points.txt"] = "\n".join(["[console_scripts]", *lines]) + "\n"
    record = [_record(path, _bytes(content)) for path, content in contents.items()]
    contents[f"{facts}/RECORD"] = "\n".join([*record, f"{facts}/RECORD,,"]) + "\n"
    target = folder / f"{module}-{version}-{tag}.whl"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, content in contents.items():
            wheel.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), _bytes(content))
    return target


def make_source(folder: Path, name: str, version: str, backend: str) -> Path:
    """Write a source package that is built by a module of its own, given as text (PEP 517), and by nothing else."""
    module = re.sub(r"[-.]+", "_", name)
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    # What it requires is said beforehand, so that resolving builds nothing.
    metadata = f"Metadata-Version: 2.2\nName: {name}\nVersion: {version}\n"
    target = folder / f"{module}-{version}.tar.gz"
    with tarfile.open(target, "w:gz") as tar:
        for path, text in {"pyproject.toml": project, "PKG-INFO": metadata, "backend.py": backend}.items():
            entry = tarfile.TarInfo(f"{module}-{version}/{path}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return target


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _record(path: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{path},sha256={digest},{len(data)}"


class Index:
    """A folder that is an index of packages (PEP 503)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "files").mkdir(parents=True)
        (folder / "simple").mkdir()

    @property
    def url(self) -> str:
        """Its address, for ``UV_DEFAULT_INDEX``."""
        return (self.folder / "simple").as_uri()

    def add(self, name: str, version: str, **words: Any) -> Path:
        """Make a wheel and offer it; see `make_wheel`."""
        return self.offer(name, make_wheel(self.folder / "files", name, version, **words))

    def add_source(self, name: str, version: str, backend: str) -> Path:
        """Make a source package and offer it; see `make_source`."""
        return self.offer(name, make_source(self.folder / "files", name, version, backend))

    def offer(self, name: str, wheel: Path, digest: str | None = None) -> Path:
        """Have a page name this wheel; `digest` where the page is to say another one than its own."""
        page = self.folder / "simple" / re.sub(r"[-_.]+", "-", name).lower() / "index.html"
        page.parent.mkdir(exist_ok=True)
        said = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
        line = f'<a href="../../files/{wheel.name}#sha256={said}">{wheel.name}</a><br>\n'
        page.write_text((page.read_text() if page.exists() else "") + line)
        return wheel


def _fill(index: Index) -> Index:
    for name, versions in {"six": ("1.16.0", "1.17.0"), "attrs": ("25.3.0", "25.4.0")}.items():
        for version in versions:
            index.add(name, version)
    demo = "import six\n\n\ndef main():\n    print('demo with six', six.__version__)\n"
    index.add(
        "mlws-demo", "1.0", requires=["six"], modules={"mlws_demo.py": demo}, programs={"mlws-demo": "mlws_demo:main"}
    )
    return index


@pytest.fixture(scope="session")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What uv keeps between tests."""
    return tmp_path_factory.mktemp("uv-cache")


@pytest.fixture
def own_index(tmp_path: Path, uv_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index of the test's own, and the only one that uv knows."""
    for name in [name for name in os.environ if name.startswith(_ELSEWHERE)]:
        monkeypatch.delenv(name)
    index = _fill(Index(tmp_path / "index"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    # Said to be none: what files of pip's configuration name is not looked at.
    monkeypatch.setenv("UV_INDEX", "")
    monkeypatch.setenv("UV_FIND_LINKS", "")
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    monkeypatch.setenv("UV_CACHE_DIR", str(uv_cache))
    return index
