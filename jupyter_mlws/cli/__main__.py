"""``python -m jupyter_mlws.cli``."""

from jupyter_mlws.cli import main

main()
