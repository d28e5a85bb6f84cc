#!/bin/sh
# Install what the tests' engines need and the machine lacks: PostgreSQL, git, strace, faketime, a C compiler,
# Docker, a registry.
#
#   scripts/engines.sh
#
# As root of a Debian, with apt; no daemon is started. Elsewhere one line says what is missing: the tests that need it
# are skipped, or fail where CI=true.
set -eu

# Root's programs are not on everybody's path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
missing=
postgresql_is_here() { command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; }
postgresql_is_here >/dev/null 2>&1 || missing="$missing postgresql"
command -v git >/dev/null || missing="$missing git"
command -v strace >/dev/null || missing="$missing strace"
command -v faketime >/dev/null || missing="$missing faketime"
docker_is_here() { command -v dockerd && command -v iptables; }
docker_is_here >/dev/null 2>&1 || missing="$missing docker.io iptables"
# Stand-ins for libraries of the system are compiled.
command -v cc >/dev/null || missing="$missing gcc libc6-dev"
command -v docker-registry >/dev/null || missing="$missing docker-registry"
[ -n "$missing" ] || exit 0

unavailable() {
    outcome="are skipped"
    [ "${CI:-}" != true ] || outcome="fail"
    echo "Not installed:$missing. $1 The tests that need it $outcome."
    exit 0
}
command -v apt-get >/dev/null || unavailable "Install it with this system's package manager."
[ "$(id -u)" -eq 0 ] || unavailable "As root: apt-get install$missing."

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
ours=
tidy() {
    rm -f "$log"
    [ -z "$ours" ] || rm -f "$policy"
}
trap tidy EXIT
# The tests start servers of their own.
if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

echo "Installing for the tests:$missing."
install() {
    # shellcheck disable=SC2086 # one word for each package
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends \
        -o DPkg::Lock::Timeout=120 $missing
}
if ! install >"$log" 2>&1; then
    # The lists of a fresh machine are empty or old.
    { apt-get update --quiet && install; } >"$log" 2>&1 || {
        tail -n 5 "$log" >&2
        unavailable "apt-get could not install it."
    }
fi
