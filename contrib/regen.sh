#!/bin/bash
# SPDX-License-Identifier: ISC
#
# regen.sh - renews what is printed from commands.def: parts of the manual and the completion
#
# usage: contrib/regen.sh PATH/TO/tocsin [--check]     from the source folder; --check changes nothing and fails when something is old
set -eu
tocsin=$1 check=${2:-} old=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

part() { # file, kind
    "$tocsin" completion "$2" >"$tmp/part"
    awk -v part="$tmp/part" '
        index($0, "generated from commands.def: begin") { print; while ((getline line < part) > 0) print line; skip = 1; next }
        index($0, "generated from commands.def: end") { skip = 0 }
        !skip' "$1" >"$tmp/new"
    renew "$1"
}
renew() {
    cmp -s "$tmp/new" "$1" && return
    if [ -n "$check" ]; then echo "$1 is older than commands.def: run contrib/regen.sh" >&2; old=1; else cp "$tmp/new" "$1"; fi
}
part man/tocsin.1 mdoc
part man/tocsin-api.7 mdoc-api
"$tocsin" completion bash >"$tmp/new"
renew contrib/completion/tocsin
exit $old
