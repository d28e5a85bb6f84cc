"""What of its code a run may lack: a snapshot, a file that held still, a seed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jupyter_mlws.domain.reproducibility import Reason
from jupyter_mlws.domain.run import Run
from jupyter_mlws.domain.snapshot import changed_files
from jupyter_mlws.errors import MlwsError
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.reproducibility.words import listed
from jupyter_mlws.store.submissions import Submitted

__all__ = ["reasons_of_code"]

# A script longer than this is not read for it.
_MOST_BYTES = 1 << 20
_CHANCE = re.compile(
    r"^\s*(?:import|from)\s+(?:random|numpy|torch|tensorflow|jax|sklearn|lightgbm|xgboost|keras|secrets)\b",
    re.MULTILINE,
)
_SEED = re.compile(
    r"seed|random_state|RandomState|PRNGKey|default_rng\(\s*[\w(]|(?-i:\bRandom)\(\s*[\w(]", re.IGNORECASE
)


def reasons_of_code(context: Context, earlier: Run, submitted: Submitted) -> Iterator[Reason]:
    """What is known of the code of a run that may make it differ."""
    changed = changed_files(earlier.notes)
    if changed:
        yield Reason(
            code="changed_during_snapshot",
            sentence=f"While the snapshot was taken, {listed(changed)} changed: the script may have been another "
            "than what was meant.",
        )
    if earlier.snapshot_id is None and earlier.kind != "cell" and not submitted.submission.inputs:
        yield Reason(
            code="no_snapshot",
            sentence="No snapshot was taken of its code, so what its command does now is what will be done.",
            hint="Submit it with a snapshot of its folder.",
        )
    if _leaves_to_chance(context, earlier, submitted):
        yield Reason(
            code="seed_unknown",
            sentence="Its code uses a library that draws random numbers, and sets no seed: they may differ.",
            hint="Set a seed, and log it as a parameter.",
        )


def _leaves_to_chance(context: Context, earlier: Run, submitted: Submitted) -> bool:
    """Whether random numbers may be drawn without a seed, as far as the first file tells."""
    said = " ".join((*earlier.params, *earlier.command, *submitted.submission.environment_variables))
    if _SEED.search(said) or any(item.how == "random" for item in earlier.captured):
        return False
    text = earlier.source.cell_source or _script(context, earlier)
    return bool(_CHANCE.search(text)) and not _SEED.search(text)


def _script(context: Context, earlier: Run) -> str:
    """The text of the script that a run started; '' where there is none to be read."""
    name = next((word for word in earlier.command[1:2] if word.endswith(".py")), "")
    if not name or earlier.snapshot_id is None:
        return ""
    from jupyter_mlws.snapshots import load_manifest

    path = f"{earlier.working_directory}/{name}".lstrip("/")
    try:
        for entry in load_manifest(earlier.snapshot_id, context.blobs).entries:
            if entry.path == path and entry.size_bytes <= _MOST_BYTES:
                return context.blobs.read(entry.digest).decode("utf-8", "replace")
    except MlwsError:
        return ""  # that it is gone is told by itself
    return ""
