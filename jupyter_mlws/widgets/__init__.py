"""The run card as a widget, for front ends without our extension: VS Code, Colab, a bare JupyterLab."""

from __future__ import annotations

from jupyter_mlws.widgets.showing import widget

__all__ = ["widget"]
