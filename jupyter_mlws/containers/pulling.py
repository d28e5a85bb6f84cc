"""Images between the engine and registries: fetched and sent, told while it lasts, given up at any moment."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from jupyter_mlws.containers import engine
from jupyter_mlws.containers.credentials import Keys, header
from jupyter_mlws.containers.references import host_of, split_tag
from jupyter_mlws.containers.streams import Refused, ask, listen
from jupyter_mlws.errors import InvalidInput, MlwsError, NotFound, Unavailable

__all__ = ["Way", "digest_of", "pull", "push"]

Say = Callable[[str], None]
# Progress that is told more often cannot be read.
_EVERY_S = 1.0
_ABSENT = re.compile(r"not found|manifest unknown|does not exist|name unknown|NAME_UNKNOWN|MANIFEST_UNKNOWN")
_REFUSED = re.compile(r"denied|unauthori[sz]ed|no basic auth|authentication required|incorrect username", re.IGNORECASE)
_MOVES = ("Downloading", "Pushing", "Extracting")


class Way:
    """How images come and go for one piece of work.

    Parameters
    ----------
    keys : callable
        Who we are to a registry.
    say : callable
        Given each line of progress.
    check : callable
        Asked all the time; what it raises ends the work.
    """

    def __init__(self, keys: Keys, say: Say, check: Callable[[], None]) -> None:
        self.keys = keys
        self.say = say
        self.check = check

    def patient(self, silence_s: float) -> Way:
        """The same, but a registry that says nothing for so long is `Unavailable`."""
        heard = time.monotonic()

        def say(line: str) -> None:
            nonlocal heard
            heard = time.monotonic()
            self.say(line)

        def check() -> None:
            self.check()
            if time.monotonic() - heard > silence_s:
                raise Unavailable(f"The registry has said nothing for {silence_s:g} s.", hint="Look at the network.")

        return Way(self.keys, say, check)


def pull(reference: str, way: Way) -> None:
    """Have the engine fetch an image.

    Raises
    ------
    NotFound
        The registry has no such image.
    InvalidInput
        The registry does not give it to us.
    StorageFull
        The engine has no room for it.
    Unavailable
        The registry cannot be reached.
    """
    name, tag = split_tag(reference)
    way.say(f"Pulling the image {reference}.")
    host = host_of(reference)
    stream = listen(
        "POST",
        "/images/create",
        {"fromImage": name, "tag": tag},
        headers=header(host, way.keys),
        check=way.check,
    )
    try:
        _follow(stream, f"Pulling {reference}", reference, way)
    except Unavailable as error:
        if type(error) is not Unavailable:
            raise  # the engine's own trouble
        raise Unavailable(
            f"The image {reference} is not on this machine. {error.message}",
            hint="Try again, or name one that is: as the base image of the environment, or in MLWS_DOCKER_BASE.",
        ) from error


def push(reference: str, way: Way) -> str:
    """Have the engine send an image to the registry that its name says; its digest there.

    Raises
    ------
    InvalidInput
        The registry does not take it from us.
    Unavailable
        The registry cannot be reached.
    """
    name, tag = split_tag(reference)
    way.say(f"Pushing the image to {host_of(reference)}.")
    stream = listen(
        "POST",
        f"/images/{quote(name)}/push",
        {"tag": tag},
        headers=header(host_of(reference), way.keys),
        check=way.check,
    )
    digest = _follow(stream, f"Pushing to {host_of(reference)}", reference, way)
    if not digest:
        raise Unavailable(f"The registry {host_of(reference)} does not say what it took.", hint="Try again.")
    return digest


def digest_of(reference: str, way: Way) -> str | None:
    """The digest that a registry has an image by; None where it has none of this name.

    Raises
    ------
    InvalidInput
        The registry does not let us look.
    Unavailable
        The registry cannot be reached.
    """
    try:
        found = ask(
            f"/distribution/{quote(reference)}/json", headers=header(host_of(reference), way.keys), check=way.check
        )
    except Refused as error:
        problem = _problem(reference, str(error))
        if isinstance(problem, NotFound):
            return None
        raise problem from error
    digest = str((found.get("Descriptor") or {}).get("digest") or "")
    return digest if re.fullmatch(r"sha256:[0-9a-f]{64}", digest) else None


def _follow(stream: Iterator[dict[str, Any]], what: str, reference: str, way: Way) -> str:
    """Tell of what comes; returns the digest that was said at the end."""
    told = _Told(what, way.say)
    digest = ""
    try:
        for line in stream:
            if "error" in line:
                raise _problem(reference, str(line["error"]))
            digest = str((line.get("aux") or {}).get("Digest") or digest)
            told.hear(line)
    except Refused as error:
        raise _problem(reference, str(error)) from error
    return digest


class _Told:
    """What the engine says of each layer, as lines that a person can read."""

    def __init__(self, what: str, say: Say) -> None:
        self._what = what
        self._say = say
        self._layers: dict[str, tuple[int, int]] = {}
        self._at = 0.0

    def hear(self, line: Mapping[str, Any]) -> None:
        status, layer = str(line.get("status", "")), str(line.get("id", ""))
        detail = line.get("progressDetail") or {}
        if status in _MOVES and detail.get("total"):
            if status != "Extracting":
                self._layers[layer] = int(detail.get("current") or 0), int(detail["total"])
            self._tell()
        elif status and status not in _MOVES:
            self._say(f"{layer}: {status}" if layer else status)

    def _tell(self) -> None:
        now = time.monotonic()
        if now - self._at < _EVERY_S or not self._layers:
            return
        self._at = now
        done, whole = (sum(each) / 1e6 for each in zip(*self._layers.values(), strict=True))
        self._say(f"{self._what}: {min(done, whole):,.0f} of {whole:,.0f} MB")


def _problem(reference: str, said: str) -> MlwsError:
    words, host = said.strip()[:500], host_of(reference)
    if engine.is_full(said):
        return engine.full()
    # "pull access denied, repository does not exist or may require 'docker login'": it may be either.
    if _REFUSED.search(said):
        return InvalidInput(
            f"The registry {host} does not let us use {reference}: {words}",
            hint=f"Look at its name, or store credentials: mlws secrets set registry.{host} (as user:password).",
        )
    if _ABSENT.search(said):
        return NotFound(f"There is no image {reference}: {words}", hint="Look at its name.")
    return Unavailable(f"The registry {host} cannot be reached: {words}", hint="Try again, or look at the network.")
