"""From a request to the exact list of what travels, what is linked and what stays; nothing is read or stored yet."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from stat import S_ISDIR

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.domain.snapshot import LinkedPath, SnapshotRequest
from jupyter_mlws.errors import InvalidInput, InvalidPath, SnapshotError, TooLarge
from jupyter_mlws.snapshots.links import leads_to_secret, linked, target_within
from jupyter_mlws.snapshots.roots import find_root, is_within, relative, rules_above
from jupyter_mlws.snapshots.walk import Found, Limits, Walk, shown, walk

__all__ = ["FOLDER_LIMITS", "MAX_LINKS", "Plan", "make_plan"]

# A folder that was asked for by name may be larger than one that was guessed.
FOLDER_LIMITS = Limits(files=20_000, size_bytes=1_000_000_000, seconds=None)
MAX_LINKS = 100


@dataclass
class Plan:
    """What a snapshot will hold. Paths are relative to the snapshot's root; `root` has no links in it."""

    root: str
    scope: str
    working_directory: str = ""
    limits: Limits = field(default_factory=Limits)
    files: dict[str, Found] = field(default_factory=dict)
    symlinks: dict[str, str] = field(default_factory=dict)
    links: dict[str, LinkedPath] = field(default_factory=dict)
    document: str | None = None
    python_path: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def skip(self, path: str, why: str) -> None:
        """Name something that stays behind, once."""
        line = f"{shown(path)} ({why})"
        if line not in self.skipped:
            self.skipped.append(line)

    def link(self, path: str, target: str, reason: str, stat: os.stat_result) -> None:
        """Link a path unless it, or a folder above it, is linked or travels already."""
        parts = path.split("/")
        above = {"/".join(parts[:count]) for count in range(1, len(parts) + 1)}
        if not above & self.links.keys() and path not in self.files and path not in self.symlinks:
            self.links[path] = linked(path, target, reason, stat)

    def inside(self, path: str) -> str:
        """Absolute path of something below the root."""
        return os.path.join(self.root, path) if path else self.root

    def in_working_directory(self, path: str) -> str:
        """Path below the root of something in the working directory."""
        return f"{self.working_directory}/{path}" if self.working_directory else path

    def take(self, found: Walk) -> None:
        """Take over what a walk found."""
        self.files.update((file.path, file) for file in found.files)
        self.skipped += found.skipped
        self.unreadable += found.unreadable
        for file in found.large:
            self.link(file.path, file.source, "large", file.stat)
        for link in found.links:
            self.take_symlink(link)
        self._take_ignored(found.ignored)

    def take_symlink(self, link: Found) -> None:
        """Keep a link that stays inside, link the data that another leads to, leave secrets and broken ones behind."""
        try:
            target = target_within(link.path, link.source, self.root)
            if target is not None:
                target.encode()
                self.symlinks[link.path] = target
                return
            real = os.path.realpath(link.source)
            stat = os.stat(real)
        except (OSError, UnicodeEncodeError):
            self.skip(link.path, "a link that leads nowhere")
            return
        if leads_to_secret(real):
            self.skip(link.path, "a link to what may hold secrets")
            self.warnings.append(f"{shown(link.path)} leads to a file that may hold secrets and stays behind.")
        else:
            self.link(link.path, real, "outside", stat)

    def _take_ignored(self, ignored: list[Found]) -> None:
        ignored = sorted(ignored, key=lambda found: (not S_ISDIR(found.stat.st_mode), found.path))
        for found in ignored[:MAX_LINKS]:
            real = os.path.realpath(found.source)
            if not leads_to_secret(real):
                self.link(found.path, real, "ignored", found.stat)
        if len(ignored) > MAX_LINKS:
            self.warnings.append(
                f"{len(ignored) - MAX_LINKS:,} more ignored files stay behind; "
                "name those that the run needs with --data."
            )


def make_plan(request: SnapshotRequest, limits: Limits, folder_limits: Limits) -> Plan:
    """The plan for a request, by its rule.

    Raises
    ------
    SnapshotError
        The folder does not exist.
    TooLarge
        The rule is 'directory' and the folder is above `folder_limits`.
    """
    directory = os.path.realpath(request.directory)
    if not os.path.isdir(directory):
        raise SnapshotError(f"There is no folder {shown(request.directory)}.", hint="Check the path.")
    if request.rule == "none":
        return Plan(root=directory, scope="none")
    plan = _whole(directory, folder_limits) if request.rule == "directory" else _guessed(directory, limits)
    _add_document(plan, request)
    return plan


def _whole(directory: str, limits: Limits) -> Plan:
    found = walk(directory, rules_above(directory), limits, working_directory="")
    if found.stopped:
        raise _too_large(directory, found)
    plan = Plan(root=directory, scope="folder", limits=limits)
    plan.take(found)
    return plan


def _guessed(directory: str, limits: Limits) -> Plan:
    root = find_root(directory)
    if root is None:
        return Plan(root=directory, scope="files", limits=limits)
    working_directory = relative(directory, root)
    found = walk(root, rules_above(root), limits, working_directory=working_directory)
    if not found.stopped:
        plan = Plan(root=root, scope="project", working_directory=working_directory, limits=limits)
        plan.take(found)
        return plan
    plan = Plan(root=directory, scope="files", limits=limits)
    plan.warnings.append(
        f"The project {shown(os.path.basename(root))} {found.stopped}: only the notebook, its local modules and the "
        f"files that the cell names travel. Add {_ignore_line(root, found)} to its .mlwsignore to send the project."
    )
    return plan


def _too_large(directory: str, found: Walk) -> TooLarge:
    biggest = sorted(found.files, key=lambda file: -file.stat.st_size)[:3]
    named = ", ".join(f"{shown(file.path)} ({file.stat.st_size / 1e6:,.1f} MB)" for file in biggest)
    return TooLarge(
        f"The folder {shown(directory)} {found.stopped}; the largest are {named}.",
        hint=f"Add {_ignore_line(directory, found)} to {shown(os.path.join(directory, '.mlwsignore'))}.",
        details={"files": [file.path for file in biggest]},
    )


def _ignore_line(root: str, found: Walk) -> str:
    """The line that leaves out most: the subfolder with the most files or bytes, whichever limit was met."""
    by_size = "MB" in found.stopped
    weights: dict[str, int] = {}
    for file in found.files:
        top, slash, _ = file.path.partition("/")
        weights[top + slash] = weights.get(top + slash, 0) + (file.stat.st_size if by_size else 1)
    heaviest = max(weights, key=lambda name: weights[name], default="data/")
    return f"the line '{shown(heaviest)}'"


def _add_document(plan: Plan, request: SnapshotRequest) -> None:
    if request.document is None:
        if request.document_text is not None:
            raise InvalidInput("A document's text needs the document's path.")
        return
    path = plan.in_working_directory(check_file_name(request.document))
    source = plan.inside(path)
    real = os.path.realpath(source)
    if is_within(real, plan.root) or request.document_text is not None:
        plan.symlinks.pop(path, None)
        plan.links.pop(path, None)
        _add_document_file(plan, path, source, has_text=request.document_text is not None)


def _add_document_file(plan: Plan, path: str, source: str, *, has_text: bool) -> None:
    if has_text:
        plan.document = path
        plan.files.pop(path, None)
        return
    try:
        plan.files[path] = Found(path, os.path.realpath(source), os.stat(source))
    except OSError as error:
        raise SnapshotError(
            f"The notebook {shown(path)} cannot be read ({os.strerror(error.errno or 0)}).",
            hint="Save it once, then try again.",
        ) from error


def add_found(plan: Plan, path: str, source: str) -> None:
    """Let one more regular file travel."""
    try:
        check_file_name(path)
        plan.files[path] = Found(path, source, os.stat(source))
    except InvalidPath as error:
        plan.skip(path, f"a name that cannot travel: {error.message}")
    except OSError as error:
        plan.unreadable.append(f"{shown(path)} ({os.strerror(error.errno or 0)})")
