"""The table of ``docs/threat-model.md``: ``python -m jupyter_mlws.server.threats`` brings it up to date.

What follows from a declaration is read from it; what an operation gives to a caller who may use it is said here, by
hand. An operation without a sentence stops the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from jupyter_mlws.api.interface import all_operations
from jupyter_mlws.api.routes import Download, Operation, Upload
from jupyter_mlws.server.requests import body_limit

__all__ = ["GAINS", "table", "updated"]

PAGE = Path("docs", "threat-model.md")
BEGIN, END = "<!-- operations: generated -->", "<!-- operations: end -->"

# What a caller who is let in gets from each operation, at worst.
GAINS = {
    "workspace.info": "counts, size and folder of the workspace; the dispatcher's last words",
    "workspace.changes": "ids of what changed",
    "workspace.wake": "a process of ours, one at most; runs that were queued by others with 'execute' begin",
    "experiments.list": "names of experiments",
    "experiments.get": "name and count of one experiment",
    "experiments.create": "an empty experiment",
    "experiments.update": "other tags and description, shown as text everywhere; no new runs in an archived one",
    "experiments.delete": "an experiment out of sight, all its runs with it, until somebody restores it",
    "experiments.restore": "one back from the trash",
    "runs.submit": "any code, as the server's OS account: the same as a notebook cell",
    "runs.rerun": "the code of an earlier run with other arguments, as the server's OS account: the same as submitting",
    "runs.card": "foreign text in html, escaped; the page sanitises it once more",
    "runs.reproducibility": "whether files that a run's record names are on the server; no content of any",
    "runs.start": "a record that says Running; nothing is executed",
    "folders.append": "disk space, and whatever its own interactive run may leave: points, files, requests of its own",
    "folders.read": "the answers to the requests of an interactive run that logs from elsewhere; of no other run",
    "folders.import_offline": "disk space, and a run with whatever it may leave; nothing is executed or unpickled",
    "folders.imported": "how far an import is",
    "runs.list": "records of runs: command line (values that look like secrets masked), parameters, host, user",
    "runs.lines": "of such records what a list shows: names, parameters, tags, user, beginning of a failure's message",
    "runs.get": "one such record; names of variables, never their values",
    "runs.update": "other tags, name and description; shown as text everywhere",
    "runs.create_children": "records of runs below a run that logs from a process; nothing is executed",
    "runs.end": "the end, on paper, of a run that logs from a process; its process goes on",
    "runs.cancel": "the end of a run of the server's user",
    "runs.weigh": "what a deletion would free",
    "runs.delete": "a run that has ended out of sight, until somebody restores it",
    "runs.restore": "one back from the trash",
    "logs.read": "what a script printed; the secrets that it was handed are masked",
    "files.list": "names and sizes of what a run left",
    "files.download": "the bytes that a run left, as an attachment; found in the records, never on a disk",
    "metrics.list": "names and latest values of series",
    "metrics.names": "names of series",
    "files.upload": "disk space, and a file beside a run's own; none is replaced",
    "metrics.read": "a series",
    "metrics.read_many": "some series, 500 at most; a POST because a page of charts names more than an address holds",
    "metrics.typed": "names, types and counts of a run's other metrics",
    "metrics.export": "the points of all runs",
    "metrics.table": "rows of a table that a script logged as a file, of which only their part is read",
    "metrics.values": "the rows, tables and matrices that a script logged; shown as text everywhere",
    "snapshots.create": "a copy of any folder that the server's account can read: hence 'execute'",
    "snapshots.get": "names, sizes and digests of a snapshot's files",
    "snapshots.summary": "how many files a snapshot has, and how large they are",
    "snapshots.download": "the files of a snapshot, made from records, never from a path",
    "snapshots.download_file": "one file of a snapshot",
    "snapshots.find_missing": "whether bytes are stored of which the caller knows the digest",
    "snapshots.record": "a snapshot of stored bytes of which the caller knows the digests",
    "blobs.upload": "disk space",
    "models.register": "a version made of files that a run left or that were uploaded; nothing is loaded or unpickled",
    "models.list": "names, tags and runs of models",
    "models.get": "one model version",
    "models.get_by_alias": "one model version",
    "models.update": "other tags, description and framework, more properties; shown as text everywhere",
    "models.set_alias": "what is loaded under a name such as production: another version, none that was not there",
    "models.remove_alias": "an alias that names nothing any more",
    "models.delete": "a version in the trash, from which it comes back for some days",
    "models.restore": "a version out of the trash",
    "models.fetch": "one model version, and whether its bytes are there",
    "models.download": "the bytes of a model file; loading it is the reader's own decision",
    "trash.list": "names of what was deleted and can be restored",
    "trash.collect": "the end for good of what was deleted, before its days are over",
    "environments.register": "a list of packages under a name; nothing is installed before a run asks for it",
    "environments.list": "names, packages and variables of environments",
    "environments.get": "one such environment",
    "environments.set_label": "which version a word such as stable names",
    "environments.remove_label": "a word that names nothing any more",
    "environments.lock": "requests to the configured index; a source package may run its build, as a run could",
    "environments.locks": "exact packages and their hashes, without an address",
    "environments.built": "which environments lie in the cache of the server's user, with their sizes",
    "archives.export": "all that the workspace holds, made from records, never from a path; with packages a download "
    "of those that locks name by hash, from the index that is configured",
    "archives.import_file": "runs, models and files that somebody else made; nothing of them is run or loaded",
    "compute.list": "slots and queue of the targets",
    "compute.pause": "runs of the server's account that stay queued until somebody resumes the target",
    "compute.resume": "the begin of runs that somebody has held back, queued by others with 'execute'",
    "compute.queue": "numbers, names and authors of the runs on a target, and of those that wait for it",
    "compute.load": "how busy the machine of a target is",
    "secrets.list": "names of secrets, no value",
    "secrets.set": "another value for the runs that name the secret from now on",
    "secrets.get": "the value of one secret: who may run code could have a job print it, hence 'execute'",
    "secrets.delete": "an end of runs that name the secret, at their submit",
    "registry.list": "names and folders of the user's workspaces",
    "registry.known": "names and places of the user's workspaces, none of which is opened",
    "registry.create": "a workspace in a folder below the server's root; a named database is asked: hence 'execute'",
    "registry.open": "the content of any workspace that the server's account can open: hence 'execute'; never a URL",
    "registry.rename": "another name that is shown as text everywhere",
    "registry.forget": "a workspace out of the list; nothing of it is deleted",
    "registry.trust": "the place that a person was shown is used from now on, none that the project names later",
    "registry.far_side": "where the zip of our own code lies",
    "registry.resolve": "which workspace a document belongs to; the default one is made when it is missing",
    "notebooks.submit": "a file below the server's root run as the server's OS account: the same as a terminal",
    "notebooks.parameters": "what a notebook below the server's root assigns; nothing hidden, no link out is followed",
    "copies.put_file": "a file that a job wrote, in a folder below the server's root: a new name, never a hidden one",
    "copies.put_snapshot": "the files of a snapshot in a new folder below the server's root, no links among them",
    "documents.request": "the text of an open notebook, if a page that shows it answers",
    "documents.answer": "the text that a waiting kernel takes for its notebook; the request's id cannot be guessed",
}

# Uploads that are more than bytes with a digest.
_TAKEN_APART = {
    "folders.append": "written at a known place of its own run's folder, never through a link",
    "folders.import_offline": "known places only, no links; at most 250 times its size and 1 GiB are unpacked",
    "archives.import_file": "every record, size and digest checked before anything is kept",
}


def table() -> str:
    """One row for each operation."""
    head = [
        "| Operation | Address | Asks for | Tampering | Exhaustion | What a caller who may gets |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *_rows()])


def _rows() -> Iterator[str]:
    yield "| openapi | `GET /openapi.json` | read on workspaces | changes nothing | small answer | the API in words |"
    for scope, operation in all_operations():
        prefix = ".../{workspace}" if scope == "workspace" else ""
        cells = [
            operation.id,
            f"`{operation.method} {prefix}{operation.path}`",
            f"{operation.permission} on {operation.resource}",
            _tampering(operation),
            _exhaustion(operation),
            GAINS[operation.id],
        ]
        yield f"| {' | '.join(cells)} |"


def _tampering(operation: Operation) -> str:
    if operation.method == "GET":
        return "changes nothing"
    if operation.body_argument is None:
        return "XSRF; no body"
    if operation.id in _TAKEN_APART:
        return f"XSRF; {_TAKEN_APART[operation.id]}"
    if operation.types[operation.body_argument] is Upload:
        return "XSRF; stored under the digest of what arrived"
    return "XSRF; JSON only, unknown fields refused"


def _exhaustion(operation: Operation) -> str:
    if operation.body_argument is not None:
        if operation.types[operation.body_argument] is Upload:
            return "asked before a byte is kept; to disk, limited"
        return f"body of {body_limit(operation) // 2**20} MiB"
    if operation.id == "archives.export":
        return "streamed as the reader takes it; the records wait on the disk, for four readers at most"
    if operation.returns is Download:
        return "streamed as the reader takes it"
    return "a page of 1,000 at most" if "limit" in operation.query_arguments else "small answer"


def updated(page: str) -> str:
    """The text of the page with the table as it is now."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
