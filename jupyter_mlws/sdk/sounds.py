"""Sounds for `log_audio`: from a file, or from samples, as bytes of a format that a browser plays."""

from __future__ import annotations

import math
import os
import struct
import sys
from array import array
from typing import Any

from jupyter_mlws.domain.media import MAX_MEDIA_BYTES, Sound, read_sound
from jupyter_mlws.errors import InvalidInput, NotFound, TooLarge

__all__ = ["MAX_SOUND_BYTES", "Sound", "sound_of"]

MAX_SOUND_BYTES = MAX_MEDIA_BYTES
_MAX_CHANNELS = 8
_MAX_RATE = 1_000_000
_LOUDEST = 32_767
_HINT = "Give a file in WAV, MP3, Ogg or FLAC, or samples and their sample_rate."


def sound_of(where: str, source: Any, sample_rate: Any = None) -> Sound:
    """The sound that a caller of `log_audio` means.

    Raises
    ------
    InvalidInput
        It is no sound, or samples without their rate.
    NotFound
        There is no such file.
    TooLarge
        The sound is above `MAX_SOUND_BYTES`.
    """
    if isinstance(source, (str, os.PathLike)):
        return _understand(where, _read(where, source))
    if isinstance(source, (bytes, bytearray, memoryview)):
        _check_size(where, len(source))
        return _understand(where, bytes(source))
    return _of_samples(where, source, sample_rate)


def _check_size(where: str, size_bytes: int) -> None:
    if size_bytes > MAX_SOUND_BYTES:
        raise TooLarge(
            f"{where} takes {size_bytes / 2**20:.0f} MiB.",
            hint=f"At most {MAX_SOUND_BYTES // 2**20} MiB are kept; use run.upload_file for more.",
        )


def _read(where: str, path: str | os.PathLike[str]) -> bytes:
    if not os.path.isfile(path):
        raise NotFound(f"{where}: there is no file {os.fspath(path)!r}.", hint="Give the path of a sound.")
    _check_size(where, os.path.getsize(path))
    with open(path, "rb") as file:
        return file.read()


def _understand(where: str, data: bytes) -> Sound:
    sound = read_sound(data)
    if sound is None:
        raise InvalidInput(f"{where} was given what is no sound.", hint=_HINT)
    return sound


def _of_samples(where: str, source: Any, sample_rate: Any) -> Sound:
    if isinstance(sample_rate, bool) or not hasattr(sample_rate, "__index__") or not 1 <= sample_rate <= _MAX_RATE:
        raise InvalidInput(
            f"{where} needs the sample_rate of its samples, 1 to {_MAX_RATE:,} a second.",
            hint="Such as run.log_audio('voice', samples, sample_rate=16_000).",
        )
    samples, channels = _samples(where, source)
    _check_size(where, 2 * len(samples))
    rate = int(sample_rate)
    if sys.byteorder == "big":
        samples.byteswap()
    body = samples.tobytes()
    head = struct.pack("<IHHIIHH", 16, 1, channels, rate, 2 * rate * channels, 2 * channels, 16)
    data = (
        b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + head + b"data" + struct.pack("<I", len(body)) + body
    )
    return Sound(data, "audio/wav", ".wav", rate, channels, round(len(samples) / channels / rate, 6))


def _samples(where: str, source: Any) -> tuple[array[int], int]:
    """Samples of 16 bits, those of all channels side by side, and how many channels these are."""
    for step in ("detach", "cpu"):  # of a tensor
        method = getattr(source, step, None)
        source = method() if callable(method) else source
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(source, "__array__"):
        source = numpy.asarray(source)
        if source.ndim in (1, 2) and source.dtype.kind == "f" and source.size:
            clean = numpy.clip(numpy.nan_to_num(source, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
            source = numpy.round(clean * _LOUDEST).astype("int16")
        if source.ndim in (1, 2) and source.dtype.name == "int16" and source.size:
            channels = _checked_channels(where, 1 if source.ndim == 1 else source.shape[1])
            return array("h", numpy.ascontiguousarray(source).tobytes()), channels
    listed = getattr(source, "tolist", None)
    rows = listed() if callable(listed) else source
    if isinstance(rows, array) or not isinstance(rows, (list, tuple, range)):
        rows = list(rows) if hasattr(rows, "__iter__") else []
    frames = [row if isinstance(row, (list, tuple)) else (row,) for row in rows]
    if not frames:
        raise InvalidInput(f"{where} has no samples.", hint=_HINT)
    channels = _checked_channels(where, len(frames[0]))
    if any(len(frame) != channels for frame in frames):
        raise InvalidInput(f"{where} has samples of a differing number of channels.", hint=_HINT)
    flat = [value for frame in frames for value in frame]
    whole = all(isinstance(value, int) for value in flat)
    try:
        return array("h", flat if whole else [_level(value) for value in flat]), channels
    except (TypeError, ValueError, OverflowError):
        raise InvalidInput(
            f"{where} has samples that are none.", hint="Use whole numbers of 16 bits, or -1.0 to 1.0."
        ) from None


def _checked_channels(where: str, channels: int) -> int:
    if not 1 <= channels <= _MAX_CHANNELS:
        raise InvalidInput(
            f"{where} has {channels:,} channels.", hint="Give samples x channels; of an array of channels x samples: .T"
        )
    return channels


def _level(value: float) -> int:
    if math.isnan(value):
        return 0
    return round(min(max(value, -1.0), 1.0) * _LOUDEST)
