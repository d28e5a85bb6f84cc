"""Names of secrets, and the word by which a variable refers to one."""

from __future__ import annotations

import pytest

from jupyter_mlws.domain.masking import is_secret_variable
from jupyter_mlws.domain.secret import SecretValue, is_reference, reference_of, references
from jupyter_mlws.errors import InvalidInput, InvalidName


def test_a_variable_may_refer_to_a_secret() -> None:
    assert reference_of("secret:db.password") == "db.password"
    assert references({"A": "secret:x", "B": "plain", "C": "a secret:x"}) == {"A": "x"}
    assert is_secret_variable("DB_PASSWORD", "hunter2")
    assert not is_secret_variable("DB_PASSWORD", "secret:db.password")


@pytest.mark.parametrize("value", ["secret:", "secret:a b", "secret:../x", "secret: x", "secret:a\n"])
def test_a_reference_to_no_name_is_refused(value: str) -> None:
    assert not is_reference(value)
    assert is_secret_variable("DB_PASSWORD", value)
    with pytest.raises(InvalidName):
        reference_of(value)


def test_a_value_does_not_show_itself() -> None:
    assert "hunter2" not in repr(SecretValue(value="hunter2"))
    with pytest.raises(InvalidInput) as raised:
        SecretValue(value="hunter2\0")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "is_secret"),
    [
        ("https://user:word@host/simple", True),
        ("https://t0ken@host/simple", True),
        ("ssh://git@host/repository", False),
        ("postgresql://ada@host/records", False),
        ("https://host/a@b", False),
    ],
)
def test_an_address_may_hold_a_secret(value: str, is_secret: bool) -> None:
    assert is_secret_variable("INDEX", value) is is_secret
