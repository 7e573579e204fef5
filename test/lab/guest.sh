#!/bin/bash
# The smallest real guest: Debian's cloud kernel and a busybox initramfs, about 20 MB, built in a few seconds.
#   guest.sh        prints the folder that holds vmlinuz and initrd.gz; builds them only if they are not in the cache
#   guest.sh agent  the same with a real qemu-guest-agent in it, about 5 MB more
# Boot it with -kernel vmlinuz -initrd initrd.gz and console=ttyS0. Under plain emulation it takes a DHCP lease 6 to
# 9 seconds after start, prints GUEST-READY on the serial console, and powers off when asked by ACPI.
# Needs apt, dpkg and kmod; root only where apt has no package lists yet.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bay-lab
script=$(sha256sum < "$0" | cut -c1-12)
# As root, apt fetches as the user _apt, which cannot write in our folder.
apt_get=(apt-get -q -o APT::Sandbox::User=root)

main() {
  local kernel guest
  kernel=$(newest_kernel 2>/dev/null) || kernel=
  if [ -z "$kernel" ]; then refresh; kernel=$(newest_kernel); fi
  guest=$cache/guest-$script-${kernel//[^a-zA-Z0-9.]/_}
  [ -d "$guest" ] || build "$kernel" "$guest"
  if [ "${1:-}" = agent ]; then
    [ -d "$guest-agent" ] || add_agent "$guest" "$guest-agent"
    guest=$guest-agent
  fi
  echo "$guest"
}

# linux-image-6.1.0-37-cloud-amd64=6.1.140-1, as apt's lists know it. Only the lists are read: nothing need be installed.
newest_kernel() {
  local name version
  name=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ {print $2; exit}')
  version=$(apt-cache policy "${name:?}" 2>/dev/null | awk '/Candidate:/ {print $2; exit}')
  echo "$name=${version:?}"
}

refresh() {
  echo "guest.sh: apt-get update" >&2
  "${apt_get[@]}" update >&2
}

build() {
  local kernel=$1 guest=$2
  echo "guest.sh: building the tiny guest from $kernel" >&2
  begin
  download "$kernel" busybox-static
  unpack_modules "${kernel%%=*}"
  write_init
  pack busybox-static/bin/busybox > out/initrd.gz
  cp "${kernel%%=*}"/boot/vmlinuz-* out/vmlinuz
  finish "$guest"
}

# The kernel unpacks what is appended to an initrd over what came before.
add_agent() {
  local guest=$1 packages=(qemu-guest-agent libc6 libglib2.0-0 libnuma1 liburing2 libudev1 libpcre2-8-0) package
  echo "guest.sh: adding the guest agent" >&2
  begin
  download "${packages[@]}" busybox-static
  for package in "${packages[@]}"; do cp -a "$package"/. all/; done
  copy_with_libraries usr/sbin/qemu-ga
  write_agent_start
  cp "$guest/vmlinuz" out/
  { cat "$guest/initrd.gz"; pack busybox-static/bin/busybox; } > out/initrd.gz
  finish "$2"
}

# Built beside its place and renamed at the end: runs at the same time cannot see half of it, and one of them wins.
begin() {
  mkdir -p "$cache"
  # What a killed run left.
  find "$cache" -maxdepth 1 -name 'build-*' -mmin +60 -exec rm -rf {} +
  [ -z "${work:-}" ] || rm -rf "$work"
  work=$(mktemp -d "$cache/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  mkdir out root all
}

pack() { (cd root && find . | "../$1" cpio -o -H newc 2>/dev/null | gzip); }

finish() { mv -T out "$1" 2>/dev/null || [ -d "$1" ]; }

# Unpacks each package into a folder of its name. Lists older than the mirror name versions that it no longer has.
download() {
  local package
  if ! "${apt_get[@]}" download "$@" >/dev/null 2>&1; then
    refresh
    "${apt_get[@]}" download "${@%%=*}" >&2
  fi
  for package in "${@%%=*}"; do dpkg -x "$package"_*.deb "$package"; done
}

# root/mod/order lists the modules in the order in which they must be loaded.
unpack_modules() {
  local kernel=$1 version module file
  version=$(ls "$kernel/lib/modules")
  depmod -b "$kernel" "$version"
  mkdir -p root/{bin,proc,sys,dev,mod,etc,usr/share/udhcpc}
  cp busybox-static/bin/busybox root/bin/
  for module in virtio_pci virtio_net virtio_blk virtio_console virtio_balloon evdev button isofs; do
    modprobe -d "$PWD/$kernel" -S "$version" --show-depends "$module" | grep -v builtin || true
  done | awk '!seen[$2]++ {print $2}' > modules
  while read -r file; do
    cp "$file" root/mod/
    basename "$file"
  done < modules > root/mod/order
}

# The program and every library that its own loader finds for it, each where it is looked for.
copy_with_libraries() {
  local program=$1 loader file
  loader=$(find all -name 'ld-linux-*' ! -type d | head -n 1)
  mkdir -p "root/${program%/*}" root/lib root/lib64
  cp "all/$program" "root/$program"
  cp -L "$loader" root/lib64/
  "$loader" --library-path "$(find all -name '*.so.*' -printf '%h\n' | sort -u | paste -sd :)" --list "all/$program" |
    awk '$3 ~ /^all\// {print $3}' | while read -r file; do cp -L "$file" root/lib/; done
}

write_agent_start() {
  mkdir -p root/start root/run
  cat > root/start/agent <<'AGENT'
#!/bin/sh
# Without udev nobody names the channel's device.
mkdir -p /dev/virtio-ports /var/run
for port in /sys/class/virtio-ports/*; do ln -s "../${port##*/}" "/dev/virtio-ports/$(cat "$port/name")"; done
exec qemu-ga -d -l /run/qemu-ga.log
AGENT
  chmod +x root/start/agent
}

write_init() {
  cat > root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev
while read -r m; do insmod /mod/$m; done < /mod/order
for e in /dev/input/event*; do (dd if=$e of=/dev/null bs=24 count=1 2>/dev/null; sync; poweroff -f) & done
for s in /start/*; do [ -x $s ] && $s; done
# dnsmasq answers nobody while it pings a new guest's address, and udhcpc asks for its lease three times only.
ip link set lo up; ip link set eth0 up && for try in 1 2 3; do
  udhcpc -i eth0 -t 10 -T 1 -n -q -s /usr/share/udhcpc/default.script && break
done
echo GUEST-READY
exec sh </dev/ttyS0 >/dev/ttyS0 2>&1
INIT
  cat > root/usr/share/udhcpc/default.script <<'DHCP'
#!/bin/sh
[ "$1" = bound ] && ip addr add $ip/24 dev $interface
exit 0
DHCP
  chmod +x root/init root/usr/share/udhcpc/default.script
}

main "$@"
