#!/bin/bash
# One isolated libvirt host: a real libvirtd, with QEMU and dnsmasq, that neither sees nor disturbs the machine it runs on.
#   host.sh up NAME          starts a host and prints the URI to connect to
#   host.sh uri NAME         prints that URI again
#   host.sh exec NAME CMD…   runs a command as on that host: its network, its mounts, its host name, its processes
#   host.sh daemon NAME      starts libvirtd again after it was killed; guests and networks lived on
#   host.sh link A B         joins two hosts by a wire (10.99.N.1 and 10.99.N.2), so that one can migrate to the other
#   host.sh down NAME        ends everything the host started and removes its folder; fine if there is no such host
#   host.sh sweep            removes the hosts whose owner is gone
# Needs root; scripts/install brings the packages. Nothing needs systemd.
#
# A host is one process, the holder: process 1 of a PID namespace that owns a mount, a host name and a network namespace.
# When the holder ends, the kernel ends every process of the host, and then its mounts, bridges, taps and firewall rules.
# So nothing can stay behind but the folder $BAY_LAB_DIR/NAME, and no process is ever looked up by its name to be killed.
# The owner (BAY_LAB_OWNER, else the caller) is a process: once it is gone, the next `up` or `sweep` removes the host.
# BAY_LAB_OWNER=1 keeps it until `down`.
set -euo pipefail
LAB=${BAY_LAB_DIR:-/tmp/bay-lab}
SELF=$(realpath "$0")
# The caller's settings (LIBVIRT_*, XDG_*, LANG) don't reach the host's daemons.
CLEAN=(env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8)

fail() { echo "host.sh: $*" >&2; exit 1; }

up() {
  local name=$1 dir=$LAB/$1 folder
  [ "$(id -u)" = 0 ] || fail "a lab host needs root"
  mkdir -p "$LAB"
  [ -O "$LAB" ] || fail "$LAB belongs to somebody else"
  # A socket's path has at most 107 characters.
  [ $((${#dir})) -le 80 ] || fail "the path $dir is too long for a socket in it"
  sweep
  mkdir -m 700 "$dir" 2>/dev/null || fail "there is a host $name already"
  trap 'down "$name"' EXIT
  identity "${BAY_LAB_OWNER:-$PPID}" > "$dir/owner" || fail "no process ${BAY_LAB_OWNER:-$PPID} to own the host"
  for folder in run etc lib/images lib/qemu lib/dnsmasq lib/boot lib/swtpm lib/network cache log; do
    mkdir -p "$dir/$folder"
  done
  configure "$name"
  hold "$name"
  exec_in "$name" "${CLEAN[@]}" virtlogd -d -p /run/libvirt/virtlogd.pid || fail "virtlogd did not start"
  daemon "$name"
  trap - EXIT
  uri "$name"
}

uri() { echo "qemu+unix:///system?socket=$LAB/$1/run/libvirt-sock"; }

configure() {
  local dir=$LAB/$1
  # Of the machine's settings only the stock packet filters are taken; its guests, networks and keys are not.
  if [ -d /etc/libvirt/nwfilter ]; then cp -a /etc/libvirt/nwfilter "$dir/etc/"; fi
  cat > "$dir/etc/libvirtd.conf" <<CONF
host_uuid = "$(cat /proc/sys/kernel/random/uuid)"
listen_tls = 0
listen_tcp = 1
auth_tcp = "none"
auth_unix_ro = "none"
auth_unix_rw = "none"
CONF
  printf 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\n' > "$dir/etc/qemu.conf"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$1" > "$dir/hosts"
}

# Starts the holder and returns once its namespaces are ready.
hold() {
  local dir=$LAB/$1 child
  unshare --mount --propagation private --uts --net --pid --fork \
    setsid "$BASH" "$SELF" holder "$1" </dev/null >"$dir/log/holder.out" 2>&1 &
  child=$!
  identity "$child" > "$dir/keeper" || true
  until [ -e "$dir/ready" ]; do
    if ! kill -0 "$child" 2>/dev/null; then cat "$dir/log/holder.out" >&2; fail "the namespaces of $1 could not be made"; fi
    sleep 0.02
  done
}

holder() {
  local dir=$LAB/$1
  # The outer /proc is still mounted here: this is the pid that the rest of the machine knows the holder by.
  identity self > "$dir/holder"
  echo "$1" > /proc/sys/kernel/hostname
  mount -t proc proc /proc
  # A new /sys shows the new network's interfaces, and no cgroups: two hosts would share the machine's.
  umount --lazy --recursive /sys
  mount -t sysfs sysfs /sys
  # A /run of its own: no system bus, no machined, no firewalld, no iptables lock of the machine.
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/libvirt /run/lock /var/lib/libvirt /var/cache/libvirt /var/log/libvirt
  mount --bind "$dir/run" /run/libvirt
  mount --bind "$dir/etc" /etc/libvirt
  mount --bind "$dir/lib" /var/lib/libvirt
  mount --bind "$dir/cache" /var/cache/libvirt
  mount --bind "$dir/log" /var/log/libvirt
  mount --bind "$dir/hosts" /etc/hosts
  ip link set lo up
  touch "$dir/ready"
  # Process 1 must go on living and must reap orphans; bash does both. Its arguments name the host for whoever runs ps.
  exec "$BASH" -c 'cd /; while :; do sleep 86400 & wait; done' "$1"
}

daemon() {
  # With -d it returns once the socket is there; a call is answered once the drivers are up.
  if exec_in "$1" "${CLEAN[@]}" libvirtd -d --listen -p /run/libvirt/libvirtd.pid &&
    timeout 30 virsh -q -c "$(uri "$1")" uri >/dev/null; then return; fi
  cat "$LAB/$1/log/holder.out" >&2
  fail "libvirtd of $1 did not start"
}

exec_in() {
  local name=$1 pid
  shift
  pid=$(holder_of "$name") || fail "there is no host $name"
  nsenter --target "$pid" --mount --uts --net --pid -- "$@"
}

link() {
  local a b n=1
  a=$(holder_of "$1") || fail "there is no host $1"
  b=$(holder_of "$2") || fail "there is no host $2"
  while exec_in "$1" test -e "/sys/class/net/wire$n" || exec_in "$2" test -e "/sys/class/net/wire$n"; do n=$((n + 1)); done
  ip link add "wire$n" netns "$a" type veth peer name "wire$n" netns "$b"
  exec_in "$1" ip address add "10.99.$n.1/24" dev "wire$n"
  exec_in "$2" ip address add "10.99.$n.2/24" dev "wire$n"
  exec_in "$1" ip link set "wire$n" up
  exec_in "$2" ip link set "wire$n" up
  echo "10.99.$n.2 $2" >> "$LAB/$1/hosts"
  echo "10.99.$n.1 $1" >> "$LAB/$2/hosts"
}

down() {
  local dir=$LAB/$1 pid
  if pid=$(holder_of "$1"); then
    kill -KILL "$pid" 2>/dev/null || true
    # The holder is gone only when every process of its PID namespace is; unshare, its parent, ends next.
    for _ in $(seq 500); do
      alive "$dir/holder" || alive "$dir/keeper" || break
      sleep 0.02
    done
    if alive "$dir/holder"; then fail "the processes of $1 did not end"; fi
  fi
  # Twice, since a sweep of another run may be removing the same files.
  rm -rf "$dir" 2>/dev/null || rm -rf "$dir"
}

sweep() {
  local dir
  for dir in "$LAB"/*/; do
    [ -d "$dir" ] || continue
    if [ -s "$dir/owner" ]; then
      if alive "$dir/owner"; then continue; fi
    else
      # No owner yet: another run is just making it, or died doing so.
      [ -n "$(find "$dir" -maxdepth 0 -mmin +1 2>/dev/null)" ] || continue
    fi
    down "$(basename "$dir")"
  done
}

# The pid of a host's holder, if it is alive.
holder_of() {
  local pid
  alive "$LAB/$1/holder" || return 1
  read -r pid _ < "$LAB/$1/holder"
  echo "$pid"
}

# Is the process whose identity a file holds still there?
alive() {
  local recorded pid
  { read -r recorded < "$1"; } 2>/dev/null || return 1
  read -r pid _ <<< "$recorded"
  [ "$(identity "$pid")" = "$recorded" ]
}

# pid, start time and boot: pids are used again, these three together are not. A zombie has no identity.
identity() {
  local stat pid boot
  # In this shell, not in $(…): /proc/self must be the process that asks.
  { read -r stat < "/proc/$1/stat"; } 2>/dev/null || return 1
  pid=${stat%% *}
  read -ra stat <<< "${stat##*) }"
  [ "${stat[0]}" != Z ] || return 1
  read -r boot < /proc/sys/kernel/random/boot_id
  echo "$pid ${stat[19]} $boot"
}

verb=${1:-}
case $verb in
  up | uri | exec | daemon | down | holder | link)
    for name in "${@:2:1}" "${@:3:$([ "$verb" = link ] && echo 1 || echo 0)}"; do
      [[ $name =~ ^[a-z0-9][a-z0-9-]*$ ]] || fail "$name is no name for a host: use a-z, 0-9 and -"
    done
    [ $# -ge 2 ] || fail "$verb needs the name of a host" ;;
  sweep) ;;
  *) fail "use it as: host.sh up|uri|exec|daemon|link|down NAME, or host.sh sweep" ;;
esac
shift
if [ "$verb" = exec ]; then exec_in "$@"; else "$verb" "$@"; fi
