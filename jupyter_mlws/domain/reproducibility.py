"""Whether a run can be done again where it is recorded now, and what may come out otherwise."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LOCK_DIGEST", "Reason", "Reproducibility"]

# The property of a run that names the exact packages that it ran with.
LOCK_DIGEST = "mlws.lock_digest"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """One thing that stands between a run and the same run again.

    Attributes
    ----------
    code : str
        Which one; ``docs/reproduce.md`` lists them.
    sentence : str
        The same for people.
    hint : str
        The way out; '' where there is none.
    blocks : bool
        Whether it has to be dealt with before the run can be started again; otherwise it starts, and may differ.
    """

    code: str
    sentence: str
    hint: str = ""
    blocks: bool = False

    def __str__(self) -> str:
        return f"{'✗' if self.blocks else '•'} {self.sentence} {self.hint}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Reproducibility:
    """Whether a run can be done again, and why not, or not exactly.

    Attributes
    ----------
    can : bool
        Whether ``run.rerun()`` starts it on this machine, once the `secrets` are given.
    reasons : tuple of Reason
        What stands in the way first, then what may make a difference; empty where nothing is known of either.
    secrets : tuple of str
        What was never stored and has to be given again: secrets by their name, masked arguments by their option.
    environment : str
        The registered environment that holds what the run had: its own, or for a run of a kernel the record of what
        was installed there (``kernel:3``), which another machine can build. '' where that was not recorded.
    lock_digest : str
        Of the exact packages that it ran with; '' where they were not resolved.
    """

    can: bool
    reasons: tuple[Reason, ...] = ()
    secrets: tuple[str, ...] = ()
    environment: str = ""
    lock_digest: str = ""

    def __str__(self) -> str:
        if not self.reasons:
            return "It can be done again, and nothing is known that would make a difference."
        head = "It can be done again." if self.can else "It cannot be done again as it is."
        return "\n".join((head, *map(str, self.reasons)))
