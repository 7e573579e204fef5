#!/bin/bash
# Debian's cloud-init, unpacked but not installed: an installed one would set up this very machine at its next boot.
#   cloud-init.sh   prints the folder that holds usr/bin/cloud-init and usr/lib/python3/dist-packages; downloads it only if it
#                   is not in the cache
# Needs apt and dpkg; to run it, python3 and its modules (scripts/install); root only where apt has no package lists yet.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bay-lab
# As root, apt fetches as the user _apt, which cannot write in our folder.
apt_get=(apt-get -q -o APT::Sandbox::User=root)

newest() {
  local version
  version=$(apt-cache policy cloud-init 2>/dev/null | awk '/Candidate:/ {print $2; exit}')
  echo "${version:?}"
}

version=$(newest 2>/dev/null) || version=
if [ -z "$version" ]; then
  "${apt_get[@]}" update >&2
  version=$(newest)
fi
folder=$cache/cloud-init-${version//[^a-zA-Z0-9.]/_}
if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # Lists older than the mirror name versions that it no longer has.
  "${apt_get[@]}" download "cloud-init=$version" >/dev/null 2>&1 ||
    { "${apt_get[@]}" update && "${apt_get[@]}" download cloud-init; } >&2
  dpkg -x cloud-init_*.deb out
  # Another run may have been faster.
  mv -T out "$folder" 2>/dev/null || [ -d "$folder" ]
fi
echo "$folder"
