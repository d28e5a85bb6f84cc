"""A program of its own that solves and installs packages of conda: whoever does not want it any more ends it whole.

What is wanted comes as JSON on its standard input; the answer is JSON, too, and progress are lines on standard error.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit
from urllib.request import url2pathname

import rattler
from rattler import exceptions

from jupyter_mlws.environments.conda_channels import Channels, Refused
from jupyter_mlws.environments.conda_content import Content, Outside

_AWAY = (exceptions.GatewayError, exceptions.FetchRepoDataError)
_TOLD_EVERY_S = 10.0
_PROGRESS_EVERY_S = 1.0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")  # at once: several threads report
    sys.stderr.flush()


def _end(answer: Mapping[str, Any]) -> NoReturn:
    """Give the answer and end, whatever the library's threads are about to do."""
    print(json.dumps(answer), flush=True)
    os._exit(0)


class _Reporter(rattler.InstallerReporter):
    """Progress; and the moment between a package's unpacking and its installation, when it is looked at."""

    def __init__(self, content: Content, packages: int, patience_s: float) -> None:
        self._content = content
        self._packages = packages
        self._patience_s = patience_s
        self._installed = 0
        self._fetched: dict[int, int] = {}
        self._open: set[int] = set()
        self._heard = self._told = time.monotonic()

    def on_populate_cache_start(self, operation: int, package_name: str) -> int:
        _say(f"Fetching {package_name}")
        return operation

    def on_download_start(self, cache_entry: int) -> int:
        self._heard = time.monotonic()
        self._open.add(cache_entry)
        return cache_entry

    def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
        self._heard = time.monotonic()
        self._fetched[download_idx] = progress
        self._tell(f"Fetched {sum(self._fetched.values()) / 1e6:,.0f} MB")

    def on_download_completed(self, download_idx: int) -> None:
        self._heard = time.monotonic()
        self._open.discard(download_idx)

    def on_link_start(self, operation: int, package_name: str) -> int:
        try:
            self._content.look_at(package_name)
        except Outside as error:
            _end({"kind": "hostile", "words": str(error)})
        except Exception as error:  # noqa: BLE001 - what cannot be looked at is not installed
            _end({"kind": "failed", "words": f"{package_name} cannot be looked at: {error}"})
        return operation

    def on_link_complete(self, index: int) -> None:
        self._installed += 1
        self._tell(f"Installed {self._installed} of {self._packages}")

    def _tell(self, line: str) -> None:
        if time.monotonic() - self._told > _PROGRESS_EVERY_S:
            self._told = time.monotonic()
            _say(line)

    async def watch(self) -> None:
        """End it all when a server has begun to give a package and does not go on."""
        while True:
            await asyncio.sleep(_PROGRESS_EVERY_S)
            if self._open and time.monotonic() - self._heard > self._patience_s:
                _end({"kind": "away", "words": f"nothing came of a package for {self._patience_s:g} s"})


async def _tell_that_it_goes_on() -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(_TOLD_EVERY_S)
        _say(f"Still solving, for {time.monotonic() - began:.0f} s")


async def _solve(wanted: Mapping[str, Any]) -> list[dict[str, str]]:
    channels = Channels(wanted["channels"])
    _say(f"Solving packages of conda from {', '.join(channels.names)}.")
    telling = asyncio.create_task(_tell_that_it_goes_on())
    found = await rattler.solve(
        sources=list(channels.by_name.values()),
        specs=[_spec(text, channels) for text in wanted["specs"]],
        gateway=channels.gateway(wanted["cache"]),
        virtual_packages=rattler.VirtualPackage.detect(),
        # A channel may name others to take packages from; those count that the environment names.
        channel_relations="disabled",
        # Dates are kept by few mirrors, and nothing here asks for what is old.
        timestamp_policy="allow-missing",
    )
    telling.cancel()
    Content(found, Path())
    return [_locked(record, channels) for record in found]


def _spec(text: str, channels: Channels) -> rattler.MatchSpec:
    channel, mark, rest = text.partition("::")
    if mark and channel not in channels.by_name:
        raise Refused(f"{text[:80]!r} is of channel {channel[:40]!r}, which is not among the environment's channels.")
    if mark:
        return rattler.MatchSpec(f"{channels.by_name[channel].base_url}::{rest}")
    return rattler.MatchSpec(text)


def _locked(record: rattler.RepoDataRecord, channels: Channels) -> dict[str, str]:
    if record.sha256 is None:
        raise Refused(f"Channel {channels.of(record)} says no sha256 of {record.file_name}, so it cannot be locked.")
    return {
        "channel": channels.of(record),
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "sha256": record.sha256.hex(),
    }


async def _install(wanted: Mapping[str, Any]) -> None:
    locked = {(each["channel"], each["sha256"]): each for each in wanted["locked"]}
    channels = Channels(dict.fromkeys(each["channel"] for each in wanted["locked"]))
    answer = await channels.gateway(wanted["cache"]).query(
        sources=list(channels.by_name.values()),
        platforms=[rattler.Subdir.current(), "noarch"],
        specs=sorted({each["name"] for each in wanted["locked"]}),
        recursive=False,
        channel_relations="disabled",
    )
    there = {(channels.of(record), record.sha256.hex()): record for some in answer for record in some if record.sha256}
    for key, each in locked.items():
        if key not in there or _locked(there[key], channels) != each:
            raise Refused(f"Channel {key[0]} has {each['name']} {each['version']} no more as it was locked.")
        _check_file(there[key])
    records, unpacked = [there[key] for key in locked], Path(wanted["cache"], "pkgs")
    content = Content(records, unpacked)
    reporter = _Reporter(content, len(records), channels.patience_s)  # type: ignore[abstract]
    watching = asyncio.create_task(reporter.watch())
    _say(f"Installing {len(records)} packages of conda.")
    await rattler.install(
        records,
        wanted["folder"],
        cache_dir=unpacked,
        installed_packages=[],
        # They would run what a package brings; pip's wheels run nothing either.
        execute_link_scripts=False,
        client=channels.client(),
        reporter=reporter,
    )
    watching.cancel()


def _check_file(record: rattler.RepoDataRecord) -> None:
    """What is fetched is compared with its hash by the library; what is taken from a folder is not."""
    place = urlsplit(record.url)
    if place.scheme == "file":
        with open(url2pathname(place.path), "rb") as file:
            if hashlib.file_digest(file, "sha256").digest() != record.sha256:
                raise Refused(f"hash mismatch of {record.file_name}")


def _answer(wanted: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if wanted["work"] == "solve":
            return {"locked": asyncio.run(_solve(wanted))}
        asyncio.run(_install(wanted))
    except _AWAY as error:
        # A channel that there is not is none that comes back.
        kind = "refused" if "could not find subdir" in str(error) else "away"
        return {"kind": kind, "words": str(error)}
    except Outside as error:
        return {"kind": "hostile", "words": str(error)}
    except (Refused, exceptions.SolverError, exceptions.InvalidMatchSpecError) as error:
        return {"kind": "refused", "words": str(error)}
    except Exception as error:  # noqa: BLE001 - the library has a dozen kinds of them, with no common one
        return {"kind": "failed", "words": str(error)}
    return {}


if __name__ == "__main__":
    # The library's threads may still report when all is done, and an interpreter that takes itself down dies of that.
    _end(_answer(json.load(sys.stdin)))
