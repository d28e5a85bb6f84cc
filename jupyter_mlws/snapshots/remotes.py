"""A repository's address without what opens it."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

__all__ = ["without_credentials"]

_MAX = 1000


def without_credentials(remote: str | None) -> str | None:
    """An address free of passwords and tokens; None for one that is no plain address.

    Of ``https://user:token@host/x.git?token=1`` only ``https://host/x.git`` stays: a token may be the user's name as
    well. Over ssh the name stays (``git@host:x.git``), the password does not.
    """
    if not remote or len(remote) > _MAX or not remote.isprintable() or "::" in remote.split("/")[0]:
        return None
    if "://" not in remote:
        return _short_form(remote)
    try:
        parts = urlsplit(remote)
    except ValueError:
        return None
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0] if parts.scheme in ("ssh", "git+ssh", "ssh+git") else ""
    return urlunsplit((parts.scheme, f"{name}{at}{host}" if name else host, parts.path, "", ""))


def _short_form(remote: str) -> str:
    """``user@host:path`` as ssh writes it, or a path of this machine."""
    head, slash, tail = remote.partition("/")
    user, at, host = head.rpartition("@")
    return f"{user.partition(':')[0]}{at}{host}{slash}{tail}"
