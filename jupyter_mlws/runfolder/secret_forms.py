"""The forms in which a secret shows up in what a program writes: plain, escaped, and in the usual encodings.

Part of the agent, so nothing is imported before there is a secret.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MIN_BYTES", "forms_of"]

# Three letters are in too many words: masking them would leave no log to read, and protect nothing.
MIN_BYTES = 4
# Of an encoding that shows only a part of the secret, so much says enough of it, and is in no other text by chance.
_MIN_CORE = 6
# Logs put something in front of each line: of a key in several lines each is looked for by itself.
_MIN_LINE = 16


def forms_of(secret: str) -> tuple[bytes, ...]:
    """Every form of a secret that is masked, the longest first; none of one that is too short to be one."""
    found: set[bytes] = set()
    # What was read from a file ends with its line, and whoever uses it strips that away.
    for text in {secret, secret.strip()}:
        plain = text.encode("utf-8", "surrogateescape")
        if len(plain) >= MIN_BYTES:
            found |= {plain, *_lines(plain), *_escaped(text), *_encoded(plain)}
    return tuple(sorted((form for form in found if len(form) >= MIN_BYTES), key=lambda form: (-len(form), form)))


def _lines(plain: bytes) -> Iterator[bytes]:
    if b"\n" in plain:
        yield plain.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        yield from (line for line in map(bytes.strip, plain.splitlines()) if len(line) >= _MIN_LINE)


def _escaped(secret: str) -> Iterator[bytes]:
    """As JSON, Python, HTML, shells and addresses write it."""
    from html import escape
    from json import dumps
    from urllib.parse import quote, quote_plus

    text = secret.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    shown: Iterable[str] = (
        dumps(secret)[1:-1],
        dumps(secret, ensure_ascii=False)[1:-1],
        dumps(secret)[1:-1].replace("/", "\\/"),
        dumps(dumps(secret)[1:-1])[1:-1],  # JSON as a text of JSON
        dumps(dumps(secret, ensure_ascii=False)[1:-1], ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        ascii(secret)[1:-1],
        repr(secret.encode("utf-8", "surrogateescape"))[2:-1],
        secret.replace("'", "'\\''"),  # between quotes
        secret.replace("'", "'\"'\"'"),
        escape(text),
        escape(text, quote=False),
    )
    for form in shown:
        yield form.encode("utf-8", "surrogateescape")
    quoted = (quote(text, safe=""), quote(text), quote_plus(text), quote(text, safe="!'()*"), quote(text, safe=":@/"))
    for form in quoted:
        yield form.encode("ascii")
        yield _lower_escapes(form).encode("ascii")


def _lower_escapes(quoted: str) -> str:
    """``%2F`` as ``%2f``."""
    first, *rest = quoted.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _encoded(plain: bytes) -> Iterator[bytes]:
    """As base64 and hexadecimal digits: by itself, and in the midst of other bytes."""
    from base64 import b64encode, urlsafe_b64encode

    digits = plain.hex()
    yield digits.encode()
    yield digits.upper().encode()
    for encode in (b64encode, urlsafe_b64encode):
        whole = encode(plain)
        yield whole
        yield whole.rstrip(b"=")
        for before in range(3):
            # The first and the last character may hold bits of a neighbour: they are in no form.
            bits = 8 * (before + len(plain))
            core = encode(bytes(before) + plain)[(8 * before + 5) // 6 : bits // 6]
            if len(core) >= _MIN_CORE:
                yield core
