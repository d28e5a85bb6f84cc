"""The environments that are shipped: small, common, and resolved against the index that this machine knows."""

from __future__ import annotations

from jupyter_mlws.domain.environment import EnvironmentSpec

__all__ = ["SPECS"]

_TABLES = ("numpy>=1.26", "pandas>=2.1", "matplotlib>=3.8")
SPECS: dict[str, EnvironmentSpec] = {
    "minimal": EnvironmentSpec(),
    "sklearn": EnvironmentSpec(packages=(*_TABLES, "scikit-learn>=1.5")),
    "boosting": EnvironmentSpec(packages=(*_TABLES, "scikit-learn>=1.5", "xgboost>=2", "lightgbm>=4")),
    "pytorch": EnvironmentSpec(packages=(*_TABLES, "torch>=2.4")),
    "pytorch-cuda": EnvironmentSpec(packages=(*_TABLES, "torch>=2.4", "torchvision>=0.19")),
}
