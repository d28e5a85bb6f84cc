"""The environments that are shipped: small, common, with the versions that a release was made with.

Their locks hold versions and hashes, and no address: the files come from the index that this machine knows, which is
asked for these versions first. Where it has others, or is of another kind, they are resolved by what it has.
``scripts/curated_locks.py`` writes them.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_mlws.domain.environment import EnvironmentSpec

__all__ = ["LOCKS", "PYTHONS", "SPECS", "SYSTEM", "shipped"]

LOCKS = Path(__file__).with_name("curated_locks")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEM = "linux-x86_64"
_TABLES = ("numpy>=1.26", "pandas>=2.1", "matplotlib>=3.8")
SPECS: dict[str, EnvironmentSpec] = {
    "minimal": EnvironmentSpec(),
    "sklearn": EnvironmentSpec(packages=(*_TABLES, "scikit-learn>=1.5")),
    "boosting": EnvironmentSpec(packages=(*_TABLES, "scikit-learn>=1.5", "xgboost>=2", "lightgbm>=4")),
    "pytorch": EnvironmentSpec(packages=(*_TABLES, "torch>=2.4")),
    "pytorch-cuda": EnvironmentSpec(packages=(*_TABLES, "torch>=2.4", "torchvision>=0.19")),
}


def shipped(name: str, spec: EnvironmentSpec, python: str, system: str) -> str:
    """The lock that is shipped for an environment on this kind of machine; '' where there is none."""
    if name not in SPECS or SPECS[name].digest != spec.digest:
        return ""  # somebody's own, or of another release
    try:
        return (LOCKS / f"{name}-{'.'.join(python.split('.')[:2])}-{system}.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
