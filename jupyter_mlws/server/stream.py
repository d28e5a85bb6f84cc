"""Bytes on their way out: as fast as the reader takes them, and never mistaken for the whole when they broke off."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from tornado.iostream import StreamClosedError

from jupyter_mlws.api.routes import Download
from jupyter_mlws.server.pools import Pool

if TYPE_CHECKING:
    from jupyter_mlws.server.handlers import MlwsHandler

__all__ = ["stream"]

# Foreign bytes are bytes: whatever a run called its file, no browser shows it as a page.
_MEDIA_TYPE = "application/octet-stream"


async def stream(handler: MlwsHandler, download: Download, pool: Pool) -> None:
    """Send a download piece by piece; the next piece is made when the last one has left.

    A failure before the first piece is answered as any other. After it the connection is cut, so that the reader sees
    that something is missing.
    """
    chunks = iter(download.chunks)
    pieces = map(bytes, chunks)
    try:
        piece = await pool.run(next, pieces, None)
        _set_headers(handler, download)
        await _send(handler, pieces, piece, pool)
    finally:
        close = getattr(chunks, "close", None)
        if close is not None:
            await pool.go_on(close)


def _set_headers(handler: MlwsHandler, download: Download) -> None:
    name = PurePosixPath(download.name.replace("\\", "/")).name
    printable = "".join(c for c in name if c.isprintable()).strip(". ") or "download"
    handler.set_header("Content-Type", _MEDIA_TYPE)
    handler.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{quote(printable, safe='')}")
    handler.set_header("X-Content-Type-Options", "nosniff")
    if download.size_bytes is not None:
        handler.set_header("Content-Length", str(download.size_bytes))
    if download.digest:
        handler.set_header("Repr-Digest", f"sha-256=:{b64encode(bytes.fromhex(download.digest)).decode()}:")


async def _send(handler: MlwsHandler, pieces: Iterator[bytes], piece: bytes | None, pool: Pool) -> None:
    try:
        while piece is not None:
            handler.write(piece)
            await handler.flush()
            piece = await pool.go_on(next, pieces, None)
        await handler.finish(set_content_type=_MEDIA_TYPE)
    except StreamClosedError:
        return  # the reader has left
    except Exception:
        handler.log.exception("A download of %s broke off", type(handler).__name__)
        handler.detach().close()
