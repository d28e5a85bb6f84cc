"""What people write on a run: tags, properties, its name and description."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlws.sdk.labels import label_texts, names_to_remove
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.domain.run import RunUpdate

__all__ = ["RunNotes"]


class RunNotes(RunFacts):
    """What may be changed of a run."""

    def _change(self, **changes: Any) -> None:
        from jupyter_mlws.domain.run import RunUpdate

        self._update(RunUpdate(**changes))

    def _update(self, update: RunUpdate) -> None:
        self._record = self._api.runs.update(self.id, update)

    @property
    def tags(self) -> dict[str, str]:
        """Tags."""
        return dict(self.record.tags)

    @property
    def properties(self) -> dict[str, str]:
        """Properties: facts that are added once and never changed."""
        return dict(self.record.properties)

    @property
    def display_name(self) -> str:
        """Name for people; may be empty, and may be set."""
        return self.record.display_name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self._change(display_name=name)

    @property
    def description(self) -> str:
        """Text for people; may be empty, and may be set."""
        return self.record.description

    @description.setter
    def description(self, text: str) -> None:
        self._change(description=text)

    def tag(self, key: str, value: object = "") -> None:
        """Set a tag."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, object]) -> None:
        """Set several tags; others stay.

        Parameters
        ----------
        tags : dict
            Of names of at most 100 characters to values, kept as text of at most 1,000. None stands for a bare tag.

        Raises
        ------
        InvalidInput, TooLarge
            A name or value cannot be kept; none of them is set.
        """
        self._change(tags=label_texts(tags, "tags"))

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove tags.

        Parameters
        ----------
        tags : list of str, or dict
            Their names. With a dict a tag is removed only if it has that value.
        """
        names = names_to_remove(tags, self.refresh().tags if isinstance(tags, Mapping) else {})
        if names:
            self._change(tags=dict.fromkeys(names))

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Add properties, which stay as they are from then on.

        Parameters
        ----------
        properties : dict
            At most 50 in all; names of at most 100 characters, values kept as text of at most 1,000.

        Raises
        ------
        Conflict
            One of them has another value already; none is added. (In a job the run shows this as a warning.)
        """
        self._change(properties=label_texts(properties, "properties"))
