"""Pictures for `log_image`: from a file, a figure, or an array, as bytes of a format that a browser shows."""

from __future__ import annotations

import io
import math
import os
import struct
import sys
import zlib
from collections.abc import Iterator
from typing import Any

from jupyter_mlws.domain.media import MAX_MEDIA_BYTES, Picture, read_picture
from jupyter_mlws.errors import InvalidInput, NotFound, TooLarge

__all__ = ["MAX_PICTURE_BYTES", "Picture", "picture_of"]

MAX_PICTURE_BYTES = MAX_MEDIA_BYTES
_MAX_PIXELS = 100_000_000
_PNG = b"\x89PNG\r\n\x1a\n"
_COLORS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels to PNG's colour type
_WHOLE_FLOAT = 255.0
_ROUNDING = 1e-6


def picture_of(where: str, path: Any = None, plot: Any = None) -> Picture:
    """The picture that a caller of `log_image` means.

    Parameters
    ----------
    path : path-like
        A file in PNG, JPEG, GIF, WebP, BMP or SVG, or its content; or anything that `plot` may be.
    plot : object
        A matplotlib figure or ``matplotlib.pyplot``, a PIL image, or an array (or nested list) of height x width, with
        1 to 4 channels; numbers are 0 to 255 where they are whole, and 0 to 1 where they are not.

    Raises
    ------
    InvalidInput
        Neither or both are given, or it is no picture.
    NotFound
        There is no such file.
    TooLarge
        The picture is above `MAX_PICTURE_BYTES`.
    """
    if (path is None) == (plot is None):
        raise InvalidInput(f"{where} needs a picture.", hint="Give path=... (a file) or plot=... (a figure or array).")
    source = path if plot is None else plot
    if isinstance(source, (str, os.PathLike)):
        data = _read(where, source)
    elif isinstance(source, (bytes, bytearray, memoryview)):
        data = bytes(source)
    elif hasattr(source, "savefig"):  # a figure, or pyplot for its present one
        data = _saved(source.savefig, format="png", bbox_inches="tight")
    elif hasattr(source, "save") and hasattr(source, "mode"):  # a PIL image
        data = _saved((source if source.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else source.convert("RGB")).save,
                      format="PNG")  # fmt: skip
    else:
        data = _png_of(where, source)
    if len(data) > MAX_PICTURE_BYTES:
        raise _too_large(where, len(data))
    return _understand(where, data)


def _too_large(where: str, size_bytes: int) -> TooLarge:
    return TooLarge(
        f"{where} takes {size_bytes / 2**20:.0f} MiB.",
        hint=f"At most {MAX_PICTURE_BYTES // 2**20} MiB are shown; use run.upload_file for more.",
    )


def _read(where: str, path: str | os.PathLike[str]) -> bytes:
    if not os.path.isfile(path):
        raise NotFound(f"{where}: there is no file {os.fspath(path)!r}.", hint="Give the path of a picture.")
    if os.path.getsize(path) > MAX_PICTURE_BYTES:
        raise _too_large(where, os.path.getsize(path))
    with open(path, "rb") as file:
        return file.read()


def _saved(save: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    save(out, **options)
    return out.getvalue()


def _understand(where: str, data: bytes) -> Picture:
    picture = read_picture(data)
    if picture is None:
        raise InvalidInput(
            f"{where} was given a file that is no picture.", hint="PNG, JPEG, GIF, WebP, BMP and SVG are known."
        )
    return picture


# -- arrays


def _png_of(where: str, array: Any) -> bytes:
    """An array as PNG of 8 bits, by the standard library; by numpy where the array is one of its own."""
    plain = _by_numpy(where, array)
    if plain is not None:
        (height, width, channels), lines = plain
    else:
        rows = _rows(where, array)
        height, width, channels = len(rows), len(rows[0]), len(rows[0][0])
        if channels not in _COLORS or any(len(row) != width or any(len(p) != channels for p in row) for row in rows):
            raise _no_array(where)
        _check_pixels(where, height, width)
        lines = _lines(where, rows)
    body = zlib.compress(b"".join(b"\0" + line for line in lines), 6)
    head = struct.pack(">IIBBBBB", width, height, 8, _COLORS[channels], 0, 0, 0)
    return _PNG + _part(b"IHDR", head) + _part(b"IDAT", body) + _part(b"IEND", b"")


def _check_pixels(where: str, height: int, width: int) -> None:
    if height * width > _MAX_PIXELS:
        raise TooLarge(f"{where} has {height * width:,} pixels.", hint=f"At most {_MAX_PIXELS:,} are shown.")


def _by_numpy(where: str, array: Any) -> tuple[tuple[int, int, int], Iterator[bytes]] | None:
    """Size and lines of an array of numpy that holds a picture as it should; None for anything else."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(array, numpy.ndarray) or array.ndim not in (2, 3) or not array.size:
        return None
    height, width, channels = (*array.shape, 1)[:3]
    if channels not in _COLORS or array.dtype.kind not in "fu" or (array.dtype.kind == "u" and array.dtype != "uint8"):
        return None
    _check_pixels(where, height, width)
    if array.dtype.kind == "f":
        array = numpy.where(numpy.isfinite(array), array, 0.0)
        if array.min() < -_ROUNDING or array.max() > 1 + _ROUNDING:
            return None  # refused with the rest
        array = numpy.round(numpy.clip(array, 0.0, 1.0) * _WHOLE_FLOAT).astype("uint8")
    return (height, width, channels), (row.tobytes() for row in numpy.ascontiguousarray(array))


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _rows(where: str, array: Any) -> list[list[list[Any]]]:
    """Height x width x channels as lists."""
    listed = getattr(array, "tolist", None)
    rows = listed() if callable(listed) else array
    try:
        found = [[list(p) if isinstance(p, (list, tuple)) else [p] for p in row] for row in rows]
    except TypeError:
        raise _no_array(where) from None
    if not found or not found[0] or not found[0][0]:
        raise _no_array(where)
    return found


def _no_array(where: str) -> InvalidInput:
    return InvalidInput(
        f"{where} was given something that is no picture.",
        hint="Give a file, a figure, a PIL image, or an array of height x width with 1 to 4 channels.",
    )


def _lines(where: str, rows: list[list[list[Any]]]) -> Iterator[bytes]:
    whole = all(isinstance(value, int) for row in rows for pixel in row for value in pixel)
    for row in rows:
        try:
            if whole:
                yield bytes(int(value) for pixel in row for value in pixel)
            else:
                yield bytes(_byte(value) for pixel in row for value in pixel)
        except (TypeError, ValueError):
            raise InvalidInput(
                f"{where} has values that are no brightness.", hint="Use whole numbers 0 to 255, or 0.0 to 1.0."
            ) from None


def _byte(value: float) -> int:
    if not math.isfinite(value):
        return 0
    if not -_ROUNDING <= value <= 1 + _ROUNDING:
        raise ValueError(value)
    return round(min(max(value, 0.0), 1.0) * _WHOLE_FLOAT)
