"""Pictures and sounds by their first bytes, whatever a file's name says, and where those of a metric are kept."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from typing import Any, NamedTuple

from jupyter_mlws.domain.names import check_file_name
from jupyter_mlws.errors import InvalidPath

__all__ = ["MAX_MEDIA_BYTES", "MAX_VALUE_FILES", "Picture", "Sound", "folder_of_values", "read_picture", "read_sound"]

MAX_MEDIA_BYTES = 50 * 1024 * 1024
# Pictures, sounds and tables of one metric: each is a file of the run.
MAX_VALUE_FILES = 10_000
_PNG = b"\x89PNG\r\n\x1a\n"


class Picture(NamedTuple):
    """A picture; width and height are 0 where they are not known."""

    data: bytes
    media_type: str
    suffix: str
    width: int
    height: int

    @property
    def facts(self) -> dict[str, Any]:
        """What is logged of it beside its file."""
        return {"media_type": self.media_type, "width": self.width, "height": self.height}


class Sound(NamedTuple):
    """A sound; rate, channels and duration are 0 where they are not known."""

    data: bytes
    media_type: str
    suffix: str
    sample_rate: int
    channels: int
    duration_s: float

    @property
    def facts(self) -> dict[str, Any]:
        """What is logged of it beside its file."""
        return {
            "media_type": self.media_type,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "duration_s": self.duration_s,
        }


def read_picture(data: bytes) -> Picture | None:
    """The picture that these bytes are in PNG, JPEG, GIF, WebP, BMP or SVG; None for anything else."""
    if data.startswith(_PNG) and len(data) >= 24:
        return Picture(data, "image/png", ".png", *struct.unpack(">II", data[16:24]))
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return Picture(data, "image/gif", ".gif", *struct.unpack("<HH", data[6:10]))
    if data.startswith(b"\xff\xd8\xff"):
        return Picture(data, "image/jpeg", ".jpg", *_size_of_jpeg(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Picture(data, "image/webp", ".webp", 0, 0)
    if data.startswith(b"BM") and len(data) >= 26:
        width, height = struct.unpack("<ii", data[18:26])
        return Picture(data, "image/bmp", ".bmp", max(width, 0), abs(height))
    if b"<svg" in data[:1000].lower():
        return Picture(data, "image/svg+xml", ".svg", 0, 0)
    return None


def _size_of_jpeg(data: bytes) -> tuple[int, int]:
    """Width and height from the frame's header; zeros where there is none."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return 0, 0


def read_sound(data: bytes) -> Sound | None:
    """The sound that these bytes are in WAV, MP3, Ogg or FLAC; None for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Sound(data, "audio/wav", ".wav", *_facts_of_wav(data))
    if data[:4] == b"OggS":
        return Sound(data, "audio/ogg", ".ogg", 0, 0, 0.0)
    if data[:4] == b"fLaC":
        return Sound(data, "audio/flac", ".flac", *_facts_of_flac(data))
    if data[:3] == b"ID3" or (len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2):
        return Sound(data, "audio/mpeg", ".mp3", 0, 0, 0.0)
    return None


def _facts_of_wav(data: bytes) -> tuple[int, int, float]:
    import wave

    try:
        with wave.open(io.BytesIO(data)) as file:
            rate = file.getframerate()
            return rate, file.getnchannels(), round(file.getnframes() / rate, 6) if rate else 0.0
    except (wave.Error, EOFError, struct.error, RuntimeError):
        # Such as one of floats, which a browser plays all the same; or a part is said to be longer than the file.
        return 0, 0, 0.0


def _facts_of_flac(data: bytes) -> tuple[int, int, float]:
    if len(data) < 26:
        return 0, 0, 0.0
    packed = int.from_bytes(data[18:26], "big")
    rate, channels, samples = packed >> 44, (packed >> 41 & 7) + 1, packed & (1 << 36) - 1
    return rate, channels, round(samples / rate, 6) if rate else 0.0


def folder_of_values(name: str) -> str:
    """A metric's name as the name of a folder; any text can be the former, and two never share the latter."""
    try:
        if name.partition("/")[0] not in ("outputs", "logs") and not re.search(r"(^|/)\.", name):
            return check_file_name(name)
    except InvalidPath:
        pass
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60]
    return f"{plain or 'value'}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
