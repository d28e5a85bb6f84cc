#!/bin/sh
# Build the package, frontend included, in an isolated build environment that brings its own Node.
#
#   scripts/build-wheel.sh .venv .build/wheel
set -eu

environment=$1
folder=$2

echo "Building the package (a minute or two the first time)."
# Left-overs would be taken for a finished frontend; and one folder holds one wheel.
rm -rf "$folder" jupyter_mlws/labextension jupyter_mlws/widgets/static
mkdir -p "$folder"
if ! "$environment/bin/python" -m pip wheel --no-deps --wheel-dir "$folder" . >"$folder/build.log" 2>&1; then
    tail -n 40 "$folder/build.log" >&2
    echo "The package did not build; the whole log is $folder/build.log" >&2
    exit 1
fi
