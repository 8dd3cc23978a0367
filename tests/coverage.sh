#!/usr/bin/env bash
# Builds with coverage counters, runs the tests and tells which lines of src, include and modes they reach:
#   tests/coverage.sh [flags of ctest]      without flags all tests but those that LEFT_OUT names
#   tests/coverage.sh --report              of the last run again
# Printed is the share of each floor; build/coverage/report has the lines that nothing reached (lines.txt), the functions
# that nothing called (functions.txt), and every file with its counts (html/index.html). What is known not to be reached,
# and why: COVERAGE.md.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
build=$root/build/coverage
# The page in a browser, load and packing: minutes, for lines that other tests reach too.
LEFT_OUT='^page: |^sandbox: load|^deploy: '

if [[ ${1:-} != --report ]]; then
  deploy/setup.sh --tests
  cmake --preset coverage >/dev/null
  cmake --build --preset coverage
  rm -rf "$build/profiles"
  tests=("$@")
  ((${#tests[@]})) || tests=(--exclude-regex "$LEFT_OUT")
  failed=0
  ctest --preset coverage --parallel "$(nproc)" "${tests[@]}" || failed=$?
fi

mkdir -p "$build/report"
llvm-profdata-19 merge -o "$build/report/profile" "$build"/profiles/*.profraw
# Every object, also of what no program uses. Many have inline functions that they don't call: "mismatched data".
measured=()
while IFS= read -r object; do measured+=(-object "$object"); done < <(find "$build/src" "$build/modes" -name '*.cpp.o')
counts=("${measured[@]:1}" -instr-profile "$build/report/profile" --sources src include modes)
without_mismatches() { grep -v 'functions have mismatched data' >&2 || true; }
llvm-cov-19 export -format lcov "${counts[@]}" >"$build/report/lcov.info" 2> >(without_mismatches)
python3 -B tests/coverage_report.py "$build/report"
llvm-cov-19 show -format html -output-dir "$build/report/html" "${counts[@]}" >/dev/null 2> >(without_mismatches)
exit "${failed:-0}"
