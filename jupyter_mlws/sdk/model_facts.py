"""What is known of a model."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from jupyter_mlws.domain import model as words
from jupyter_mlws.sdk.text import facts_html, size_text

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["ModelFacts"]


class ModelFacts:
    """The record of one version."""

    workspace: Workspace
    record: words.Model

    @property
    def name(self) -> str:
        """Name shared by all versions."""
        return self.record.name

    @property
    def version(self) -> int:
        """Version, counted from 1; never given twice."""
        return self.record.version

    @property
    def id(self) -> str:
        """``name:version``."""
        return self.record.id

    @property
    def run_id(self) -> str | None:
        """Id of the run that made it."""
        return self.record.run_id

    @property
    def run(self) -> Run | None:
        """The run that made it; None for one that was registered from files.

        Raises
        ------
        NotFound
            The run was deleted; the model keeps its files.
        """
        from jupyter_mlws.sdk.run import Run

        return None if self.record.run_id is None else Run.get(self.workspace, self.record.run_id)

    @property
    def snapshot_id(self) -> str | None:
        """The snapshot of the code that made it."""
        return self.record.snapshot_id

    @property
    def tags(self) -> dict[str, str]:
        """Tags; changed with `add_tags`, `remove_tags` and `update`."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """Facts for good; added to with `add_properties`."""
        return dict(self.record.properties)

    @property
    def aliases(self) -> list[str]:
        """The aliases that name this version; see `set_alias`."""
        return [*self.record.aliases]

    @property
    def description(self) -> str:
        """What people should know of it."""
        return self.record.description

    @property
    def framework(self) -> str:
        """Such as 'ScikitLearn'."""
        return self.record.framework

    @property
    def framework_version(self) -> str:
        """Version of the framework."""
        return self.record.framework_version

    @property
    def files(self) -> list[str]:
        """Names of its files."""
        return [file.path for file in self.record.files]

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return self.record.size_bytes

    @property
    def created_time(self) -> datetime:
        """When it was registered, in UTC."""
        return self.record.created_at

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelFacts) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        number = self.record.run_number
        aliases = "".join(f" @{alias}" for alias in self.record.aliases)
        made = "" if number is None else f", run #{number}{' (deleted)' if self.record.run_deleted else ''}"
        return f"Model({self.id!r}{aliases}{made}{', in the trash' if self.record.deleted_at else ''})"

    def _repr_html_(self) -> str:
        record = self.record
        facts = {
            "Aliases": ", ".join(record.aliases),
            "Run": f"#{record.run_number}{' (deleted)' if record.run_deleted else ''}" if record.run_number else "",
            "Files": f"{len(record.files)} ({size_text(record.size_bytes)})",
            "Framework": f"{record.framework} {record.framework_version}".strip(),
            "Tags": ", ".join(f"{key}={value}" for key, value in record.tags.items()),
            "Description": record.description,
        }
        return facts_html(f"Model {self.id}", facts)
