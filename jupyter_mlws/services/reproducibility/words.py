"""How reasons are said."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlws.domain.environment import EnvironmentSpec, package_name
from jupyter_mlws.domain.reproducibility import Reason
from jupyter_mlws.errors import MlwsError

__all__ = ["blocked", "differences", "listed"]

_MOST = 5


def blocked(code: str, error: MlwsError) -> Reason:
    """An error that doing the run again would raise."""
    return Reason(code=code, sentence=error.message, hint=error.hint, blocks=True)


def listed(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    shown, more = ", ".join(name[:80] for name in names[:_MOST]), len(names) - _MOST
    return f"{shown} and {more:,} more" if more > 0 else shown


def differences(then: EnvironmentSpec, now: EnvironmentSpec) -> str:
    """How what is installed now differs from what was."""
    before, after = _versions(then), _versions(now)
    said = [f"Python {now.python} instead of {then.python}"] if now.python != then.python else []
    changed = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    said += [f"{name} {after.get(name, 'missing')} instead of {before.get(name, 'none')}" for name in changed]
    return listed(said)


def _versions(spec: EnvironmentSpec) -> dict[str, str]:
    return {package_name(line): line.partition("==")[2] for line in spec.packages}
