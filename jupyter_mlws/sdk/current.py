"""The short way: `mlws.log`, `mlws.run(12)`, `mlws.last_run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from jupyter_mlws.errors import InvalidInput

if TYPE_CHECKING:
    from jupyter_mlws.sdk.run import Run

__all__ = ["last_run", "log", "run", "set_last_run"]

_last: Run | None = None

if TYPE_CHECKING:
    last_run: Run | None


def __getattr__(name: str) -> Any:
    if name == "last_run":
        return _last or _newest()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _newest() -> Run | None:
    from jupyter_mlws.sdk.workspace import Workspace

    runs = Workspace.from_config().runs(1)
    return runs[0] if runs else None


def set_last_run(run: Run) -> None:
    """Remember the run that this process submitted last."""
    global _last
    _last = run


def run(number: str | int) -> Run:
    """The run of this number or id in the current workspace.

    Parameters
    ----------
    number : int or str
        ``12``, ``'12'``, ``'#12'`` or an id.
    """
    from jupyter_mlws.sdk.run import Run
    from jupyter_mlws.sdk.workspace import Workspace

    return Run.get(Workspace.from_config(), str(number))


def _named(values: Any, others: tuple[object, ...]) -> Mapping[str, float]:
    if isinstance(values, Mapping) and not others:
        return values
    if isinstance(values, Mapping):
        raise InvalidInput(
            "Besides the metrics a step is given by name.", hint="Such as mlws.log({'loss': 0.2}, step=3)."
        )
    if others:
        name = values if isinstance(values, str) and values.isidentifier() else "loss"
        raise InvalidInput(
            "mlws.log takes metrics by name, not a name and a value.",
            hint=f"Such as mlws.log({name}=0.2, step=3), or run.log({name!r}, 0.2, step=3).",
        )
    raise InvalidInput(
        f"Metrics are logged by name, not as a {type(values).__name__} alone.", hint="Such as mlws.log(loss=0.2)."
    )


def log(
    values: Mapping[str, float] | None = None, /, *others: object, step: int | None = None, **metrics: float
) -> None:
    """Log metrics to the current run: ``mlws.log(loss=0.2, accuracy=0.9, step=7)``.

    Parameters
    ----------
    values : dict, optional
        For names that are no words of Python: ``mlws.log({"val/loss": 0.3})``.
    *others
        Refused with the way out: a name and its value are ``run.log("loss", 0.2)``.
    step : int, optional
        Given for all or for none of a metric's values; without it values count up from 0.
    **metrics : float
        NaN and infinities are kept. Anything that is no number is refused by name.

    Notes
    -----
    Outside a job the values are recorded in an offline run, which is said once.
    """
    from jupyter_mlws.sdk.active import active_run

    # Looked at first: without a run, the next line begins one that is recorded offline.
    named = _named(values, others) if values is not None or others else {}
    active_run().log_metrics({**named, **metrics}, step=step)
