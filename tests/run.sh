#!/usr/bin/env bash
# Sets up, builds the dev preset (ASan, UBSan) and runs every test:   tests/run.sh [flags of ctest]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$root/deploy/setup.sh" --tests
cd "$root"
cmake --preset dev >/dev/null
cmake --build --preset dev
ctest --preset dev --parallel "$(($(nproc) + 1))" "$@"  # many wait for a process or a limit
