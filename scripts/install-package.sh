#!/bin/sh
# Install the built wheel, as a user would, with the extra named, into an environment.
#
#   scripts/install-package.sh .venv demo .build/wheel
set -eu

environment=$1
extra=$2
wheel=$(ls "$3"/*.whl)
python=$environment/bin/python

editable='
import json, sys
from importlib import metadata
try:
    text = metadata.distribution("jupyter-mlws").read_text("direct_url.json") or "{}"
except metadata.PackageNotFoundError:
    sys.exit(1)
sys.exit(not json.loads(text).get("dir_info", {}).get("editable", False))
'
if "$python" -I -c "$editable"; then
    echo "$environment holds an editable install, which this would replace: use another environment (make VENV=.venv-user ...) or remove that one." >&2
    exit 1
fi

echo "Installing the package with its '$extra' extra."
"$python" -m pip install --quiet "$wheel[$extra]"
# The version stays while the code changes, so pip has to be told that this wheel is news.
"$python" -m pip install --quiet --no-deps --force-reinstall "$wheel"
