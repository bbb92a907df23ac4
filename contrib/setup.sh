# shellcheck shell=bash disable=SC2154 # top is the caller's
# SPDX-License-Identifier: ISC
#
# setup.sh - installs what is missing and builds tocsin in ./build; sourced by quickstart
#
# Takes   top: the source root. steps: how many steps the caller counts in all. setup_more: packages the caller needs besides.
# Gives   setup_install, setup_build, and step "text", which prints "[n/steps] text". A function returns non-zero after it has said why.
# Keeps   logs in $top/build/*.log; shows them only when something failed.

setup_packages=(gcc libc6-dev make autoconf automake pkg-config libevent-dev libsqlite3-dev libcurl4-openssl-dev libjson-c-dev libyaml-dev
  libvectorscan-dev libpcre2-dev libssl-dev libsmartcols-dev libcmocka-dev)
setup_more=(${setup_more[@]+"${setup_more[@]}"})
setup_at=0

step() {
  setup_at=$((setup_at + 1))
  printf '[%d/%d] %s\n' "$setup_at" "${steps:-6}" "$*"
}

setup_failed() { # what log
  printf 'quickstart: %s failed; the end of %s:\n' "$1" "$2" >&2
  tail -n 40 "$2" >&2
  return 1
}

setup_missing() {
  local p
  for p in "${setup_packages[@]}" ${setup_more[@]+"${setup_more[@]}"}; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
  done
}

setup_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

setup_install() {
  local log=$top/build/apt.log
  local missing=()
  mkdir -p "$top/build" || return 1
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    step "packages: this is no Debian, configure will say what is missing"
    return 0
  fi
  mapfile -t missing < <(setup_missing)
  if [ ${#missing[@]} -eq 0 ]; then
    step "packages: all installed"
    return 0
  fi
  step "packages: installing ${#missing[@]} (${missing[*]})"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "quickstart: run this as root, or install them yourself: apt-get install ${missing[*]}" >&2
    return 1
  fi
  setup_root env DEBIAN_FRONTEND=noninteractive apt-get update >"$log" 2>&1 </dev/null || { setup_failed "apt-get update" "$log"; return 1; }
  setup_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1 </dev/null ||
    { setup_failed "apt-get install" "$log"; return 1; }
}

# Arguments go to configure the first time.
setup_build() {
  local log=$top/build/build.log
  mkdir -p "$top/build" || return 1
  step "building in ./build"
  : >"$log"
  if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ] || [ "$top/Makefile.am" -nt "$top/Makefile.in" ]; then
    (cd "$top" && autoreconf -fi) >>"$log" 2>&1 || { setup_failed autoreconf "$log"; return 1; }
  fi
  if [ ! -f "$top/build/Makefile" ]; then
    (cd "$top/build" && ../configure --prefix=/usr --sysconfdir=/etc --localstatedir=/var --runstatedir=/run "$@") >>"$log" 2>&1 </dev/null ||
      { setup_failed configure "$log"; return 1; }
  fi
  make -C "$top/build" -j"$(nproc)" >>"$log" 2>&1 </dev/null || { setup_failed make "$log"; return 1; }
}
