#!/bin/sh
# Run one command in the background, its words into a file, and another beside it; then show the words of the first.
#
#   scripts/side-by-side.sh .build/checks.log 'make lint docs' 'make python-tests'
#
# Both run to their end. Fails if one of them has failed.
set -u

log=$1
beside=$2
before=$3

mkdir -p "$(dirname "$log")"
echo "Meanwhile, with its words in $log: $beside"
sh -c "$beside" >"$log" 2>&1 </dev/null &
other=$!
# Whoever is interrupted here wants neither of them.
trap 'kill "$other" 2>/dev/null; exit 130' INT TERM

sh -c "$before"
status=$?
wait "$other"
others=$?
printf '\n\033[1mMeanwhile: %s\033[0m\n' "$beside"
cat "$log"
[ "$status" -eq 0 ] || exit "$status"
exit "$others"
