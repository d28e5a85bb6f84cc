"""What never travels, what does not travel unless asked, and what is too private to travel at all."""

from __future__ import annotations

import re

from jupyter_mlws.runfolder.workspaces import PARTS, WORKSPACE

__all__ = [
    "FROZEN",
    "RESERVED",
    "is_foreign",
    "is_hard",
    "is_linkable",
    "is_of_workspace",
    "is_secret",
    "is_soft",
    "is_workspace",
]

# Folder of a snapshot that holds modules and packages from outside its root.
FROZEN = ".mlws-packages"

# Folders of the working directory that lead to the run's own: what earlier runs left there must not come along.
RESERVED = ("outputs", "logs")

_HARD = frozenset({".git", ".hg", ".svn", ".bzr", "_darcs", ".mlws", FROZEN})

_SOFT_FOLDERS = frozenset(
    {
        "__pycache__",
        "__MACOSX",
        "__pypackages__",
        "node_modules",
        "lightning_logs",
        "mlruns",
        "wandb",
        ".cache",
        ".eggs",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".venv",
        ".virtual_documents",
    }
)
_SOFT_FOLDER_ENDINGS = (".egg-info", ".dist-info")
_SOFT_FILES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini", ".coverage"})
_SOFT_FILE_ENDINGS = (".pyc", ".pyo", ".swp", "~")

_SECRET_FOLDERS = frozenset({".ssh", ".aws", ".azure", ".gnupg", ".kube", ".password-store"})
_SECRET_FILES = frozenset(
    {
        ".env",
        ".envrc",
        ".netrc",
        "_netrc",
        ".pypirc",
        ".npmrc",
        ".pgpass",
        ".htpasswd",
        ".dockercfg",
        ".git-credentials",
        "kaggle.json",
        "token.json",
        ".vault-token",
        "application_default_credentials.json",
    }
)
_SECRET = re.compile(
    r"\.env\..+|.+\.env|id_(rsa|dsa|ecdsa|ed25519)([._\-].*)?"
    r"|.+\.(pem|key|p12|pfx|jks|keystore|ppk|kdbx)"
    r"|.*credentials?.*\.(json|ya?ml|toml|ini|csv)"
    r"|client_secrets?.*\.json|service[_\-]?account.*\.json"
    r"|\.?secrets?\.(json|ya?ml|toml|ini|env|txt)"
)
# Templates for the above, made to be shared.
_TEMPLATE = re.compile(r".*\.?env[._\-](example|sample|template|dist|defaults?)|(example|sample|template)\.env")

# Ignored data that a cell may well read without naming it. Models and logs are left out: a run writes those itself.
_DATA_ENDINGS = (
    *(".csv", ".tsv", ".parquet", ".feather", ".arrow", ".orc", ".avro", ".jsonl", ".ndjson", ".xlsx", ".xls"),
    *(".npy", ".npz", ".mat", ".rds", ".sqlite", ".db", ".duckdb", ".gz", ".bz2", ".xz", ".zst", ".zip", ".tar"),
    *(".tif", ".tiff", ".wav", ".flac", ".nc", ".fits", ".hdf", ".root", ".tfrecord", ".mdb", ".sas7bdat", ".dta"),
)
_OUTPUT_FOLDERS = frozenset(
    {"build", "dist", "target", "outputs", "output", "logs", "log", "runs", "results", "checkpoints", "checkpoint"}
    | {
        "coverage",
        "htmlcov",
        "playwright-report",
        "site",
        "test-results",
        "_build",
        "tmp",
        "temp",
        "env",
        "venv",
        "ENV",
        "bin",
        "lib",
        "lib64",
        "share",
        "include",
    }
    | {"models", "artifacts", "figures", "plots", "cache", "site-packages"}
)


_WORKSPACE_NAMES = frozenset({WORKSPACE, *PARTS, "workspace.lock", "imports", "index", "runs"})
_WORKSPACE_BEGINNINGS = (".workspace.json.", "mlws.sqlite", "dispatcher-", "dispatcher.log")


def is_hard(name: str) -> bool:
    """Whether a folder or file of this name never travels, whatever the ignore files say."""
    return name in _HARD


def is_soft(name: str, is_folder: bool) -> bool:
    """Whether a name stays behind unless an ignore file takes it back with ``!``."""
    if is_folder:
        return name in _SOFT_FOLDERS or name.endswith(_SOFT_FOLDER_ENDINGS)
    return name.endswith(_SOFT_FILE_ENDINGS) or name in _SOFT_FILES


def is_foreign(names: set[str]) -> bool:
    """Whether the names in a folder tell that it is an environment or a workspace of ours."""
    return "pyvenv.cfg" in names or "conda-meta" in names or is_workspace(names)


def is_workspace(names: set[str]) -> bool:
    """Whether the names in a folder tell that it is a workspace of ours."""
    return WORKSPACE in names and any(part in names for part in PARTS)


def is_of_workspace(name: str) -> bool:
    """Whether a name in the folder of a workspace is the workspace's own.

    Its database must not even be read, see `jupyter_mlws.runfolder.workspaces`.
    """
    return name in _WORKSPACE_NAMES or name.startswith(_WORKSPACE_BEGINNINGS)


def is_secret(name: str, is_folder: bool) -> bool:
    """Whether a name looks like keys or passwords, in any letter case."""
    folded = name.casefold()
    if is_folder:
        return folded in _SECRET_FOLDERS
    if folded in _SECRET_FILES:
        return True
    return _SECRET.fullmatch(folded) is not None and _TEMPLATE.fullmatch(folded) is None


def is_linkable(name: str, is_folder: bool) -> bool:
    """Whether something that the ignore files leave out is likely to be data that the run needs in its place."""
    if name.startswith("."):
        return False
    if is_folder:
        return name not in _OUTPUT_FOLDERS and not is_soft(name, True)
    return name.casefold().endswith(_DATA_ENDINGS)
