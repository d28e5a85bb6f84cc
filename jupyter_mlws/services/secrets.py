"""Secrets: those of the vault for whoever asks, and those that a submission names for its job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jupyter_mlws.api.interface import SecretsApi
from jupyter_mlws.domain.environment import KERNEL, Environment, split_reference
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.run import RunSubmission
from jupyter_mlws.domain.secret import Secret, SecretValue, check_secret_name, references
from jupyter_mlws.errors import InvalidInput, InvalidName, MlwsError, NotFound
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context
from jupyter_mlws.services.vault import Vault, vault_of
from jupyter_mlws.store.environments import IMPORTED, is_imported

__all__ = ["Secrets", "environment_of", "find_in_vault", "names_in_vault", "referenced", "with_secrets"]


@implements("secrets", SecretsApi)
class Secrets:
    """`SecretsApi` over the vault of this workspace and of the user who answers."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def _vault(self) -> Vault:
        return vault_of(self._context.workspace_id)

    def list(self) -> Page[Secret]:
        vault = self._vault
        return Page(items=tuple(Secret(name=name, vault=vault.kind) for name in vault.names()))

    def set(self, name: str, secret: SecretValue) -> Secret:
        vault = self._vault
        vault.set(name, secret.value)
        return Secret(name=name, vault=vault.kind)

    def get(self, name: str) -> SecretValue:
        return SecretValue(value=self._vault.get(name))

    def delete(self, name: str) -> Secret:
        vault = self._vault
        vault.delete(name)
        return Secret(name=name, vault=vault.kind)


def find_in_vault(context: Context, name: str) -> str | None:
    """The value that the vault has under a name; None for a name that it has not, or that no secret can have."""
    if not context.workspace_id:
        return None  # a workspace without an id is nobody's
    try:
        return vault_of(context.workspace_id).get(name)
    except (NotFound, InvalidName):
        return None


def names_in_vault(context: Context) -> frozenset[str]:
    """The names of the secrets that a run could be handed; none where the vault does not open, which a submit tells."""
    try:
        return frozenset(vault_of(context.workspace_id).names())
    except MlwsError:
        return frozenset()


def with_secrets(context: Context, submission: RunSubmission) -> RunSubmission:
    """The submission with the values of those secrets that the vault is to give.

    Raises
    ------
    InvalidInput
        The vault has one of them not; the message says which command stores it.
    """
    wanted = [name for name in submission.vault_secrets if name not in submission.secrets]
    found = {name: _of_vault(context, name) for name in wanted}
    return replace(submission, secrets={**submission.secrets, **found}, vault_secrets=())


def referenced(context: Context, submission: RunSubmission) -> dict[str, str]:
    """The values of the variables that refer to secrets (``secret:NAME``), be they the run's or its environment's.

    A secret that the submission was given itself stands above that of the vault.

    Raises
    ------
    InvalidInput
        There is no such secret; the message says which command stores it. Or an environment that came with an archive
        asks for one that the submission does not name.
    """
    environment = environment_of(context, submission.environment)
    own = submission.environment_variables
    others: dict[str, str] = {}
    if environment is not None:
        others = {name: value for name, value in environment.spec.environment_variables.items() if name not in own}
        _check_named(environment, others, submission)
    variables = {**others, **own}
    return {
        variable: submission.secrets[name] if name in submission.secrets else _of_vault(context, name, variable)
        for variable, name in references(variables).items()
        if variable not in submission.secrets
    }


def environment_of(context: Context, reference: str) -> Environment | None:
    """The version that a submission names; None for the interpreter that submits."""
    if reference == KERNEL:
        return None
    # Imported at use: most runs are the kernel's.
    from jupyter_mlws.services.environments import Environments

    name, version = split_reference(reference)
    label = version if isinstance(version, str) else ""
    return Environments(context).get(name, version if isinstance(version, int) else 0, label)


def _check_named(environment: Environment, variables: Mapping[str, str], submission: RunSubmission) -> None:
    """Raise `InvalidInput` where somebody else's environment asks for secrets that nobody here has named."""
    asked = {name for variable, name in references(variables).items() if variable not in submission.secrets}
    missing = sorted(asked - submission.secrets.keys())
    if missing and is_imported(environment):
        raise InvalidInput(
            f"The environment {environment.id} came with an archive, and asks for "
            f"the secret{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            hint=f"Name what its packages may have: --secret {missing[0]}; or make it yours: "
            f"mlws env label {environment.id} {IMPORTED}-{environment.version} --remove",
            details={"secrets": missing},
        )


def _of_vault(context: Context, name: str, variable: str = "") -> str:
    found = find_in_vault(context, check_secret_name(name))
    if found is not None:
        return found
    told = f"The variable {variable} refers to the secret {name}, which" if variable else f"The secret {name}"
    raise InvalidInput(
        f"{told} is neither a variable where you submit, nor in the vault.",
        hint=f"Store it: mlws secrets set {name}",
        details={"secrets": [name]},
    )
