"""The vault of a workspace: an encrypted file of the user, or the desktop's keyring."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from jupyter_mlws import faults
from jupyter_mlws.errors import CorruptData, InvalidInput, InvalidName, NotFound, StorageFull, TooLarge, Unavailable
from jupyter_mlws.runfolder.places import data_dir
from jupyter_mlws.services import vault_files, vault_key, vault_keyring
from jupyter_mlws.services.vault import rotate, vault_of

CANARY = "c4n4ry-of-the-vault"


@pytest.fixture(autouse=True)
def _in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_VAULT", "file")


def everything() -> dict[str, bytes]:
    """Every file of the user's data folder."""
    return {str(path): path.read_bytes() for path in data_dir().rglob("*") if path.is_file()}


def test_what_was_stored_is_found_again() -> None:
    vault_of("w1").set("HF_TOKEN", CANARY)
    vault_of("w1").set("registry.localhost:5000", "ann:p:w\nsecond line ✓")
    assert vault_of("w1").names() == ("HF_TOKEN", "registry.localhost:5000")
    assert vault_of("w1").get("registry.localhost:5000") == "ann:p:w\nsecond line ✓"
    vault_of("w1").set("HF_TOKEN", "another")
    assert vault_of("w1").get("HF_TOKEN") == "another"
    vault_of("w1").delete("HF_TOKEN")
    assert vault_of("w1").names() == ("registry.localhost:5000",)


def test_a_look_makes_nothing() -> None:
    assert vault_of("w1").names() == ()
    with pytest.raises(NotFound, match="mlws secrets set HF_TOKEN"):
        vault_of("w1").get("HF_TOKEN")
    assert not everything()


def test_each_workspace_has_its_own() -> None:
    vault_of("w1").set("A", "1")
    assert vault_of("w2").names() == ()
    with pytest.raises(NotFound):
        vault_of("w2").delete("A")


def test_nothing_readable_is_on_the_disk_and_nobody_else_may_read_it() -> None:
    vault_of("w1").set("HF_TOKEN", CANARY)
    for path, content in everything().items():
        assert CANARY.encode() not in content, path
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600, path
    assert CANARY not in repr(vault_of("w1"))


@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "a=b", "\0", "é", "x" * 128, "-x", "a\nb", "$(id)"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        vault_of("w1").set(name, CANARY)
    assert not everything()


@pytest.mark.parametrize(
    ("value", "error"), [("", InvalidInput), (CANARY + "\0", InvalidInput), (CANARY + "\ud800", InvalidInput)]
)
def test_values_that_no_variable_can_hold_are_refused_and_not_shown(value: str, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        vault_of("w1").set("A", value)
    assert CANARY not in str(raised.value)


def test_a_huge_value_is_refused() -> None:
    vault_of("w1").set("A", "x" * 65536)
    with pytest.raises(TooLarge):
        vault_of("w1").set("A", "x" * 65537)
    assert len(vault_of("w1").get("A")) == 65536


def test_a_rotated_vault_opens_with_the_new_key_alone() -> None:
    vault_of("w1").set("A", CANARY)
    vault_of("w2").set("B", "2")
    old = (data_dir() / "vault.key").read_text()
    assert rotate() == 2
    new = (data_dir() / "vault.key").read_text()
    assert new != old
    assert len(new.split()) == 1
    assert vault_of("w1").get("A") == CANARY
    assert vault_of("w2").get("B") == "2"
    (data_dir() / "vault.key").write_text(old)
    with pytest.raises(CorruptData, match="does not open"):
        vault_of("w1").get("A")


def test_without_vaults_there_is_nothing_to_rotate() -> None:
    assert rotate() == 0
    assert not (data_dir() / "vault.key").exists()


def _remove_key() -> None:
    (data_dir() / "vault.key").unlink()


def _wrong_key() -> None:
    from cryptography.fernet import Fernet

    (data_dir() / "vault.key").write_bytes(Fernet.generate_key())


def _torn_key() -> None:
    path = data_dir() / "vault.key"
    path.write_text(path.read_text()[:20])


def _empty_key() -> None:
    (data_dir() / "vault.key").write_text("")


def _flipped_vault() -> None:
    path = data_dir() / "vaults" / "w1.json"
    body = json.loads(path.read_text())
    at = len(body["sealed"]) // 2
    body["sealed"] = body["sealed"][:at] + ("A" if body["sealed"][at] != "A" else "B") + body["sealed"][at + 1 :]
    path.write_text(json.dumps(body))


def _torn_vault() -> None:
    path = data_dir() / "vaults" / "w1.json"
    path.write_bytes(path.read_bytes()[:40])


def _another_shape() -> None:
    (data_dir() / "vaults" / "w1.json").write_text('{"format_version": 1, "kind": "file", "sealed": 3}')


def _of_another_workspace() -> None:
    vault_of("w2").set("A", "from w2")
    os.replace(data_dir() / "vaults" / "w2.json", data_dir() / "vaults" / "w1.json")


def _newer() -> None:
    (data_dir() / "vaults" / "w1.json").write_text('{"format_version": 2, "kind": "new"}')


@pytest.mark.parametrize(
    "damage",
    [
        _remove_key,
        _wrong_key,
        _torn_key,
        _empty_key,
        _flipped_vault,
        _torn_vault,
        _another_shape,
        _of_another_workspace,
        _newer,
    ],
)
def test_damage_is_one_clear_error_and_nothing_is_overwritten(damage: Callable[[], None]) -> None:
    vault_of("w1").set("A", CANARY)
    damage()
    before = everything()
    for act in (
        lambda: vault_of("w1").get("A"),
        lambda: vault_of("w1").names(),
        lambda: vault_of("w1").set("B", "new"),
        lambda: vault_of("w1").delete("A"),
        rotate,
    ):
        with pytest.raises(CorruptData) as raised:
            act()
        assert str(data_dir()) in raised.value.message
        assert raised.value.hint
        assert CANARY not in str(raised.value)
    assert everything() == before


def test_a_lost_key_is_not_made_anew_for_another_workspace_either() -> None:
    vault_of("w1").set("A", CANARY)
    (data_dir() / "vault.key").unlink()
    with pytest.raises(CorruptData, match="missing"):
        vault_of("w2").set("A", "1")


def test_a_key_that_others_can_read_is_not_used() -> None:
    vault_of("w1").set("A", CANARY)
    (data_dir() / "vault.key").chmod(0o644)
    with pytest.raises(Unavailable, match=r"chmod 600 .* mlws secrets rotate"):
        vault_of("w1").get("A")


def test_a_key_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    vault_of("w1").set("A", CANARY)
    os.replace(data_dir() / "vault.key", tmp_path / "key")
    (data_dir() / "vault.key").symlink_to(tmp_path / "key")
    with pytest.raises(Unavailable, match="cannot be read"):
        vault_of("w1").get("A")


@pytest.mark.parametrize("point", ["vault.write", "vault.key", "files.write", "files.fsync", "files.rename"])
def test_a_full_disk_leaves_the_vault_as_it_was(point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    vault_of("w1").set("A", CANARY)
    before = everything()
    for act in (lambda: vault_of("w1").set("A", "another"), rotate):
        monkeypatch.setattr(faults, "_faults", [faults._Fault(f"{point}:1:ENOSPC")])
        if act is rotate or point != "vault.key":
            with pytest.raises(StorageFull, match="No space left"):
                act()
    monkeypatch.setattr(faults, "_faults", [])
    assert everything().keys() == before.keys()
    assert vault_of("w1").get("A") == CANARY


ROTATE = "from jupyter_mlws.services.vault import rotate; rotate()"


def test_a_rotation_that_dies_anywhere_leaves_vaults_that_open() -> None:
    for name in ("w1", "w2", "w3"):
        vault_of(name).set("A", f"{CANARY} of {name}")
    deaths = 0
    for nth in range(1, 20):
        environment = {**os.environ, "MLWS_FAULT": f"vault.*:{nth}:kill"}
        deaths = subprocess.run([sys.executable, "-c", ROTATE], env=environment, check=False).returncode
        for name in ("w1", "w2", "w3"):
            assert vault_of(name).get("A") == f"{CANARY} of {name}"
        if deaths == 0:
            break
    assert nth == 6, "two writes of the key and one of each vault"
    assert rotate() == 3
    assert len((data_dir() / "vault.key").read_text().split()) == 1


def test_many_who_store_at_once_lose_nothing() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: vault_of("w1").set(f"S{number}", str(number)), range(24)))
    assert {name: vault_of("w1").get(name) for name in vault_of("w1").names()} == {f"S{n}": str(n) for n in range(24)}


def test_who_reads_while_the_key_is_changed_reads_all_the_same() -> None:
    vault_of("w1").set("A", CANARY)
    with ThreadPoolExecutor(3) as pool:
        rotating = pool.submit(lambda: [rotate() for _ in range(25)])
        read = [pool.submit(lambda: {vault_of("w1").get("A") for _ in range(150)}) for _ in range(2)]
        assert {value for each in read for value in each.result()} == {CANARY}
        assert rotating.result() == [1] * 25


class Memory(KeyringBackend):
    """A keyring of a desktop, without the desktop."""

    priority = 5
    kept: dict[tuple[str, str], str]

    def __init__(self) -> None:
        super().__init__()
        self.kept = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise RuntimeError("locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.locked:
            raise RuntimeError("locked")
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Memory:
    """A session with a keyring that the library would find."""
    memory = Memory()
    monkeypatch.delenv("MLWS_VAULT")
    monkeypatch.setattr(vault_keyring, "_REAL", frozenset({Memory.__module__}))
    monkeypatch.setattr(keyring, "get_keyring", lambda: memory)
    return memory


def test_a_desktops_keyring_is_used_where_it_answers(desktop: Memory) -> None:
    vault_of("w1").set("A", CANARY)
    assert vault_of("w1").kind == "keyring"
    assert desktop.kept == {("jupyter-mlws w1", "A"): CANARY}
    assert not any(CANARY.encode() in content for content in everything().values())
    assert vault_of("w1").get("A") == CANARY
    assert vault_of("w1").names() == ("A",)
    assert vault_of("w2").names() == ()
    vault_of("w1").delete("A")
    assert not desktop.kept
    assert vault_of("w1").names() == ()


def test_a_locked_keyring_is_said_and_no_file_begun_beside_it(desktop: Memory) -> None:
    vault_of("w1").set("A", CANARY)
    desktop.locked = True
    with pytest.raises(Unavailable, match="Unlock it") as raised:
        vault_of("w1").get("A")
    assert CANARY not in str(raised.value)
    with pytest.raises(Unavailable, match="Unlock it"):
        vault_of("w1").set("B", CANARY)
    assert vault_of("w1").names() == ("A",)
    assert vault_of("w1").kind == "keyring"
    assert vault_of("new").kind == "file"


def test_who_has_no_desktop_says_where_the_secrets_are(desktop: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    vault_of("w1").set("A", CANARY)
    monkeypatch.setattr(vault_keyring, "_REAL", frozenset[str]())
    with pytest.raises(Unavailable, match="in the desktop's keyring, and here is none"):
        vault_of("w1").get("A")
    assert vault_of("w1").names() == ("A",)


def test_who_only_looks_does_not_have_the_keyring_unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLWS_VAULT")
    monkeypatch.setattr(keyring, "get_keyring", lambda: pytest.fail("the keyring was asked"))
    found = vault_of("w1")
    assert found.names() == ()
    for act in (found.get, found.delete):
        with pytest.raises(NotFound):
            act("A")
    monkeypatch.setenv("MLWS_VAULT", "file")
    found.set("A", CANARY)
    assert (found.names(), found.get("A"), found.kind) == (("A",), CANARY, "file")
    found.delete("A")
    assert found.names() == ()


def test_a_keyring_of_plain_text_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLWS_VAULT")
    monkeypatch.setattr(keyring, "get_keyring", Memory)
    assert vault_of("w1").kind == "file"


def test_another_word_for_the_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLWS_VAULT", "plain")
    with pytest.raises(InvalidInput, match="file or keyring"):
        vault_of("w1")


def test_keys_and_vaults_do_not_show_what_they_hold() -> None:
    vault_of("w1").set("A", CANARY)
    assert "keys)" in repr(vault_key.key(data_dir() / "vault.key", make=False))
    assert vault_files.FORMAT_VERSION == 1
