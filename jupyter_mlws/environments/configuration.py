"""Where packages come from on this machine: what uv is told, else what pip is configured with, in the words of uv.

pip itself is not asked: it takes a third of a second to answer, and is not there in every environment. Its files are
read as it reads them: of the system, of the user, of the interpreter, and the one that ``PIP_CONFIG_FILE`` names, the
later above the earlier; variables of the environment stand above all files.
"""

from __future__ import annotations

import configparser
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote

from jupyter_mlws.domain.masking import looks_secret
from jupyter_mlws.runfolder.masking import Masker

__all__ = ["beside_links", "cleaner", "variables"]

# Of pip's settings those that say where packages come from, by the section that they stand in; `install` is above.
_SECTIONS = ("global", "install")
_KEYS = ("index-url", "extra-index-url", "find-links", "cert", "trusted-host", "no-index")
# A file of uv's that says any of these says where packages come from.
_OF_UV = ("index", "index-url", "extra-index-url", "find-links", "no-index", "default-index")
_OF_INSTALLERS = ("UV_", "PIP_")
# They speak of the project or the interpreter that somebody works with at the moment, and would lead ours astray.
_OF_A_PROJECT = (
    "UV_BREAK_SYSTEM_PACKAGES", "UV_CUSTOM_COMPILE_COMMAND", "UV_PREFIX", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_TARGET", "UV_VENV_CLEAR", "UV_VENV_RELOCATABLE", "UV_VENV_SEED",
    "UV_WORKING_DIR", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME",
)  # fmt: skip


def variables() -> dict[str, str]:
    """The environment of uv: ours, and what pip knows; whatever is said to uv itself comes first.

    Returns
    -------
    dict
        By name. Values may hold credentials of an index: they are for uv alone.
    """
    kept = {name: value for name, value in os.environ.items() if _is_for_uv(name)}
    pip = _pip()
    if _uv_knows():
        pip = {key: pip[key] for key in ("cert", "trusted-host") if key in pip}
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": _usable(pip.get("extra-index-url", ""), " "),
        "UV_FIND_LINKS": _usable(pip.get("find-links", ""), ","),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "SSL_CERT_FILE": pip.get("cert", ""),
    }
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        # uv has no variable for it: a folder that has nothing is its only index then.
        words |= {"UV_DEFAULT_INDEX": _empty_index(), "UV_INDEX": ""}
    for name, value in words.items():
        if value and name not in kept:
            kept[name] = value
    return kept


def _is_for_uv(name: str) -> bool:
    """A source package may run code while it is built: no password goes there but those of indexes."""
    if name.startswith(_OF_INSTALLERS):
        return name not in _OF_A_PROJECT
    return name not in _OF_A_PROJECT and not name.startswith(("PG", "MLWS_")) and not looks_secret(name)


# Up to the last @: a password that should have been quoted, and was not, is one nevertheless.
_USER_IN_URL = re.compile(r"://(\S+)@")
_PLAIN_USER_IN_URL = re.compile(r"://[^/\s]+@")
_WORD_OF_QUERY = re.compile(r"[?&][^=&#\s]+=([^&#\s]+)")


def cleaner(told: Mapping[str, str]) -> Callable[[str], str]:
    """What takes the credentials of indexes out of a line of an installer, wherever it repeats them.

    Parameters
    ----------
    told : mapping
        The variables that it was given.
    """
    ours = {name: value for name, value in told.items() if name.startswith(_OF_INSTALLERS)}
    masker = Masker(key for name, value in ours.items() for key in ((value,) if looks_secret(name) else _keys(value)))

    def clean(line: str) -> str:
        return _PLAIN_USER_IN_URL.sub("://***@", masker.text(line) if masker else line)

    return clean


def _keys(value: str) -> Iterator[str]:
    """The credentials in the addresses of a variable: user and password, the password alone, words of a query."""
    for word in re.split(r"[\s,]+", value):
        found = _USER_IN_URL.search(word)
        if found is not None:
            yield found[1]
            yield found[1].partition(":")[2]
            yield unquote(found[1].partition(":")[2])
        yield from _WORD_OF_QUERY.findall(word)


def beside_links(folder: str) -> dict[str, str]:
    """The variable that names a folder of packages beside those that are configured; an option would replace these."""
    told = variables().get("UV_FIND_LINKS", "")
    return {"UV_FIND_LINKS": ",".join(filter(None, (folder, told)))}


def _pip() -> dict[str, str]:
    found: dict[str, str] = {}
    for section in _SECTIONS:
        for parser in _files():
            if parser.has_section(section):
                said = {key.replace("_", "-"): value for key, value in parser.items(section)}
                found.update({key: said[key] for key in _KEYS if key in said})
    for key in _KEYS:
        value = os.environ.get(f"PIP_{key.upper().replace('-', '_')}")
        if value is not None:
            found[key] = value
    return found


def _uv_knows() -> bool:
    """Whether uv has a file of its own that says where packages come from."""
    told = os.environ.get("UV_CONFIG_FILE")
    mine = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "uv", "uv.toml")
    for path in (Path(told),) if told else (mine, Path("/etc/uv/uv.toml")):
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        below = said.get("pip")
        if any(key in said or (isinstance(below, dict) and key in below) for key in _OF_UV):
            return True
    return False


def _files() -> Iterator[configparser.RawConfigParser]:
    for path in _places():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip says so whenever it is called; an index that is not found is told in its own words
        yield parser


def _places() -> Iterator[Path]:
    """The files of pip, the least first; see "Configuration Files" of its handbook."""
    told = os.environ.get("PIP_CONFIG_FILE", "")
    if told == os.devnull:
        return
    home = Path.home()
    for folder in reversed(os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(os.pathsep)):
        yield Path(folder, "pip", "pip.conf")
    if sys.platform == "darwin":
        yield Path("/Library/Application Support/pip/pip.conf")
    yield Path("/etc/pip.conf")
    yield home / ".pip" / "pip.conf"
    if sys.platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if told:
        yield Path(told)


def _usable(places: str, between: str) -> str:
    """Without folders that are not there: pip passes over them with a warning, uv stops."""
    kept = [
        place
        for place in places.split()
        if "://" in place.replace("file://", "") or Path(place.removeprefix("file://")).is_dir()
    ]
    return between.join(kept)


def _empty_index() -> str:
    from jupyter_mlws.runfolder import places

    folder = places.cache_dir() / "no-index"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder.as_uri()
