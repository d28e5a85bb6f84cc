#!/bin/sh
# Run the browser tests: Chromium, the test tools, a server in folders of its own, then Playwright.
#
#   scripts/browser-tests.sh .venv [arguments of `playwright test`]
set -eu

environment=$(cd "$1" && pwd)
shift
PATH=$environment/bin:$PATH
export PATH

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

# A screenshot needs a font; Debian's Chromium brings none.
apt_gives_chromium() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
    echo "Installing Chromium and a font with apt-get."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        chromium fonts-dejavu-core; } >/dev/null 2>&1 </dev/null
}

if ! find_chromium >/dev/null && ! apt_gives_chromium; then
    echo "SKIPPED: the browser tests need Chromium, which is not here; install it (apt-get install chromium fonts-dejavu-core) and run 'make browser-tests'."
    # Where nobody reads along, what was not tested has not passed.
    [ -z "${CI:-}" ] && exit 0 || exit 1
fi
MLWS_CHROMIUM=$(find_chromium)
export MLWS_CHROMIUM

cd "$(dirname "$0")/../ui-tests"
if [ ! -e node_modules/.yarn-state.yml ] || [ yarn.lock -nt node_modules/.yarn-state.yml ]; then
    echo "Fetching the browser test tools."
    log=$(mktemp)
    if ! jlpm install --immutable >"$log" 2>&1; then
        # But for its list of all packages.
        grep -v YN0013 "$log" | tail -n 20 >&2
        rm -f "$log"
        echo "The browser test tools could not be fetched from the package registry." >&2
        exit 1
    fi
    rm -f "$log"
    touch node_modules/.yarn-state.yml
fi

# The tests with their arguments, as a user of their own: home, settings, data and notebooks in one folder that goes away.
run_tests() (
    place=$(mktemp -d "${TMPDIR:-/tmp}/mlws-ui.XXXXXX")
    tidy() {
        [ ! -x "$environment/bin/mlws" ] || HOME=$place "$environment/bin/mlws" stop >/dev/null 2>&1 || true
        rm -rf "$place"
    }
    trap tidy EXIT
    mkdir -p "$place/notebooks" "$place/run"
    chmod 700 "$place/run"
    export HOME="$place" XDG_DATA_HOME="$place/data" XDG_CONFIG_HOME="$place/config" XDG_CACHE_HOME="$place/cache"
    export XDG_RUNTIME_DIR="$place/run" JUPYTER_CONFIG_DIR="$place/jupyter/config" JUPYTER_DATA_DIR="$place/jupyter/data"
    export JUPYTER_RUNTIME_DIR="$place/jupyter/run" IPYTHONDIR="$place/ipython" MPLCONFIGDIR="$place/matplotlib"
    export JUPYTERLAB_GALATA_ROOT_DIR="$place/notebooks" TMPDIR="$place"
    unset MLWS_WORKSPACE || true
    # Secrets lie in a file there, whatever the desktop has.
    export MLWS_VAULT=file

    # Environments are built of an index of the tests' own: no network, and the same packages everywhere.
    for name in $(env | sed -n 's/^\(\(PIP\|UV\)_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
    PYTHONPATH=../tests/support python - "$place/index" <<'END' || exit 1
import sys
from pathlib import Path

from wheels import Index

index = Index(Path(sys.argv[1]))
for name, version in (("six", "1.16.0"), ("six", "1.17.0"), ("attrs", "25.4.0")):
    index.add(name, version)
END
    export UV_DEFAULT_INDEX="file://$place/index/simple" UV_INDEX="" UV_FIND_LINKS="" UV_PYTHON_DOWNLOADS=never
    : "${MLWS_UI_PORT:=$(python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')}"
    export MLWS_UI_PORT
    node node_modules/.bin/playwright test "$@"
)

tsc_of_the_package=../node_modules/.bin/tsc
[ ! -x "$tsc_of_the_package" ] || node "$tsc_of_the_package" -p tsconfig.json
run_tests "$@" && exit 0
[ -n "${CI:-}" ] || exit 1

# On CI what failed is tried again, with a server and folders of its own, and told of; more than a few are not.
flaky=$(node second-chance.js test-results/results.json) || exit 1
first=../.build/browser-tests-first
mkdir -p ../.build
rm -rf "$first"
mv test-results "$first"
mkdir test-results
cp "$first/.last-run.json" test-results/
if ! run_tests --last-failed "$@"; then
    printf '\nFailed at the first attempt, and not all of them passed at the second:\n%s\n' "$flaky"
    exit 1
fi
printf '\nPassed at the second attempt, which is a defect of the test or worse:\n%s\n' "$flaky"
