#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
#
# all.sh - the whole test suite: what `./quickstart test` and CI run
#
# Takes   the source root. FUZZ_SECONDS (default 20) per harness; TOCSIN_PARTS to run only some of: check story asan fuzz dist.
# Gives   a line per part; at the end "tests: N passed, N failed, N skipped". Exit status 0 only when nothing failed and no test skipped
#         itself for a reason that is not expected here.
set -u
top=$1
work=${TOCSIN_WORK:-$top/build/test}
parts=${TOCSIN_PARTS:-check story asan fuzz dist}
passed=0 failed=0 skipped=0
mkdir -p "$work"

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

bad() { # what log
  failed=$((failed + 1))
  say "FAILED: $1; the end of $2:"
  tail -n 60 "$2"
}

count() { # adds what a `make check` in folder $1 says of itself, and judges its skips
  local log state name
  while read -r log; do
    state=$(sed -n 's/^:test-result: *//p' "${log%.log}.trs" 2>/dev/null)
    name=${log#"$1"/}
    case $state in
    PASS*) passed=$((passed + 1)) ;;
    SKIP*)
      skipped=$((skipped + 1))
      if ! grep -qi "right to mount" "$log" && { [ -d "$top/../shared/corpora" ] || ! grep -qi corpora "$log"; }; then
        say "unexpected skip: ${name%.log}: $(grep -m1 -i skip "$log")"
        failed=$((failed + 1))
      fi
      ;;
    *) bad "${name%.log}" "$log" ;;
    esac
  done < <(find "$1/tests" -name '*.trs' 2>/dev/null | sed 's/trs$/log/' | sort)
}

build() { # folder, configure arguments: configures and makes; the log is folder.log
  local dir=$work/$1
  shift
  mkdir -p "$dir"
  (cd "$dir" && { [ -f Makefile ] || "$top/configure" --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run "$@"; } &&
    make -j"$(nproc)") >"$dir.log" 2>&1 </dev/null
}

check() { # folder: make check
  local dir=$work/$1
  make -C "$dir" -j"$(nproc)" check >"$dir.check.log" 2>&1 </dev/null
  local status=$?
  local before=$failed
  count "$dir"
  if [ $status != 0 ] && [ "$failed" = "$before" ]; then bad "make check in $1" "$dir.check.log"; fi
}

part_check() {
  say "gcc, warnings are errors: build and make check"
  if build gcc --enable-werror; then check gcc; else bad "the gcc build" "$work/gcc.log"; fi
}

part_story() {
  say "the story of ./quickstart"
  build gcc --enable-werror || { bad "the gcc build" "$work/gcc.log"; return; }
  make -C "$work/gcc" bench-programs >>"$work/gcc.log" 2>&1
  if TOCSIN_BUILD="$work/gcc" /usr/bin/python3 "$top/tests/system/story.py" >"$work/story.log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    tail -n 5 "$work/story.log"
  else
    bad "the story" "$work/story.log"
  fi
}

part_asan() {
  say "clang, address and undefined-behaviour sanitizers, warnings are errors: build and make check"
  if CC=clang build asan --enable-werror --enable-sanitizers; then check asan; else bad "the sanitizer build" "$work/asan.log"; fi
}

part_fuzz() {
  say "fuzz harnesses, ${FUZZ_SECONDS:-20} s each"
  CC=clang build fuzz --enable-fuzz --enable-sanitizers || { bad "the fuzz build" "$work/fuzz.log"; return; }
  if make -C "$work/fuzz" -j"$(nproc)" fuzz >"$work/fuzz.run.log" 2>&1 </dev/null; then
    passed=$((passed + $(grep -c ' inputs' "$work/fuzz.run.log")))
    grep ' inputs' "$work/fuzz.run.log"
  else
    bad "a fuzz harness" "$work/fuzz.run.log"
  fi
}

part_dist() {
  say "make distcheck"
  build gcc --enable-werror || { bad "the gcc build" "$work/gcc.log"; return; }
  if make -C "$work/gcc" -j"$(nproc)" distcheck TESTS= >"$work/dist.log" 2>&1 </dev/null; then
    passed=$((passed + 1))
  else
    bad "make distcheck" "$work/dist.log"
  fi
}

if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ] || [ "$top/Makefile.am" -nt "$top/Makefile.in" ]; then
  (cd "$top" && autoreconf -fi) >"$work/autoreconf.log" 2>&1 || { bad autoreconf "$work/autoreconf.log"; exit 1; }
fi
for p in $parts; do "part_$p"; done
say "logs are in $work"
printf 'tests: %d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
