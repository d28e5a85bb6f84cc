"""Secrets: in process and over HTTP; a job may ask for none."""

from __future__ import annotations

from .suite import Ground, body, refused


@body(job="forbidden")
def secrets_are_kept_and_told_by_name(g: Ground) -> None:
    name = f"TOKEN_{g.way}"
    g.ws.secrets.set(name, "first ✓")
    g.ws.secrets.set(name, "a secret\nof two lines")
    assert name in g.ws.secrets.list()
    assert g.ws.secrets.get(name) == "a secret\nof two lines"
    assert g.ws.get_default_keyvault().get_secrets([name, "NOPE"]) == {name: "a secret\nof two lines", "NOPE": None}
    g.ws.secrets.delete(name)
    assert name not in g.ws.secrets.list()


@body(job="forbidden")
def a_secret_that_cannot_be_is_refused(g: Ground) -> None:
    if g.way == "job":
        g.ws.secrets.list()
    assert refused(lambda: g.ws.secrets.get("NOPE")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.secrets.delete("NOPE")) == ("NotFound", "not_found")
    assert refused(lambda: g.ws.secrets.set("a b", "x")) == ("InvalidName", "invalid_name")
    assert refused(lambda: g.ws.secrets.set("A", "")) == ("InvalidInput", "invalid_input")
    assert refused(lambda: g.ws.secrets.set("A", "x" * 70_000)) == ("TooLarge", "too_large")
