"""Secrets in what a program writes are replaced by ``***``: in whole texts, and in streams that come in pieces.

Whatever is covered by one form of a secret, or by several that overlap, is one mask. Part of the agent: only `bytes`
methods are used, which search at the speed of memory; nothing else is imported before there is a secret.
"""

from __future__ import annotations

from jupyter_mlws.runfolder.secret_forms import forms_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

__all__ = ["MASK", "MaskedStream", "Masker"]

MASK = b"***"
_HEAD = 4
_OF_NUMBERS = b"0123456789.+-eE"


class Masker:
    """Masks the secrets that it is given; those that are too short to be secrets (below 4 bytes) are left.

    Parameters
    ----------
    secrets : iterable of str
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        found = {form for secret in secrets for form in forms_of(secret)}
        self.forms = tuple(sorted(found, key=lambda form: (-len(form), form)))
        # Where none of these is there is no other form, which holds one of them.
        self._shortest = tuple(form for form in self.forms if not any(other in form for other in found - {form}))
        self._digits = tuple(form for form in self._shortest if not form.strip(_OF_NUMBERS))
        self.longest = max(map(len, self.forms), default=0)

    def __bool__(self) -> bool:
        return bool(self.forms)

    def __repr__(self) -> str:
        return "Masker(***)"

    def covered(self, data: bytes) -> list[tuple[int, int]]:
        """Where secrets are: (start, end), in order, none overlapping another."""
        found: list[tuple[int, int]] = []
        if not self.holds(data):
            return found
        for form in self.forms:
            at = data.find(form)
            while at >= 0:
                found.append((at, at + len(form)))
                at = data.find(form, at + 1)
        return merged(found)

    def holds(self, data: bytes) -> bool:
        """Whether there is a secret in it."""
        return any(form in data for form in self._shortest)

    def data(self, data: bytes) -> bytes:
        """The same bytes, with every secret masked."""
        places = self.covered(data)
        return spliced(data, places, 0, len(data)) if places else data

    def rest(self, data: bytes) -> bytes:
        """The same, of which the beginning may be the end of a secret whose other part went elsewhere."""
        most = max((_shared(form, data) for form in self.forms), default=0)
        places = merged([(0, most), *self.covered(data)]) if most else self.covered(data)
        return spliced(data, places, 0, len(data))

    def text(self, text: str) -> str:
        """The same text, with every secret masked."""
        data = text.encode("utf-8", "surrogatepass")
        masked = self.data(data)
        return text if masked is data else masked.decode("utf-8", "surrogatepass")

    def value(self, value: Any, *, numbers: bool = False) -> Any:
        """What JSON can say, with every secret masked in each of its texts, names of fields too, and in `numbers`."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(name): self.value(item, numbers=numbers) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item, numbers=numbers) for item in value]
        if numbers and self._digits and isinstance(value, (int, float)) and not isinstance(value, bool):
            shown = repr(value).encode()
            return MASK.decode() if any(form in shown for form in self._digits) else value
        return value

    def open_end(self, data: bytes) -> int:
        """Where the earliest secret begins that the end of `data` has cut off, or may have; its length if none."""
        first = len(data)
        for form in self.forms:
            first = min(first, _open_at(data, form))
        return first


class MaskedStream:
    """Bytes that come in pieces, masked as if they had come at once.

    What may be the beginning of a secret is held until it is known to be none.

    Parameters
    ----------
    masker : Masker
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""
        # So many of the held bytes belong to a mask that has gone out already.
        self._done = 0

    def feed(self, data: bytes) -> bytes:
        """What can go out of what was held and has come."""
        data = self._held + data if self._held else data
        return self._out(data, self._masker.open_end(data))

    def goes_on_with(self, data: bytes) -> bool:
        """Whether what is held is, or may still be, the beginning of a secret that goes on with this."""
        held = len(self._held)
        joined = self._held + data
        if not held or self._masker.open_end(joined) < held:
            return held > 0
        return any(start < held < end for start, end in self._masker.covered(joined))

    def finish(self) -> bytes:
        """What was held: nothing comes any more."""
        return self._out(self._held, len(self._held))

    def _out(self, data: bytes, cut: int) -> bytes:
        places = self._masker.covered(data)
        done = self._done
        self._held = data[cut:]
        if not places and not done:
            self._done = 0
            return data if cut == len(data) else data[:cut]
        if done:
            places = merged([(0, done), *places])
        begun = 0 if done else -1
        last = next((end for start, end in places if (start < cut or start == begun) and cut < end), cut)
        self._done = last - cut
        out = spliced(data, places, 0, cut)
        # The mask that the first place belongs to has gone out with what came before.
        return out[len(MASK) :] if done else out


def merged(places: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def spliced(data: bytes, places: list[tuple[int, int]], begin: int, end: int) -> bytes:
    """The bytes from `begin` to `end`, with a mask for each place that begins there."""
    parts = []
    at = begin
    for start, stop in places:
        if start >= end:
            break
        parts += [data[at:start], MASK]
        at = min(stop, end)
    parts.append(data[at:end])
    return b"".join(parts)


def _shared(form: bytes, data: bytes) -> int:
    """How many bytes, at least a few, are the end of a form and the beginning of the data."""
    return next((n for n in range(len(form) - 1, _HEAD - 1, -1) if data.startswith(form[-n:])), 0)


def _open_at(data: bytes, form: bytes) -> int:
    """Where a form begins that goes on behind the end of `data`; its length if nowhere."""
    size = len(data)
    at = data.find(form[:_HEAD], max(0, size - len(form) + 1))
    while at >= 0:
        if form.startswith(data[at:]):
            return at
        at = data.find(form[:_HEAD], at + 1)
    for length in range(min(_HEAD - 1, size, len(form) - 1), 0, -1):
        if data.endswith(form[:length]):
            return size - length
    return size
