"""The Jupyter server that the browser tests talk to.

Never use this elsewhere: it asks for no token and opens JupyterLab's objects to the page. It listens on the
loopback address only, in folders that scripts/browser-tests.sh makes for the occasion.
"""

import os

from jupyterlab.galata import configure_jupyter_server

c = get_config()  # given by traitlets

configure_jupyter_server(c)

c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["MLWS_UI_PORT"])
c.ServerApp.allow_root = True
c.ServerApp.jpserver_extensions = {"jupyter_mlws": True}
# No question to the world about news, and none about a new release.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
