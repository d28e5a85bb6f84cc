"""How far a run is, as it says itself."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Progress"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is.

    Attributes
    ----------
    current : float
    total : float or None
        None where the end is not known.
    rate : float or None
        Per second.
    unit : str
        What is counted, such as 'it' or 'B'; '' where it is not said.
    text : str
        What stands before the bar.
    """

    current: float
    total: float | None = None
    rate: float | None = None
    unit: str = ""
    text: str = ""

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where the end is not known."""
        return min(self.current / self.total, 1.0) if self.total else None

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at the present rate; None where that cannot be told."""
        if self.total is None or not self.rate:
            return None
        return max(self.total - self.current, 0.0) / self.rate

    def __str__(self) -> str:
        done = f"{self.current:g}" if self.total is None else f"{self.current:g}/{self.total:g}"
        return f"{done} {self.unit}" if self.unit and self.total is None else done
