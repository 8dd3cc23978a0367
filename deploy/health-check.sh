#!/usr/bin/env bash
# Whether a server in this container answers:   health-check PORT PATH   exit status 0 when GET PATH gives 200.
# Bash speaks TCP by itself, so the images need neither curl nor an interpreter for it; Chroma's image has bash too.
set -euo pipefail
exec 3<>"/dev/tcp/127.0.0.1/$1"
printf 'GET %s HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$2" "$1" >&3
IFS=' ' read -r -t 4 _ status _ <&3
[[ $status == 200 ]]
