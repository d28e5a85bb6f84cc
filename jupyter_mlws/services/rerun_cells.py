"""The cell of a run that is done again: which parameters its runner puts in, and what it finds in ``sys.argv``."""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from jupyter_mlws.blobs import BlobStore
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.literals import literal_assignments
from jupyter_mlws.domain.run import Run, RunSubmission
from jupyter_mlws.errors import CorruptData, InvalidInput

__all__ = ["CellWish"]

# What the runner of a cell reads, see `jupyter_mlws.magics.prepare`.
_NAME = "cell.json"


@dataclass(frozen=True)
class CellWish:
    """What the runner of a cell was told."""

    inputs: tuple[InputFile, ...]
    blobs: BlobStore
    said: dict[str, Any]

    @classmethod
    def of(cls, submission: RunSubmission, blobs: BlobStore) -> CellWish | None:
        """The cell of a submission; None for a script."""
        found = next((item for item in submission.inputs if item.name == _NAME), None)
        if found is None or not submission.source.cell_source:
            return None
        try:
            said = json.loads(blobs.read(found.digest))
            cls._check(said)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _unreadable() from error
        return cls(submission.inputs, blobs, said)

    @staticmethod
    def _check(said: Any) -> None:
        """Look at what somebody else may have written: it came with an archive, or was uploaded."""
        for name in ("overrides", "names", "secrets"):
            if not isinstance(said[name], list) or any(not isinstance(item, str) for item in said[name]):
                raise TypeError(name)
        for cell in said["cells"]:
            if not isinstance(cell["code"], str):
                raise TypeError("cells")

    @property
    def secret_names(self) -> tuple[str, ...]:
        """Secrets that the cell has as variables."""
        return tuple(self.said["secrets"])

    def inputs_with(
        self, params: Mapping[str, str], arguments: tuple[str, ...] | None, earlier: Run
    ) -> tuple[InputFile, ...]:
        """The run's inputs, of which the runner's file is another one where something is to be different.

        Raises
        ------
        InvalidInput
            A parameter replaces nothing: neither a literal of the cell nor a captured value has that name.
        """
        said = dict(self.said)
        new = [name for name in params if name not in said["overrides"]]
        self._check_replaceable(new, earlier)
        said["overrides"] = [*said["overrides"], *new]
        if arguments is not None:
            said["arguments"] = list(arguments)
        if said == self.said:
            return self.inputs
        stored = self.blobs.put_bytes(json.dumps(said, ensure_ascii=True).encode())
        mine = InputFile(name=_NAME, digest=stored.digest, size_bytes=stored.size_bytes)
        return tuple(mine if item.name == _NAME else item for item in self.inputs)

    def _check_replaceable(self, names: Collection[str], earlier: Run) -> None:
        if not names:
            return
        code = "\n".join(cell["code"] for cell in self.said["cells"])
        known = [*(name for name, _ in literal_assignments(_parsed(code))), *self.said["names"]]
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                raise InvalidInput(
                    f"The cell of run #{earlier.number} has no top-level {name[:80]} = ... and captured no such name "
                    "that a parameter could replace.",
                    hint=f"Did you mean {near[0]}?" if near else f"It has {', '.join(known[:20]) or 'none'}.",
                )


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:  # nested too deeply is any of these
        raise _unreadable() from error


def _unreadable() -> CorruptData:
    return CorruptData("What the cell's runner was told cannot be read.", hint="Submit the cell anew.")
