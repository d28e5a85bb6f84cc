"""``python -m jupyter_mlws.cli.notebook``: the command line as ``%mlws`` runs it below a cell."""

from jupyter_mlws.cli import main

main(notebook=True)
