"""Secrets are masked in whole texts and in streams, whatever the pieces."""

from __future__ import annotations

import base64
import html
import json
import shlex
import urllib.parse
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jupyter_mlws.runfolder.masking import MASK, MaskedStream, Masker
from jupyter_mlws.runfolder.secret_forms import forms_of

SECRET = 'hf_"Ab/+&ö?>\\ 0123'
PEM = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(f"{n:02d}" + "aZ9+/b" * 10 for n in range(12)) + "\n-----END-----\n"


def reference(forms: tuple[bytes, ...], data: bytes) -> bytes:
    """The same by the simplest means: a mask for each stretch of overlapping forms."""
    found = sorted((i, i + len(f)) for f in forms for i in range(len(data)) if data.startswith(f, i))
    out, at, end = b"", 0, -1
    for start, stop in found:
        if start >= end:
            out += data[max(at, end) : start] + MASK if end >= 0 else data[:start] + MASK
        at = end = max(end, stop)
    return out + data[max(end, 0) :]


def streamed(masker: Masker, data: bytes, cuts: list[int]) -> bytes:
    stream = MaskedStream(masker)
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    parts = [stream.feed(data[a:b]) for a, b in pairwise(places)]
    return b"".join([*parts, stream.finish()])


PLAIN = SECRET.encode()
SHOWN = {
    "plain": PLAIN,
    "json": json.dumps({"key": SECRET}).encode(),
    "json, not ASCII": json.dumps([SECRET], ensure_ascii=False).encode(),
    "json in json": json.dumps([json.dumps({"key": SECRET})]).encode(),
    "json in json, not ASCII": json.dumps([json.dumps(SECRET, ensure_ascii=False)], ensure_ascii=False).encode(),
    "repr": repr([SECRET]).encode(),
    "repr of bytes": repr({"key": PLAIN}).encode(),
    "hex": PLAIN.hex().encode(),
    "HEX": PLAIN.hex().upper().encode(),
    "url": urllib.parse.quote(SECRET, safe="").encode(),
    "path": urllib.parse.quote(SECRET).encode(),
    "form": urllib.parse.urlencode({"k": SECRET}).encode(),
    "html": html.escape(SECRET).encode(),
    **{f"base64 behind {n}": base64.b64encode(b"u" * n + PLAIN) for n in range(6)},
    **{f"base64 behind {n}, more follows": base64.b64encode(b"u" * n + PLAIN + b":and more") for n in range(6)},
    **{f"urlsafe base64 behind {n}": base64.urlsafe_b64encode(b"u" * n + PLAIN + b"x") for n in range(3)},
    "without padding": base64.b64encode(PLAIN).rstrip(b"="),
}


@pytest.mark.parametrize("around", ["{}\n", "{}\r\n", " {} "])
@pytest.mark.parametrize("shown", ["hunter22", "Basic bWU6aHVudGVyMjI=", "68756e7465723232"])
def test_a_secret_that_was_read_with_its_line_is_masked_without_it(around: str, shown: str) -> None:
    masked = Masker([around.format("hunter22")]).text(f"token={shown}!")
    assert "hunter22" not in masked
    assert "***" in masked


@pytest.mark.parametrize("command", [shlex.join(["curl", "it's a secret"]), r"+ curl 'it'\''s a secret'"])
def test_a_secret_is_masked_as_shells_quote_it(command: str) -> None:
    assert Masker(["it's a secret"]).text(command) == command[: command.index("'") + 1] + "***'"


@pytest.mark.parametrize("form", SHOWN)
def test_every_usual_form_of_a_secret_is_masked(form: str) -> None:
    masker = Masker([SECRET])
    text = b"before " + SHOWN[form] + b" after"
    masked = masker.data(text)
    assert MASK in masked
    assert masked.startswith(b"before ")
    assert masked.endswith(b" after")
    # What stands around it stays: in base64 the neighbours, and the characters that they share with it.
    assert len(masked) < len(b"before *** after") + 24
    assert all(form_of not in masked for form_of in forms_of(SECRET))


def test_each_line_of_a_key_is_masked_by_itself() -> None:
    masker = Masker([PEM])
    shown = b"".join(b"   | " + line.encode() + b"\n" for line in PEM.splitlines()[:-1])
    assert masker.data(shown) == b"   | ***\n" * 13
    assert masker.data(b"<" + PEM.encode() + b">") == b"<***>"
    assert masker.data(b"<" + PEM.replace("\n", "\r\n").encode() + b">") == b"<***>"


@pytest.mark.parametrize("short", ["", "a", "abc", "ö!"])
def test_what_is_too_short_to_be_a_secret_is_left(short: str) -> None:
    assert not Masker([short])
    assert Masker([short]).data(b"a b c abc") == b"a b c abc"


def test_texts_and_nested_values_are_masked() -> None:
    masker = Masker(["hunter22"])
    assert masker.text("ö hunter22 \udce9") == "ö *** \udce9"
    assert masker.value({"a hunter22": ["hunter22", 1.5, None, {"b": ("x", "hunter22!")}]}) == {
        "a ***": ["***", 1.5, None, {"b": ["x", "***!"]}]
    }
    assert "hunter22" not in repr(masker)


def test_nothing_is_held_that_cannot_be_a_secret() -> None:
    stream = MaskedStream(Masker(["hunter22"]))
    assert stream.feed(b"epoch 1\n") == b"epoch 1\n"
    assert stream.feed(b"password: hunt") == b"password: "
    assert stream.feed(b"ing\n") == b"hunting\n"
    assert stream.feed(b"hunter2") == b""
    assert stream.finish() == b"hunter2"


def test_the_rest_of_a_secret_whose_beginning_went_elsewhere_is_masked() -> None:
    masker = Masker(["hunter22-and-more"])
    assert masker.rest(b"and-more\nhello hunter22-and-more") == b"***\nhello ***"
    assert masker.rest(b"ore\nhello") == b"ore\nhello"


LETTERS = st.text(alphabet="ab", max_size=40).map(str.encode)
SECRETS = st.lists(st.text(alphabet="ab", min_size=4, max_size=9), min_size=1, max_size=4)


@given(SECRETS, LETTERS, st.lists(st.integers(0, 100), max_size=12))
@example(["aaaa"], b"a" * 30, [1, 5, 6, 7, 20])
@example(["abab", "babaabab"], b"abababaababab", [3, 4, 5])
def test_a_stream_is_masked_as_if_it_had_come_at_once(secrets: list[str], data: bytes, cuts: list[int]) -> None:
    masker = Masker(secrets)
    assert masker.data(data) == reference(masker.forms, data)
    assert streamed(masker, data, cuts) == masker.data(data)


PIECES = st.lists(st.sampled_from([*SHOWN.values(), *(PLAIN[:n] for n in range(1, 12)), b"\n", b"x", b"%"]), max_size=8)


@given(PIECES, st.lists(st.integers(0, 2000), max_size=12))
def test_no_form_of_a_secret_gets_through_in_pieces(pieces: list[bytes], cuts: list[int]) -> None:
    masker = Masker([SECRET])
    data = b"".join(pieces)
    out = streamed(masker, data, cuts)
    assert out == masker.data(data)
    assert not any(form in out for form in masker.forms)


@given(st.text(min_size=1, max_size=60), st.integers(0, 5))
def test_any_text_can_be_a_secret(secret: str, before: int) -> None:
    masker = Masker([secret])
    plain = secret.encode("utf-8", "surrogateescape") if secret.isprintable() else b"plain-enough"
    masked = Masker([secret]).data(b"u" * before + b"[" + plain + b"]")
    assert not any(form in masked for form in masker.forms)
