"""The noun of secrets."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import route
from jupyter_mlws.domain.page import Page
from jupyter_mlws.domain.secret import Secret, SecretValue

__all__ = ["SecretsApi"]


class SecretsApi(Protocol):
    """Secrets of the workspace's user: names that are listed, values that are told on an explicit question only."""

    @route("GET", "/secrets", resource="secrets")
    def list(self) -> Page[Secret]:
        """The names of all secrets, sorted; no values."""
        ...

    @route("PUT", "/secrets/{name}", resource="secrets", permission="write")
    def set(self, name: str, secret: SecretValue) -> Secret:
        """Store a secret; one of this name is replaced. The answer has no value."""
        ...

    # A POST: what runs nothing is not asked by a page of another origin either, nor kept in a history of addresses.
    @route("POST", "/secrets/{name}/value", resource="secrets", permission="execute")
    def get(self, name: str) -> SecretValue:
        """The value of a secret, or `NotFound`. Never part of any other answer."""
        ...

    @route("DELETE", "/secrets/{name}", resource="secrets", permission="write")
    def delete(self, name: str) -> Secret:
        """Remove a secret, or `NotFound`."""
        ...
