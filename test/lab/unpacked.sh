#!/bin/bash
# A package of Debian's, unpacked but not installed: an installed cloud-init would set up this very machine at its next boot, and
# an installed tgt would serve its network.
#   unpacked.sh PACKAGE   prints the folder that holds its usr/bin and all else; downloads it only if it is not in the cache
# Needs apt and dpkg; what the programs need is for scripts/install to bring; root only where apt has no package lists yet.
set -euo pipefail
package=${1:?which package?}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/bay-lab
# As root, apt fetches as the user _apt, which cannot write in our folder.
apt_get=(apt-get -q -o APT::Sandbox::User=root)

newest() {
  local version
  version=$(apt-cache policy "$package" 2>/dev/null | awk '/Candidate:/ {print $2; exit}')
  echo "${version:?}"
}

version=$(newest 2>/dev/null) || version=
if [ -z "$version" ]; then
  "${apt_get[@]}" update >&2
  version=$(newest)
fi
folder=$cache/$package-${version//[^a-zA-Z0-9.]/_}
if [ ! -d "$folder" ]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/build-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  # Lists older than the mirror name versions that it no longer has.
  "${apt_get[@]}" download "$package=$version" >/dev/null 2>&1 ||
    { "${apt_get[@]}" update && "${apt_get[@]}" download "$package"; } >&2
  dpkg -x "$package"_*.deb out
  # Another run may have been faster.
  mv -T out "$folder" 2>/dev/null || [ -d "$folder" ]
fi
echo "$folder"
