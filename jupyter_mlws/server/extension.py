"""The extension that Jupyter Server loads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.extension.application import ExtensionApp
from traitlets import Int

from jupyter_mlws import __version__
from jupyter_mlws.server.backend import Backend
from jupyter_mlws.server.handlers import make_handlers

if TYPE_CHECKING:
    from jupyter_events import EventLogger
    from jupyter_server.serverapp import ServerApp

__all__ = ["MlwsExtension"]

_EVENTS = Path(__file__).parent / "events"


class MlwsExtension(ExtensionApp):
    """The machine-learning workspace of a Jupyter server."""

    name = "jupyter_mlws"
    description = "The machine-learning workspace inside JupyterLab."
    version = __version__
    load_other_extensions = True

    max_upload_bytes = Int(
        8 * 2**30, min=1, help="Largest file that may be uploaded over HTTP, in bytes (captured variables travel so)."
    ).tag(config=True)

    backend: Backend | None = None

    def initialize_settings(self) -> None:
        """Announce the events and make what answers. Nothing is opened before the first request."""
        for schema in sorted(_EVENTS.glob("*.yaml")):
            self._events.register_event_schema(schema)
        from jupyter_mlws.server.opening import Opening

        self.backend = Backend(Opening(), self._root(), self._emit, self._listened, self.max_upload_bytes)
        self.settings["jupyter_mlws_backend"] = self.backend

    def initialize_handlers(self) -> None:
        """Add the addresses."""
        self.handlers.extend(make_handlers())

    async def stop_extension(self) -> None:
        """Close what is open."""
        if self.backend is not None:
            self.backend.close()

    @property
    def _server(self) -> ServerApp:
        if self.serverapp is None:
            raise RuntimeError("The extension is not linked to a server.")
        return self.serverapp

    @property
    def _events(self) -> EventLogger:
        logger = self._server.event_logger
        if logger is None:
            raise RuntimeError("The server has no event logger.")
        return logger

    def _root(self) -> Path:
        contents = self._server.contents_manager
        return Path(getattr(contents, "root_dir", "") or self._server.root_dir).resolve()

    def _emit(self, schema: str, data: dict[str, Any]) -> None:
        """Emit an event on the loop, whatever thread asks."""
        logger = self._events
        self._server.io_loop.add_callback(lambda: logger.emit(schema_id=schema, data=data))

    def _listened(self, schema: str) -> bool:
        """Whether a page, or a handler of the operator's, hears events of this schema."""
        logger = self._events
        # The logger tells of its listeners nowhere else; without these tables every event counts as heard.
        tables = [getattr(logger, name, None) for name in ("_modified_listeners", "_unmodified_listeners")]
        return bool(logger.handlers) or any(table is None or table.get(schema) for table in tables)
