"""Keys are told from plain texts, values are described without running code of theirs."""

from __future__ import annotations

import time

import pytest

from jupyter_mlws.domain.keys import looks_like_key
from jupyter_mlws.magics.describe import describe, find_secret, hide_secrets

# Put together here, so that no file of the project looks as if it held a key.
KEYS = [
    "AKIA" + "ABCDEFGHIJKLMNOP",
    "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6",
    "hf_" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345",
    "sk-" + "ant-abcdefghijklmnopqrstuvwxyz",
    "xoxb-" + "1234567890-abcdef",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIE",
    "postgresql://ada:" + "hunter22@db.example.org/x",
    "eyJhbGciOiJIUzI1NiIsInR5" + ".eyJzdWIiOiIxMjM0NTY3ODkw" + ".SflKxwRJSMeKKF2QT4",
]


@pytest.mark.parametrize("text", KEYS)
def test_keys_are_known_by_their_shape(text: str) -> None:
    assert looks_like_key("x", text)
    assert looks_like_key("x", text.encode())
    assert find_secret("x", {"a": [text]}) == "x['a'][0]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", "a plain sentence about sklearn and tokens"),
        ("path", "/data/train/images/0001.png"),
        ("token", "plain"),
        ("tokenizer", "bert-base-uncased-whole-word"),
        ("n_tokens", 512),
        ("url", "https://example.org/a?b=c"),
        ("keys", ["a", "b"]),
        ("token_pattern", r"(?u)\\b\\w\\w+\\b"),
        ("eos_token", "<|endoftext|>"),
        ("column", "sk_learn_classifier_of_customers"),
        ("password", ""),
    ],
)
def test_plain_values_are_no_keys(name: str, value: object) -> None:
    assert not looks_like_key(name, value)


@pytest.mark.parametrize("piece", ["sk-a-", "eyJ-", "://a:", "://", "AccountKey=", "-----BEGIN "])
def test_a_text_of_many_beginnings_of_keys_is_read_about_once(piece: str) -> None:
    """From each of them to the end it would be minutes, of a whole server."""
    text = piece * (200_000 // len(piece))
    began = time.thread_time()
    hide_secrets(text)
    assert time.thread_time() - began < 10


def test_names_tell_too() -> None:
    assert looks_like_key("api_key", "q8Zr2LmN0pTx")
    assert looks_like_key("db_password", "correcthorsebattery")
    assert looks_like_key("db_password", "hunter2")
    assert not looks_like_key("password_hint", "it is the name of my first dog")


def test_values_in_a_few_words() -> None:
    class Sly:
        shape = property(lambda self: 1 / 0)

    numpy = pytest.importorskip("numpy")
    assert describe(numpy.zeros((2, 3))) == "float64 (2, 3)"
    assert (describe([1]), describe({"a": 1, "b": 2}), describe(0.1)) == ("1 item", "2 items", "0.1")
    assert describe(Sly()) == ""
    assert len(describe("x" * 1000)) == 60


def test_keys_are_found_wherever_a_value_holds_them() -> None:
    class Client:
        def __init__(self) -> None:
            self.settings = ({"api_key": "q8Zr2LmN0pTx"},)

    def ask(key: str = KEYS[1]) -> str:
        return key

    many = {"a": list(range(100_000)), "b": {"c": KEYS[1]}}
    assert find_secret("many", many) == "many['b']['c']"
    loop: list[object] = []
    loop += [loop, 1, "plain"]
    assert find_secret("c", [Client()]) == "c[0].settings[0]['api_key']"
    assert find_secret("ask", ask) == "ask.__defaults__"
    assert find_secret("x", {"a": "just this"}, {"just this"}) == "x['a']"
    assert find_secret("loop", loop) == ""
    assert find_secret("x", list(range(10_000_000))) == ""


def test_keys_are_hidden_in_texts() -> None:
    assert hide_secrets("a = 'b'; db_password = 'hunter2'") == "a = 'b'; db_password = '*******'"
    assert hide_secrets('{"api_key": "q8Zr2LmN0pTx"}') == '{"api_key": "************"}'
    assert KEYS[1] not in hide_secrets(f"ask('{KEYS[1]}')")
    assert hide_secrets("x = 'this'", {"this"}) == "x = '****'"
