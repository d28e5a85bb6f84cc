"""How Sphinx makes a site of these pages, and the reference of the docstrings: `make docs`."""

from __future__ import annotations

import re
from typing import Any

from jupyter_mlws import __version__

project = "jupyter-mlws"
author = "the jupyter-mlws developers"
copyright = author  # noqa: A001 - Sphinx calls it so
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["images"]
html_theme = "furo"
html_title = f"jupyter-mlws {__version__}"
html_show_sourcelink = False

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4

autoclass_content = "class"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
# Names in the docstrings stand in single backquotes, as numpydoc has them: code, not a reference to a page.
default_role = "code"
# Types of annotations name what only type checkers import.
nitpicky = False

_TO_A_FILE = re.compile(r"\[([^\]]+)\]\(\.\./[^)]*\)")


def _without_links_to_files(app: Any, name: str, source: list[str]) -> None:
    """A page links to files of the repository, which a site does not have: there its words alone remain."""
    source[0] = _TO_A_FILE.sub(r"\1", source[0])


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("source-read", _without_links_to_files)
