#!/bin/bash
# A clean Debian with a package of ours in it, for one script: it is unpacked into a folder, and gone at the end.
#   debian-root.sh SUITE FILE [FILE...] < SCRIPT   runs the script there by sh, with an empty environment; the files lie in / as they are
#                                                  named, and the first is installed, with what it depends on, if it is a package of Debian's
#   debian-root.sh mirror SUITE                  prints the mirror to take it from; exits 3, saying why, when there is none
# Needs root and mmdebstrap. All mounts are in a namespace that ends with it, so that none can be left.
set -euo pipefail

mirror() {
  local uri
  uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | head -n 1) || true
  [ -n "$uri" ] || { echo 'apt has no mirror of Debian, or no lists of it'; exit 3; }
  node -e 'fetch(process.argv[1], { method: "HEAD", signal: AbortSignal.timeout(20000) }).then(({ ok }) => { process.exitCode = ok ? 0 : 3 }, () => { process.exitCode = 3 })' \
    "${uri%/}/dists/$1/InRelease" || { echo "the mirror does not answer, or has no $1"; exit 3; }
  echo "$uri"
}

if [ "$1" = mirror ]; then mirror "$2"; exit; fi
if [ "${BAY_IN_NAMESPACE:-}" != 1 ]; then BAY_IN_NAMESPACE=1 exec unshare --mount --propagation private bash "$0" "$@"; fi

suite=$1 first=$2
shift
uri=$(mirror "$suite")
# A run that was killed leaves its folder, and no mounts.
for old in /tmp/bay-root.*.*; do
  owner=${old#/tmp/bay-root.}
  if [ -d "$old" ] && [ ! -e "/proc/${owner%%.*}" ]; then rm -rf --one-file-system "$old"; fi
done
root=$(mktemp -d "/tmp/bay-root.$$.XXXXXX")
clean_up() {
  umount "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

case $first in
  *.deb) needed=$(dpkg-deb -f "$first" Depends | sed 's/([^)]*)//g; s/ //g') ;;
  # What README asks for beside Node, and what Node's own program is linked with.
  *) needed=libvirt0,libstdc++6 ;;
esac
mmdebstrap --quiet --mode=root --variant=essential --include="$needed,man-db,bash-completion" "$suite" "$root" "$uri" </dev/null >&2
cp "$@" "$root"
cat > "$root/script"
mount -t proc proc "$root/proc"
inside() { env -i /usr/sbin/chroot "$root" "$@"; }
if [[ $first = *.deb ]]; then
  inside /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive dpkg -i "/${first##*/}" </dev/null >&2
fi
inside /bin/sh -eu /script </dev/null
