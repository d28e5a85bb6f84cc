"""Doing a run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.domain.reproducibility import Reproducibility
    from jupyter_mlws.sdk.environment import Environment
    from jupyter_mlws.sdk.experiment import Experiment
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

__all__ = ["RunRerun"]


class RunRerun(RunFacts):
    """A run like this one."""

    def reproducibility(self) -> Reproducibility:
        """Whether this run can be done again where its workspace is, and what may come out otherwise.

        Returns
        -------
        Reproducibility
            `can` says whether `rerun` starts it; `reasons` are sentences with codes, what stands in the way first.

        Examples
        --------
        >>> print(ws.run(12).reproducibility())      # doctest: +SKIP
        It can be done again.
        • It read data/train.parquet in place: nothing keeps it as it was.
        """
        return self.workspace.api.runs.reproducibility(self.id)

    def rerun(
        self,
        *,
        arguments: Sequence[object] | None = None,
        params: Mapping[str, object] | None = None,
        tags: Mapping[str, object] | None = None,
        display_name: str | None = None,
        description: str | None = None,
        experiment: str | Experiment | None = None,
        compute_target: str | None = None,
        environment: str | Environment | None = None,
        environment_variables: Mapping[str, object] | None = None,
        max_run_duration_seconds: float | None = None,
        secrets: Mapping[str, str | None] | Sequence[str] | None = None,
    ) -> Run:
        """Submit this run again: the same snapshot, command, inputs and parameters, but for what is given here.

        The script's folder and the notebook's values are those of then, not of now. The variables that the job
        inherits are those of this process. A sweep is done again as a whole, one of its runs by itself.

        Parameters
        ----------
        arguments : sequence, optional
            All arguments of the script, instead of those it had.
        params : mapping, optional
            Parameters to add or change. Those of a cell replace its literals or captured values, as ``-p`` does.
        tags : mapping, optional
            Tags to add or change.
        environment : str or Environment, optional
            Another environment; 'kernel' is the interpreter of this process.
        environment_variables : mapping, optional
            Variables to add or change; None takes one away.
        secrets : mapping or sequence of str, optional
            What was not stored: secrets by their name, masked arguments by their option (``{"--token": "..."}``).
            Those that are variables of this process, or in the vault, need not be given. Names alone are looked for
            there, too.

        Returns
        -------
        Run
            The new run; its property ``mlws.rerun_of`` is the id of this one.

        Raises
        ------
        WrongState
            This is a child or interactive run, which happened inside another process.
        InvalidInput
            A secret has to be given again, or a parameter replaces nothing in the cell; the message names it.
        CorruptData
            The snapshot or an input is gone.

        Examples
        --------
        >>> ws.run(12).rerun(params={"lr": 0.01}, tags={"why": "smaller"})      # doctest: +SKIP
        """
        from jupyter_mlws.sdk.current import set_last_run
        from jupyter_mlws.sdk.labels import label_texts
        from jupyter_mlws.sdk.run import Run
        from jupyter_mlws.sdk.script_words import argument_list, secret_names, secret_values, variables
        from jupyter_mlws.sdk.variables import inherited_variables

        changed: dict[str, str | None] | None = None
        if environment_variables is not None:
            kept = {name: value for name, value in environment_variables.items() if value is not None}
            changed = {**dict.fromkeys(environment_variables), **variables(kept)}
        from jupyter_mlws.domain.rerun import Rerun

        given, from_vault = secret_values(secret_names(secrets or {}))
        wish = Rerun(
            arguments=None if arguments is None else tuple(str(word) for word in argument_list(arguments)),
            params=None if params is None else label_texts(params, "params"),
            tags=None if tags is None else label_texts(tags, "tags"),
            display_name=display_name,
            description=description,
            experiment=experiment if experiment is None or isinstance(experiment, str) else experiment.name,
            compute_target=compute_target,
            environment=_reference(environment, self.workspace),
            environment_variables=changed,
            inherited_environment=inherited_variables(self.workspace),
            secrets=given,
            vault_secrets=from_vault,
            max_run_duration_s=max_run_duration_seconds,
        )
        run = Run(self.workspace, self.workspace.api.runs.rerun(self.id, wish))
        set_last_run(run)
        return run


def _reference(environment: str | Environment | None, workspace: Workspace) -> str | None:
    """What a rerun is told of an environment; one that is not registered yet is, on the way."""
    if environment is None or isinstance(environment, str):
        return environment
    return environment.reference_in(workspace.api)
