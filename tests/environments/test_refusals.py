"""What keeps an environment from being made is told as what it is, with the way out; half of one is never used."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from bad_indexes import failing
from wheels import Index

from jupyter_mlws.domain.environment import EnvironmentSpec
from jupyter_mlws.environments import building, fetching, locking
from jupyter_mlws.environments.refusals import refusal
from jupyter_mlws.environments.uv import UvFailed
from jupyter_mlws.errors import IndexUnavailable, InvalidInput, MlwsError, StorageFull

SIX = EnvironmentSpec(packages=("six",))


def always() -> bool:
    return True


def lock(*packages: str, python: str = "") -> locking.Lock:
    return locking.lock(EnvironmentSpec(packages=packages, python=python), print, always)


@pytest.fixture
def no_patience(own_index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))


def test_F37_packages_that_contradict_each_other_are_named(own_index: Index) -> None:
    own_index.add("wants-old", "1.0", requires=["six<1.17"])
    own_index.add("wants-new", "1.0", requires=["six>=1.17"])
    with pytest.raises(InvalidInput, match=r"wants-(old|new) depend on six") as caught:
        lock("wants-old", "wants-new")
    assert "Change the versions" in caught.value.hint
    assert caught.value.details["lines"]


def test_F37_a_package_that_there_is_not_is_named(own_index: Index) -> None:
    with pytest.raises(InvalidInput, match="no-such-thing"):
        lock("no-such-thing")


def test_F37_a_package_for_another_python_is_told_as_such(own_index: Index) -> None:
    own_index.add("future", "1.0", requires_python=">=3.99")
    with pytest.raises(InvalidInput, match=r"Python.*3\.99"):
        lock("future")


def test_F37_a_python_that_is_not_here_is_named_with_the_way_out(own_index: Index) -> None:
    found = lock("six", python="3.99")
    with pytest.raises(InvalidInput, match=r"version of Python is not on this machine.*3\.99") as caught:
        building.build(found, print, always)
    assert "python=" in caught.value.hint
    assert building.find(found.digest) is None


def test_F37_a_file_that_is_another_one_than_was_locked_is_not_installed(own_index: Index, no_patience: None) -> None:
    found = lock("six==1.16.0")
    own_index.add("six", "1.16.0", modules={"six.py": "print('evil')\n"})
    page = own_index.folder / "simple" / "six" / "index.html"
    page.write_text(page.read_text().splitlines()[-1])
    with pytest.raises(InvalidInput, match=r"not the file that the environment was locked with.*six"):
        building.build(found, print, always)
    assert not (building.root() / found.digest).exists()


def test_F37_bytes_that_are_not_what_the_index_says_are_not_installed(own_index: Index, no_patience: None) -> None:
    found = lock("attrs==25.3.0")
    (wheel,) = (own_index.folder / "files").glob("attrs-25.3.0*")
    wheel.write_bytes(wheel.read_bytes() + b"\0" * 10)
    with pytest.raises(InvalidInput, match="locked with"):
        building.build(found, print, always)
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() not in found.text


@pytest.mark.parametrize(("status", "kind"), [(503, IndexUnavailable), (500, IndexUnavailable), (401, InvalidInput)])
def test_F37_what_the_index_answers_is_told(
    own_index: Index, no_patience: None, monkeypatch: pytest.MonkeyPatch, status: int, kind: type[MlwsError]
) -> None:
    found = lock("six")
    with failing(status) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url.replace("://", "://ada:geheim@"))
        for work in (lambda: lock("six"), lambda: building.build(found, print, always)):
            with pytest.raises(kind) as caught:
                work()
            assert type(caught.value) is kind
            assert "geheim" not in repr(caught.value.to_payload())
        assert index.count >= 2
    monkeypatch.setenv("UV_DEFAULT_INDEX", own_index.url)
    assert building.build(found, print, always)


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:ge/heim@127.0.0.1:9/simple",
        "http://ada:x@geheim@127.0.0.1:9/simple",
        "http://ada:ge%68eim@127.0.0.1:9/simple",
        "http://geheim@127.0.0.1:9/simple",
        "http://127.0.0.1:9/simple?token=geheim",
        "http://ada:geheim@:no-port/simple",
    ],
)
def test_no_way_to_write_credentials_shows_them(
    own_index: Index, no_patience: None, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found = lock("six==1.17.0")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", address)
    said: list[str] = []
    for work in (lambda: locking.lock(SIX, said.append, always), lambda: fetching.fetch(found, said.append)):
        with pytest.raises(MlwsError) as caught:
            work()
        shown = repr(caught.value.to_payload()) + str(caught.value) + "".join(said)
        assert "heim" not in shown, shown


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("error: failed to write to file `/x`: No space left on device (os error 28)", StorageFull),
        ("error: Disk quota exceeded (os error 122)", StorageFull),
        ("error: Failed to fetch: `https://x.invalid/simple/six/`\n  cause: dns error", IndexUnavailable),
        ("error: Failed to download `x`\n  cause: connection closed before message completed", IndexUnavailable),
        ("error: Failed to download `x`\n  cause: HTTP status server error (502 Bad Gateway)", IndexUnavailable),
        ("error: Failed to build `x==1`\n  cause: gcc: not found", InvalidInput),
        ("error: Failed to build `x==1`\n\n         [stderr]\n         error: timed out\n\nhint: tls", InvalidInput),
        ("", InvalidInput),
    ],
)
def test_F37_each_refusal_is_of_its_kind(words: str, kind: type[MlwsError]) -> None:
    found = refusal(UvFailed(["Resolved 3 packages", *words.splitlines()]), "It cannot be built", "Change it.")
    assert type(found) is kind
    assert found.hint
    assert "Resolved" not in found.message or not words


def test_F37_a_package_that_does_not_build_is_told_with_its_last_words(own_index: Index) -> None:
    noise = "import sys\n    for n in range(500):\n        print('  error: network', n, file=sys.stderr)"
    own_index.add_source(
        "broken", "1.0", f"def build_wheel(*_, **__):\n    {noise}\n    raise SystemExit('no compiler')\n"
    )
    found = lock("broken")
    with pytest.raises(InvalidInput, match="Failed to build `broken==1.0`.*: no compiler") as caught:
        building.build(found, print, always)
    assert len(caught.value.message) < 300, caught.value.message
    assert "has a wheel" in caught.value.hint
    assert building.find(found.digest) is None


def test_the_words_of_a_refusal_read_as_a_sentence() -> None:
    lines = [
        "error: No solution found",
        "  cause: Because lern was not found and you",
        "         require lern, it is over.",
    ]
    assert refusal(UvFailed(lines), "It cannot be built", "Change it.").message == (
        "It cannot be built: No solution found: Because lern was not found and you require lern, it is over."
    )
    framed = ["  × No solution found when resolving dependencies:", "  ╰─▶ Because a", "      needs b, no."]
    assert refusal(UvFailed(framed), "It", "").message.endswith("resolving dependencies: Because a needs b, no.")
    chain = ["error: Request failed", *(f"  cause: no {number}" for number in range(6))]
    assert refusal(UvFailed(chain), "It", "").message == "It: Request failed: no 0 … no 5"
