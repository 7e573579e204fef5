#!/bin/bash
# A real cloud image: Debian with cloud-init, qemu-guest-agent and sshd, about 190 MB of qcow2, built in about 3 minutes.
#   cloud-image.sh        prints the path of the image; builds it only if it is not in the cache
# Its kernel has no SATA driver, as that of most cloud images: it sees a NoCloud seed on virtio, not on a SATA CD-ROM. Under
# plain emulation it takes about 3 minutes from start to the end of cloud-init, with 768 MB of memory.
# Needs root and apt; what it builds with is installed if it is missing.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bay-lab
tools=(mmdebstrap e2fsprogs fdisk extlinux syslinux-common qemu-utils)
packages=linux-image-cloud-amd64,cloud-init,qemu-guest-agent,openssh-server,systemd-sysv,iproute2,isc-dhcp-client,ifupdown,net-tools,udev
start=2048

main() {
  local image versions
  [ "$(id -u)" = 0 ] || { echo "cloud-image.sh: needs root" >&2; exit 1; }
  # What it is made of: this script, and the packages' versions as apt's lists know them.
  versions=$({ cat "$0"; apt-cache policy ${packages//,/ } | grep Candidate; } | sha256sum | cut -c1-12)
  image=$cache/cloud-$versions.qcow2
  [ -f "$image" ] || build "$image"
  echo "$image"
}

# Built beside its place and renamed at the end.
build() {
  echo "cloud-image.sh: building the cloud image, about 3 minutes" >&2
  install_tools
  mkdir -p "$cache"
  # What a killed run left.
  find "$cache" -maxdepth 1 -name 'cloud-build-*' -mmin +60 -exec rm -rf {} +
  work=$(mktemp -d "$cache/cloud-build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  mmdebstrap --quiet --variant=minbase --include="$packages" bookworm rootfs.tar >&2
  truncate -s 2G disk.raw
  printf 'label: dos\n%s,,L,*\n' "$start" | sfdisk -q disk.raw
  mkfs.ext4 -q -L root -E offset=$((start * 512)) disk.raw 2047M
  dd if=/usr/lib/syslinux/mbr/mbr.bin of=disk.raw bs=440 count=1 conv=notrunc status=none
  # In a mount namespace of its own: whatever ends this, the kernel takes the mount away, and with it the loop device.
  unshare --mount --propagation private bash "$SELF" fill
  qemu-img convert -O qcow2 -c disk.raw image.qcow2
  mv image.qcow2 "$1"
}

install_tools() {
  local tool missing=()
  for tool in "${tools[@]}"; do dpkg -s "$tool" >/dev/null 2>&1 || missing+=("$tool"); done
  [ ${#missing[@]} = 0 ] && return
  echo "cloud-image.sh: apt-get install ${missing[*]}" >&2
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" >&2
}

# Runs in the build's folder, in a mount namespace of its own.
fill() {
  mkdir mnt
  mount -o loop,offset=$((start * 512)) disk.raw mnt
  tar -xf rootfs.tar -C mnt
  mkdir -p mnt/boot/extlinux
  cat > mnt/boot/extlinux/extlinux.conf <<CONF
DEFAULT linux
PROMPT 0
TIMEOUT 1
LABEL linux
 LINUX /boot/$(basename mnt/boot/vmlinuz-*)
 INITRD /boot/$(basename mnt/boot/initrd.img-*)
 APPEND root=LABEL=root ro console=ttyS0 net.ifnames=0
CONF
  extlinux --install mnt/boot/extlinux >/dev/null 2>&1
  echo 'LABEL=root / ext4 defaults 0 1' > mnt/etc/fstab
  printf 'datasource_list: [ NoCloud, None ]\n' > mnt/etc/cloud/cloud.cfg.d/90_datasource.cfg
  # It has no other locale, and cloud-init would fail to set its usual one.
  printf 'locale: C.UTF-8\n' > mnt/etc/cloud/cloud.cfg.d/91_locale.cfg
  : > mnt/etc/machine-id
  umount mnt
}

SELF=$(realpath "$0")
if [ "${1:-}" = fill ]; then fill; else main; fi
