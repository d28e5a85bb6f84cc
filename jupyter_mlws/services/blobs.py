"""Bytes by digest, for what travels with a submission."""

from __future__ import annotations

from jupyter_mlws.api.interface import BlobsApi
from jupyter_mlws.api.routes import Upload
from jupyter_mlws.domain.job import InputFile
from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.services.checking import implements
from jupyter_mlws.services.context import Context

__all__ = ["Blobs"]


@implements("blobs", BlobsApi)
class Blobs:
    """`BlobsApi` over the blob store."""

    def __init__(self, context: Context) -> None:
        self._blobs = context.blobs

    def upload(self, name: str, content: Upload) -> InputFile:
        check_file_name(name)
        stored = self._blobs.put_stream(content.file)
        return InputFile(name=name, digest=stored.digest, size_bytes=stored.size_bytes)
