"""The noun of bytes by digest."""

from __future__ import annotations

from typing import Protocol

from jupyter_mlws.api.routes import Upload, route
from jupyter_mlws.domain.job import InputFile

__all__ = ["BlobsApi"]


class BlobsApi(Protocol):
    """Bytes by digest, for what travels with a submission."""

    @route("POST", "/blobs", resource="artifacts", permission="write")
    def upload(self, name: str, content: Upload) -> InputFile:
        """Store bytes; the answer names their digest."""
        ...
