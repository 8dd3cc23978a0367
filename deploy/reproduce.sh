#!/usr/bin/env bash
# Builds the release and its Debian package twice from one commit and compares them byte by byte:
#   deploy/reproduce.sh [COMMIT]      of HEAD by default; minutes, since the second build compiles everything
# The builds differ in what must not show: folder, umask, locale, time zone, time, number of jobs, compiler's cache. Prints
# what is equal with its checksum; where something isn't, what differs, and ends with 1. A build elsewhere gives the same
# bytes with the same Debian packages; sbom.cdx.json in the package names the versions of those that are in it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
commit=$(git -C "$root" rev-parse --verify "${1:-HEAD}^{commit}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# make_release FOLDER JOBS [VARIABLE=VALUE…]: clones the commit into the folder, builds it there, and makes its package.
make_release() {
  local folder=$1 jobs=$2 packages
  shift 2
  echo "reproduce: building ${commit:0:9} in $folder" >&2
  git clone --quiet "$root" "$folder"
  git -C "$folder" checkout --quiet --detach "$commit"
  for packages in src/index/grammars src/api/web; do
    [[ ! -d $root/$packages/node_modules ]] || cp -r "$root/$packages/node_modules" "$folder/$packages/"
  done
  "$folder/deploy/setup.sh" # asks npm for what isn't here or is of another version
  cd "$folder"
  {
    env "$@" cmake --preset release
    env "$@" cmake --build --preset release -- -j "$jobs"
    env "$@" cmake --build --preset release --target package
  } >"$folder.log" 2>&1 || { tail -n 30 "$folder.log" >&2; exit 1; }
}

one=$place/one
two=$place/another_folder/with_a_longer_name
mkdir "$place/another_folder"
(umask 022; make_release "$one" "$(nproc)" LC_ALL=C.UTF-8 TZ=UTC CCACHE_BASEDIR="$one" CCACHE_NOHASHDIR=1)
(umask 077; make_release "$two" 2 LC_ALL=C TZ=Pacific/Kiritimati CCACHE_DISABLE=1)

differences=0
for file in codehelper "$(cd "$one/build/release" && echo codehelper_*.deb)"; do
  if cmp "$one/build/release/$file" "$two/build/release/$file"; then
    (cd "$one/build/release" && sha256sum "$file")
  else
    differences=1
  fi
done
if ((differences)); then
  for build in "$one" "$two"; do
    mkdir "$build.package"
    dpkg-deb --raw-extract "$build"/build/release/codehelper_*.deb "$build.package"
    (cd "$build.package" && find . -printf '%M %s %TY-%Tm-%Td %TT %p\n' | sort -k 5) >"$build.list"
  done
  diff "$one.list" "$two.list" || true
  diff --recursive --brief "$one.package" "$two.package" || true
  echo "reproduce: the builds differ" >&2
fi
exit "$differences"
