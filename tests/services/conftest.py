"""Services whose dispatcher is nobody."""

from __future__ import annotations

from jupyter_mlws.domain.workspace import DispatcherState


class Nobody:
    """Stands where the dispatcher would be woken."""

    def __call__(self) -> None:
        pass

    def state(self) -> DispatcherState:
        return DispatcherState(alive=False)

    def ensure(self) -> DispatcherState:
        return self.state()
