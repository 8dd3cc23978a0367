#!/usr/bin/env bash
# Started by disk_full_test.cpp in a mount namespace of its own, so that the data directory can be a file system of
# 700 KiB. Prints the exit statuses, and what the API says at each step.
set -u
mkdir "$DATA" && mount -t tmpfs -o size=700k tmpfs "$DATA" || exit 3
export CODEHELPER_DATA_DIR="$DATA"
post() { curl -s -H 'Content-Type: application/json' "$url$1" -d "$2"; echo; }
wait_for() {
  for _ in $(seq 300); do
    curl -s "$url/project" | grep -q "\"index_status\":\"$1\"" && return
    sleep 0.1
  done
}
"$BINARY" ingest "$PROJECT" >/dev/null 2>&1
echo "small=$?"
cp -r "$LARGE" "$PROJECT/more"
"$BINARY" ingest "$PROJECT" 2>&1 >/dev/null | tail -1
"$BINARY" serve-api --port 0 >/dev/null 2>"$DATA.errors" &
url=
for _ in $(seq 300); do
  url=$(sed -n 's/.*listening on //p' "$DATA.errors")
  [[ -n $url ]] && break
  sleep 0.1
done
post /project "{\"project_path\":\"$PROJECT\"}" >/dev/null
wait_for failed
echo "while full: $(curl -s "$url/project")"
echo "found: $(post /search '{"query":"where is the needle"}')"
mount -o remount,size=64m "$DATA"
post /project "{\"project_path\":\"$PROJECT\"}" >/dev/null
wait_for ready
echo "afterwards: $(curl -s "$url/project")"
kill %1
wait %1
echo "server=$?"
