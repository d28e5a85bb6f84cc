"""Where channels of conda lie: what this machine is configured with, by the names that a lock holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import rattler
import yaml  # type: ignore[import-untyped]

__all__ = ["Channels", "Refused"]

_FILES = (".condarc", ".mambarc")
_ANSWERS_WITHIN_S = 60
_CREDENTIALS = re.compile(r"(?<=://)[^/@]*@|/t/[^/]+(?=/)")


class Refused(Exception):
    """What is wanted cannot be had; the message says why."""


class Channels:
    """Where channels lie: what this machine's configuration says, by their names.

    Attributes
    ----------
    names : list of str
        The first comes first.
    by_name : dict

    Raises
    ------
    Refused
        A name stands for no channel, or the configuration cannot be read.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.config = rattler.Config.load_from_default_locations("rattler")
        self._said = _conda_says()
        alias = os.environ.get("CONDA_CHANNEL_ALIAS") or self._said.get("channel_alias")
        self._places = rattler.ChannelConfig(f"{str(alias).rstrip('/')}/") if alias else rattler.ChannelConfig()
        self.names = [name for name in names if name != "nodefaults"] or ["conda-forge"]
        if "defaults" in self.names:
            raise Refused("The channel 'defaults' stands for several addresses. Name the channels that are meant.")
        self.by_name = {name: self._channel(name) for name in self.names}
        self._by_place = {_bare(channel.base_url): name for name, channel in self.by_name.items()}

    def _channel(self, name: str) -> rattler.Channel:
        custom = self._said.get("custom_channels")
        base = custom.get(name) if isinstance(custom, Mapping) else None
        return rattler.Channel(f"{str(base).rstrip('/')}/{name}" if base else name, self._places)

    def of(self, record: rattler.RepoDataRecord) -> str:
        """The name of the channel that a package is of."""
        return self._by_place[_bare(str(record.channel))]

    @property
    def patience_s(self) -> int:
        """How long a server may take to give a table of packages, or to go on with a package."""
        told = os.environ.get("CONDA_REMOTE_READ_TIMEOUT_SECS") or self._said.get("remote_read_timeout_secs")
        try:
            return max(1, int(float(told or _ANSWERS_WITHIN_S)))
        except (TypeError, ValueError, OverflowError):
            return _ANSWERS_WITHIN_S

    def gateway(self, cache: str) -> rattler.Gateway:
        """What gives tables of packages."""
        client = rattler.Client.from_config(self.config, max_retries=1, timeout=self.patience_s)
        return rattler.Gateway(cache_dir=Path(cache, "repodata"), client=client)

    def client(self) -> rattler.Client:
        """What fetches packages, however long a large one takes."""
        return rattler.Client.from_config(self.config)


def _bare(place: str) -> str:
    """An address without credentials, which a package's record may leave out."""
    return _CREDENTIALS.sub("", place).rstrip("/")


def _conda_says() -> dict[str, Any]:
    """What conda is configured with: the file that CONDARC names, else those of the user."""
    told = os.environ.get("CONDARC")
    said: dict[str, Any] = {}
    for path in [Path(told)] if told else [Path.home() / name for name in _FILES]:
        try:
            found = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise Refused(f"The configuration of conda {path} cannot be read.") from error
        if isinstance(found, dict):
            said = {**found, **said}
    return said
