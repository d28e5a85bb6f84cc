"""Addresses of databases: what may be written down, and where the password comes from."""

from __future__ import annotations

import os

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from jupyter_mlws.errors import InvalidInput

__all__ = ["VARIABLE", "check_address", "is_address", "login", "shown"]

# Lends its password, and nothing else, to workspaces whose own setting names the same user, host, port and database.
VARIABLE = "MLWS_DATABASE_URL"
_SCHEMES = ("postgresql://", "postgres://")
_PASSWORDS = frozenset({"password", "sslpassword"})
_EXAMPLE = "postgresql://user@host/database"


def is_address(place: object) -> bool:
    """Whether `place` is the URL of a database server, not a folder."""
    return isinstance(place, str) and place.startswith(_SCHEMES)


def check_address(text: str) -> str:
    """The URL as it may be written down.

    Raises
    ------
    InvalidInput
        It is no URL of a database, or it holds a password.
    """
    url = _parsed(text)
    if url.password is not None or _PASSWORDS & set(url.query):
        raise InvalidInput(
            "The URL of the database holds a password, which would be written into workspace.json.",
            hint=f"Leave it out, and put it into ~/.pgpass, or into PGPASSWORD or {VARIABLE} in the environment.",
        )
    if not url.database:
        raise InvalidInput("The URL of the database names no database.", hint=f"Write it like {_EXAMPLE}.")
    return _text(url)


def login(text: str) -> URL:
    """The URL to connect with: this one, and the password that ``MLWS_DATABASE_URL`` has for it."""
    url = _parsed(text)
    lender = os.environ.get(VARIABLE)
    if url.password is None and lender:
        known = _parsed(lender)
        if _who(known) == _who(url):
            return url.set(password=known.password)
    return url


def shown(url: URL) -> str:
    """The URL for people: without password and options."""
    # Made anew: `URL.set` takes None for "as it is".
    query = {name: value for name, value in url.query.items() if name == "host"}
    return _text(URL.create("postgresql", url.username, None, url.host, url.port, url.database, query))


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _not_understood() from None  # the cause may quote the password
    if not is_address(text) or "\0" in text or not text.isprintable():
        raise _not_understood()
    return url.set(drivername="postgresql")


def _not_understood() -> InvalidInput:
    return InvalidInput("This is not the URL of a PostgreSQL database.", hint=f"Write it like {_EXAMPLE}.")


def _who(url: URL) -> tuple[object, ...]:
    # What the URL leaves out comes from the PG* variables or libpq's defaults, alike for both.
    return url.username, url.host or url.query.get("host"), url.port or url.query.get("port"), url.database


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)
