#!/usr/bin/env bash
# Installs what building, testing and running codehelper needs, from Debian 12's packages and npm. Idempotent and
# without questions; as root or through sudo; quick when nothing is missing.
#   deploy/setup.sh                  what building the program needs
#   deploy/setup.sh --tests          also what its tests need
#   deploy/setup.sh --install LIST   the packages of one list only: build, tests, runtime or toolchains
#   deploy/setup.sh --list LIST      prints that list
# No other file names packages: the images are made of these lists too.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build=(
  clang-19 lld-19 binutils cmake ninja-build ccache pkg-config
  libboost1.81-dev libboost-json1.81-dev libfmt-dev libcli11-dev libssl-dev libsqlite3-dev
  libedit-dev libgit2-dev libseccomp-dev libyaml-cpp-dev libzstd-dev prometheus-cpp-dev zlib1g-dev
)
tests=(
  libclang-rt-19-dev llvm-19 catch2 git curl dpkg-dev file python3 python3-pytest systemd chromium zsh fish groff-base
)
# What the built program loads, and the certificates that it trusts.
runtime=(
  libboost-container1.81.0 libboost-json1.81.0 libedit2 libfmt9 libgit2-1.5 libprometheus-cpp-core1.0 libseccomp2 libsqlite3-0
  libssl3 libstdc++6 libyaml-cpp0.7 libzstd1 zlib1g ca-certificates
)
# What the Runner may be asked to start, with the package that has it; and what these call in their turn.
declare -A executables=(
  [pytest]=python3-pytest [python]=python-is-python3 [python3]=python3
  [node]=nodejs [npm]=npm [npx]=npm
  [cargo]=cargo [go]=golang-go
  [cmake]=cmake [ctest]=cmake [make]=make
  [mvn]=maven [gradle]=gradle
)
mapfile -t toolchains < <(printf '%s\n' "${executables[@]}" g++ git ninja-build pkg-config default-jdk-headless | sort -u)

# Node brings npm, and other distributors' kubectl is as good: Debian's are taken only where there is none.
command -v npm >/dev/null || build+=(nodejs npm)
command -v kubectl >/dev/null || tests+=(kubernetes-client)

fail() {
  echo "setup: $*" >&2
  exit 2
}

install_packages() {
  local missing=() package state as_root=()
  for package in "$@"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || fail "run as root, or install sudo; missing: ${missing[*]}"
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# npm packages, each pinned by the lockfile beside the code that uses it.
install_npm() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock.json"; then
    echo "setup: installing ${1#"$root/"}" >&2
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --legacy-peer-deps --loglevel=error >/dev/null)
    cp "$1/package-lock.json" "$1/node_modules/.installed-lock.json"
  fi
}

case ${1:-} in
  "")
    install_packages "${build[@]}"
    for folder in src/index/grammars src/api/web; do install_npm "$root/$folder"; done
    ;;
  --tests)
    install_packages "${build[@]}" "${tests[@]}"
    for folder in src/index/grammars src/api/web tests/e2e/corpus tests/page tests/deploy tests/support/chroma \
      tests/support/llm tests/clients; do
      install_npm "$root/$folder"
    done
    ;;
  --list | --install)
    case ${2:-} in
      build | tests | runtime | toolchains) declare -n list=$2 ;;
      *) fail "the lists are build, tests, runtime and toolchains, not \"${2:-}\"" ;;
    esac
    if [[ $1 == --list ]]; then
      printf '%s\n' "${list[@]}"
    else
      install_packages "${list[@]}"
      [[ $2 != toolchains ]] || for name in "${!executables[@]}"; do
        command -v "$name" >/dev/null || fail "${executables[$name]} has no $name"
      done
    fi
    ;;
  *) fail "unknown argument \"$1\"; see the head of this file" ;;
esac
