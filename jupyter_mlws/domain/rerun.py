"""A run done again: what is to be different."""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_mlws.domain.environment import split_reference
from jupyter_mlws.domain.names import (
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    MAX_PARAMS,
    check_experiment_name,
    check_tags,
    check_text,
)

__all__ = ["RERUN_OF", "Rerun"]

# The property of a run that names the one it repeats.
RERUN_OF = "mlws.rerun_of"


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """The wish for a run like one before; None leaves a fact as it was.

    Attributes
    ----------
    arguments : tuple of str or None
        All arguments of the script, instead of those it had.
    params, tags : dict or None
        Added to those that the run had, or put in their place.
    environment_variables : dict or None
        The same; a value of None takes a variable away.
    environment : str or None
        Another environment as ``name``, ``name:3``, ``name@label`` or 'kernel', which is then the interpreter of
        whoever answers.
    inherited_environment : dict or None
        The variables of whoever asks, handed to the job once and never stored. None for who has none to give, such as
        a browser: a run that inherited variables then inherits those of the process that answers.
    secrets : dict
        What was not stored: secrets by their name, masked arguments by their option (``--token``).
    vault_secrets : tuple of str
        Names of secrets that the vault is to give; those of the run are looked for there in any case.
    key : str
        Makes a repeated request harmless: the same key gives the same run.
    """

    arguments: tuple[str, ...] | None = None
    params: dict[str, str] | None = None
    tags: dict[str, str] | None = None
    display_name: str | None = None
    description: str | None = None
    experiment: str | None = None
    compute_target: str | None = None
    environment: str | None = None
    environment_variables: dict[str, str | None] | None = None
    inherited_environment: dict[str, str] | None = None
    secrets: dict[str, str] = field(default_factory=dict)
    vault_secrets: tuple[str, ...] = ()
    max_run_duration_s: float | None = None
    key: str = ""

    def __post_init__(self) -> None:
        if self.experiment is not None:
            check_experiment_name(self.experiment)
        if self.environment is not None:
            split_reference(self.environment)
        check_text("display name", self.display_name or "", MAX_DISPLAY_NAME)
        check_text("description", self.description or "", MAX_DESCRIPTION)
        check_tags(self.tags or {})
        check_tags(self.params or {}, "parameter", MAX_PARAMS)
