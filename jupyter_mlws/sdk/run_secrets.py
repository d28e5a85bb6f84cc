"""The secrets of a run: those that it was handed, or of its workspace where nobody had to hand them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jupyter_mlws.runfolder import own_secrets
from jupyter_mlws.sdk.run_facts import RunFacts

if TYPE_CHECKING:
    from jupyter_mlws.errors import NotFound

__all__ = ["RunSecrets", "handed_secret", "own_variable"]


class RunSecrets(RunFacts):
    """Asking for secrets."""

    def get_secret(self, name: str) -> str:
        """The value of a secret.

        In a job it is one of those that were named at the submit; no other ever gets there. An interactive run takes a
        variable of its process, else the secret of the workspace's vault; an offline run has variables only. Seen from
        outside a run gives the secrets of its workspace. What was asked for here is masked in what this process logs.

        Parameters
        ----------
        name : str
            As it was named at the submit, or as it is called in the vault.

        Raises
        ------
        NotFound
            There is no such secret, or the job was not handed it; the message says which argument to add.

        Examples
        --------
        >>> token = run.get_secret("HF_TOKEN")      # doctest: +SKIP
        """
        from jupyter_mlws.domain.secret import check_secret_name

        value = self._find_secret(check_secret_name(name))
        own_secrets.add(value)
        return value

    def get_secrets(self, secrets: Iterable[str]) -> dict[str, str]:
        """The values of several secrets by their names; see `get_secret`."""
        return {name: self.get_secret(name) for name in secrets}

    def _find_secret(self, name: str) -> str:
        return self.workspace.secrets.get(name)


def own_variable(name: str) -> str | None:
    """What this process was given by its environment: as a job's secret, or as a plain variable."""
    return own_secrets.value_of(own_secrets.secret_variables().get(name, name))


def handed_secret(name: str) -> str:
    """A secret of this job, or `NotFound`."""
    given = own_secrets.secret_variables()
    value = own_secrets.value_of(given[name]) if name in given else None
    if value is None:
        raise _not_handed(name, given)
    return value


def _not_handed(name: str, given: Mapping[str, str]) -> NotFound:
    from jupyter_mlws.errors import NotFound

    has = f" It has {', '.join(sorted(given))}." if given else ""
    return NotFound(
        f"This job was not handed the secret {name}.{has}",
        hint=f"Name it where you submit: secrets=[{name!r}], mlws submit --secret {name}, or %%submit --secret {name}",
        details={"secret": name, "given": sorted(given)},
    )
