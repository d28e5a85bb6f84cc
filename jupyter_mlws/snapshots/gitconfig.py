"""What a repository's own files say, read as text: its commit, branch, remote, and the filters that it would run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from jupyter_mlws.snapshots.regular import read_regular

__all__ = ["GitConfig", "read_config"]

_SECTION = re.compile(r'\s*\[\s*([A-Za-z0-9.\-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]\s*(.*)')
_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MAX_BYTES = 1 << 20
_MAX_INCLUDES = 10


@dataclass
class GitConfig:
    """Facts of a repository; `is_safe` is False where its filters cannot be switched off by name."""

    commit: str | None = None
    branch: str | None = None
    remotes: dict[str, str] = field(default_factory=dict)
    filters: set[str] = field(default_factory=set)
    is_safe: bool = True

    @property
    def remote(self) -> str | None:
        """The address of origin, else of the first remote."""
        return self.remotes.get("origin") or next(iter(self.remotes.values()), None)


def read_config(dot_git: str) -> GitConfig:
    """Read what ``.git`` (a folder, or a file that names it) says. Missing and odd files say nothing."""
    folder = _folder(dot_git)
    common = os.path.normpath(os.path.join(folder, _text(os.path.join(folder, "commondir")).strip() or "."))
    config = GitConfig()
    for file in (os.path.join(common, "config"), os.path.join(folder, "config.worktree")):
        _read_file(config, file, _MAX_INCLUDES)
    _read_head(config, folder, common)
    if any("=" in name or "\n" in name for name in config.filters):
        config.is_safe = False
    return config


def _folder(dot_git: str) -> str:
    if os.path.isdir(dot_git):
        return dot_git
    target = _text(dot_git).strip().removeprefix("gitdir:").strip()
    return os.path.normpath(os.path.join(os.path.dirname(dot_git), target))


def _read_head(config: GitConfig, folder: str, common: str) -> None:
    head = _text(os.path.join(folder, "HEAD")).strip()
    if not head.startswith("ref:"):
        config.commit = head if _HEX.fullmatch(head) else None
        return
    ref = head.removeprefix("ref:").strip()
    config.branch = ref.removeprefix("refs/heads/")
    commit = _text(os.path.join(common, ref)).strip()
    config.commit = commit if _HEX.fullmatch(commit) else _packed(common, ref)


def _packed(common: str, ref: str) -> str | None:
    for line in _text(os.path.join(common, "packed-refs"), 1 << 26).splitlines():
        commit, _, name = line.partition(" ")
        if name == ref and _HEX.fullmatch(commit):
            return commit
    return None


def _read_file(config: GitConfig, path: str, depth: int) -> None:
    section = subsection = ""
    for line in _text(path).replace("\\\n", "").splitlines():
        head = _SECTION.match(line)
        if head:
            section, subsection, line = head[1].lower(), _unescaped(head[2] or ""), head[3]
            section, dot, old_style = section.partition(".")
            subsection = old_style if dot else subsection
        key, equals, value = line.partition("=")
        if equals:
            _take(config, (section, subsection, key.strip().lower()), _value(value), path, depth)


def _take(config: GitConfig, key: tuple[str, str, str], value: str, path: str, depth: int) -> None:
    section, subsection, name = key
    if section == "remote" and name == "url":
        config.remotes.setdefault(subsection, value)
    elif section == "filter":
        config.filters.add(subsection)
    elif section in ("include", "includeif") and name == "path":
        if depth == 0:
            config.is_safe = False
            return
        _read_file(config, os.path.join(os.path.dirname(path), os.path.expanduser(value)), depth - 1)


def _value(text: str) -> str:
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return _unescaped(text[1:-1])
    return re.split(r"\s[#;]", text, maxsplit=1)[0].rstrip()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _text(path: str, limit: int = _MAX_BYTES) -> str:
    return read_regular(path, limit).decode("utf-8", "replace")
