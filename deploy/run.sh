#!/usr/bin/env bash
# Sets up, builds and runs codehelper on a repository:   deploy/run.sh PATH [flags of codehelper dev]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
project=$(realpath -- "${1:-.}")
shift || true
"$root/deploy/setup.sh"
cd "$root"
cmake --preset release >/dev/null
cmake --build --preset release
exec "$root/build/release/codehelper" dev "$@" -- "$project"
