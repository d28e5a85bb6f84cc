#!/bin/sh
# Make a virtual environment with pip in the folder named, from the newest Python >= 3.11 of this machine.
#
#   scripts/make-environment.sh .venv
#
# Debian keeps venv's ensurepip in a package of its own, so several ways lead to pip; the first that works is taken.
set -eu

folder=$1
oldest="3, 11"

say() { printf '%s\n' "$*" >&2; }

# The interpreters that really run (a pyenv shim may stand on PATH and refuse) and are new enough, newest first.
pythons() {
    for name in ${PYTHON:-} python3.13 python3.12 python3.11 python3 python; do
        if "$name" -c "import sys; sys.exit(sys.version_info < ($oldest))" >/dev/null 2>&1; then
            printf '%s\n' "$name"
        fi
    done
}

works() { "$folder/bin/python" -m pip --version >/dev/null 2>&1; }

with_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1 && "$1" -m venv --clear "$folder" >/dev/null 2>&1 && works
}

# Any pip of the machine can install pip into an environment that has none.
with_a_pip_from_elsewhere() {
    "$1" -m venv --clear --without-pip "$folder" >/dev/null 2>&1 || return 1
    for other in "$1" python3 /usr/bin/python3; do
        "$other" -m pip --python "$folder/bin/python" install --quiet pip >/dev/null 2>&1 && works && return 0
    done
    for wheel in /usr/share/python-wheels/pip-*.whl; do
        [ -e "$wheel" ] || continue
        PYTHONPATH=$wheel "$folder/bin/python" -m pip install --quiet --ignore-installed pip >/dev/null 2>&1 &&
            works && return 0
    done
    return 1
}

with_virtualenv_or_uv() {
    "$1" -m virtualenv --clear --quiet "$folder" >/dev/null 2>&1 && works && return 0
    uv venv --quiet --clear --seed --python "$1" "$folder" >/dev/null 2>&1 && works
}

# Debian and its children, as root: ask for the package that holds ensurepip.
apt_gives_venv() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    say "Installing python3-venv with apt-get."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv; } \
        >/dev/null 2>&1 </dev/null
}

found=$(pythons)
if [ -z "$found" ]; then
    say "No Python >= 3.11 was found; install one, or name it: make PYTHON=/path/to/python3.12 ..."
    exit 1
fi

for python in $found; do
    if with_venv "$python"; then exit 0; fi
done
if apt_gives_venv; then
    for python in $found; do
        if with_venv "$python"; then exit 0; fi
    done
fi
for python in $found; do
    if with_a_pip_from_elsewhere "$python" || with_virtualenv_or_uv "$python"; then exit 0; fi
done
rm -rf "$folder"
say "Python was found ($(printf '%s' "$found" | tr '\n' ' ')) but no way to give an environment pip; install the package python3-venv (or python3-pip) and try again."
exit 1
