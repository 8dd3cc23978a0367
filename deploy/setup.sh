#!/usr/bin/env bash
# Installs what building and testing codehelper needs, from Debian 12's packages and npm. Idempotent and without
# questions; as root or through sudo; quick when nothing is missing.
#   deploy/setup.sh           what the program needs
#   deploy/setup.sh --tests   also what its tests need
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(
  clang-19 lld-19 cmake ninja-build ccache pkg-config
  libboost1.81-dev libboost-json1.81-dev libfmt-dev libcli11-dev libssl-dev libsqlite3-dev
  libgit2-dev libseccomp-dev prometheus-cpp-dev zlib1g-dev
)
if [[ ${1:-} == --tests ]]; then
  packages+=(libclang-rt-19-dev catch2 git curl python3 python3-pytest)
fi
# Node brings npm; only where there is none is Debian's taken.
command -v npm >/dev/null || packages+=(nodejs npm)

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
  [[ $state == installed ]] || missing+=("$package")
done
if ((${#missing[@]})); then
  as_root=()
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null || { echo "setup: run as root, or install sudo; missing: ${missing[*]}" >&2; exit 1; }
    as_root=(sudo)
  fi
  echo "setup: installing ${missing[*]}" >&2
  "${as_root[@]}" apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# npm packages, each pinned by the lockfile beside the code that uses it.
install_npm() {
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.installed-lock.json"; then
    echo "setup: installing ${1#"$root/"}" >&2
    (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --legacy-peer-deps --loglevel=error >/dev/null)
    cp "$1/package-lock.json" "$1/node_modules/.installed-lock.json"
  fi
}
install_npm "$root/src/index/grammars"
if [[ ${1:-} == --tests ]]; then install_npm "$root/tests/e2e/corpus"; fi
