#!/usr/bin/env bash
# Installs a package into a fresh Debian 12, boots that with systemd in namespaces of its own, and has both services serve:
#   tests/deploy/package.sh build/release/codehelper_*.deb      as root, with mmdebstrap and a Debian mirror
# Then the package is removed (which keeps state and settings) and purged (which deletes them, and no repository).
set -euo pipefail
umask 022  # what is made inside is for the services' users to read
deb=$(realpath -- "$1")
place=$(mktemp -d)
tree=$place/tree
mkdir "$tree"

inside() { nsenter --target "$(<"$place/init")" --all --root --wd -- "$@"; }

finish() {
  [[ ! -s $place/init ]] || kill -KILL "$(<"$place/init")" 2>/dev/null || true
  rm -rf --one-file-system "$place"
}
trap finish EXIT

fail() {
  echo "package: $*" >&2
  inside journalctl --no-pager --lines 60 >&2 || true
  exit 1
}

# CODEHELPER_TREE, a tar of such a tree, saves the time of making it anew.
if [[ -n ${CODEHELPER_TREE:-} ]]; then
  tar -C "$tree" -xf "$CODEHELPER_TREE"
else
  mmdebstrap --quiet --variant=minbase --include=systemd,systemd-sysv,dbus,curl bookworm "$tree"
fi
cp "$deb" "$tree/codehelper.deb"
cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
chroot "$tree" apt-get -qq update
chroot "$tree" apt-get -qq install -y --no-install-recommends --download-only /codehelper.deb >/dev/null

# Its own processes, mounts, network and devices. Its control groups are made below this machine's, and stay there, empty.
start='
  mount --make-rprivate /
  mount --bind "$1" "$1" && cd "$1"
  mount -t proc proc proc
  mount -t sysfs -o ro sysfs sys
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=755 tmpfs dev
  for node in null zero full random urandom tty; do touch "dev/$node" && mount --bind "/dev/$node" "dev/$node"; done
  mkdir dev/pts dev/shm && mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts && ln -s pts/ptmx dev/ptmx
  mount --rbind /sys/fs/cgroup sys/fs/cgroup
  ip link set lo up 2>/dev/null || true
  pivot_root . mnt  # not chroot: a process in one may not make user namespaces, of which confinement is made
  cd / && umount --lazy mnt
  exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --show-status=no'
unshare --mount --pid --fork --uts --ipc --net --cgroup -- bash -ec "$start" boot "$tree" >"$place/boot.log" 2>&1 &
launcher=$!
for _ in $(seq 100); do
  init=$(pgrep --parent "$launcher" || true)
  [[ -n $init ]] && break
  sleep 0.1
done
[[ -n $init ]] || { cat "$place/boot.log" >&2; exit 1; }
echo "$init" >"$place/init"
for _ in $(seq 300); do
  state=$(inside systemctl is-system-running 2>/dev/null || true)
  [[ $state == running || $state == degraded ]] && break
  sleep 0.2
done
echo "booted: $state, $(inside systemctl --version | head -1)"
before=$(du -smx "$tree" | cut -f1)
inside env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends -o Dpkg::Options::=--force-unsafe-io /codehelper.deb >"$place/install.log" 2>&1 ||
  { cat "$place/install.log" >&2; fail "it can't be installed"; }
echo "installed: $(($(du -smx "$tree" | cut -f1) - before)) MB more, $(inside codehelper --version)"

# The installation has started both.
for unit in codehelper-runner codehelper-api; do
  for _ in $(seq 300); do
    [[ $(inside systemctl is-active "$unit" 2>/dev/null) == active ]] && break
    kill -0 "$launcher" 2>/dev/null || { tail -n 20 "$place/boot.log" >&2; fail "systemd ended"; }
    sleep 0.2
  done
  inside systemctl is-active --quiet "$unit" || fail "$unit isn't active"
  inside systemctl show --property=User,MainPID,ExecMainStartTimestamp "$unit"
done

inside install -d -o codehelper-runner -g codehelper -m 2775 /srv/codehelper/demo
inside sh -c 'printf "def parse_headers(text):\n    return text.splitlines()\n" > /srv/codehelper/demo/parser.py'
call() { inside curl --silent --show-error --fail --max-time 20 "$@" || fail "no answer: ${*: -1}"; }
for _ in $(seq 100); do
  inside curl --silent --fail http://127.0.0.1:8000/health >/dev/null && break
  sleep 0.2
done
call http://127.0.0.1:8080/health && echo
call http://127.0.0.1:8000/readyz && echo
call -H 'Content-Type: application/json' -d '{"project_path":"/srv/codehelper/demo"}' http://127.0.0.1:8000/project && echo
for _ in $(seq 100); do
  [[ $(call 'http://127.0.0.1:8000/project') == *'"index_status":"ready"'* ]] && break
  sleep 0.2
done
hits=$(call -H 'Content-Type: application/json' -d '{"query":"parse headers"}' http://127.0.0.1:8000/search)
[[ $hits == *'"path":"parser.py"'* ]] || fail "no hit: $hits"
call http://127.0.0.1:8080/sandbox | head -c 400 && echo
inside sh -c 'ps -o user:20,args -C codehelper 2>/dev/null || grep -h "^Uid" /proc/[0-9]*/status | sort | uniq -c'
listening=$(inside sh -c 'cat /proc/net/tcp' | awk '$4 == "0A" { print $2 }' | sort)
[[ $listening == $'0100007F:1F40\n0100007F:1F90' ]] || fail "listens on more than 127.0.0.1:8000 and :8080: $listening"

inside apt-get -qq remove -y codehelper >/dev/null
inside systemctl is-active --quiet codehelper-api && fail "the API runs on after the package was removed"
[[ -d $tree/var/lib/codehelper && -f $tree/etc/codehelper/api.env ]] || fail "removing deleted state or settings"
inside apt-get -qq purge -y codehelper >/dev/null
[[ ! -e $tree/var/lib/codehelper && ! -e $tree/etc/codehelper ]] || fail "purging left state or settings"
[[ -f $tree/srv/codehelper/demo/parser.py ]] || fail "purging deleted a repository"
echo "package: installs, serves under its own users on 127.0.0.1 only, and goes as it should"
