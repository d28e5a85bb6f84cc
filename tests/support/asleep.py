"""A dispatcher's place with nobody in it."""

from __future__ import annotations

from jupyter_mlws.domain.workspace import DispatcherState

__all__ = ["Asleep"]


class Asleep:
    """Nobody dispatches here: what is queued stays queued."""

    def __call__(self) -> None:
        pass

    def state(self) -> DispatcherState:
        return DispatcherState(alive=False)

    def ensure(self) -> DispatcherState:
        return self.state()
