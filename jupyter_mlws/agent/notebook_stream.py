"""What a cell prints on its way into the notebook: of bearable length, and without secrets."""

from __future__ import annotations

from jupyter_mlws.runfolder import own_secrets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from jupyter_mlws.runfolder.masking import MaskedStream

__all__ = ["FULL", "LEFT_OUT", "Stream", "shortened"]

# Of one stream of a cell, in characters; the log has the rest.
_MOST_TEXT = 1_000_000
LEFT_OUT = "\n[... the middle is left out here, the log has it ...]\n"
FULL = "[What is printed from here on is left out: the log has it]\n"


class Stream:
    """Text on 'stdout' or 'stderr', until another output comes.

    What may be the beginning of a secret is held until it is known to be none, as in the log.

    Parameters
    ----------
    name : str
    mask : MaskedStream, optional
        With the beginning of a secret that was printed on the other one; see `give_on`.

    Attributes
    ----------
    output : dict
        As the notebook has it.
    length : int
        Of its text so far, in characters.
    is_full : bool
        Whether there is no room for more; the last of its text says so.
    """

    def __init__(self, name: str, mask: MaskedStream | None = None) -> None:
        self.output: dict[str, Any] = {"output_type": "stream", "name": name, "text": []}
        self.length = 0
        self.is_full = False
        self._mask = own_secrets.masked_stream() if mask is None else mask

    def add(self, text: str, room: int) -> None:
        """Text that comes behind; of what is more than `room` characters only that it is left out."""
        if self._mask is not None:
            text = _decoded(self._mask.feed(_encoded(text)))
        self._put(text, room)

    def give_on(self, text: str) -> MaskedStream | None:
        """Give what was held to the other stream, where it begins a secret that goes on there with this text."""
        if self._mask is None or not self._mask.goes_on_with(_encoded(text)):
            return None
        mask, self._mask = self._mask, None
        return mask

    def close(self, room: int) -> None:
        """No text comes behind: what was held is no secret."""
        if self._mask is not None:
            self._put(_decoded(self._mask.finish()), room)

    def _put(self, text: str, room: int) -> None:
        if self.is_full or not text:
            return
        if len(text) > room:
            self.is_full, text = True, FULL
        # A list of pieces is what the format allows, too; a text would be copied for each line that comes.
        pieces: list[str] = self.output["text"]
        pieces.append(text)
        self.length += len(text)
        if self.length > 2 * _MOST_TEXT:
            pieces[:] = [shortened("".join(pieces))]
            self.length = len(pieces[0])


def shortened(text: str) -> str:
    """Text of bearable length: its beginning and its end."""
    if len(text) <= _MOST_TEXT:
        return text
    half = _MOST_TEXT // 2
    return f"{text[:half]}{LEFT_OUT}{text[-half:]}"


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _decoded(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
