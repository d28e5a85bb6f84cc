"""Records: what the workspace knows, in a database. One module per noun; each function takes an open connection."""

from jupyter_mlws.store.engine import Store

__all__ = ["Store"]
