#!/usr/bin/env bash
# Runs a target of the Makefile, `test` where none is named, in a Debian 13 beside this system.
#
#     tests/debian13.sh [TARGET]
#
# The current stack needs glibc 2.39; this is how it is tested where glibc is older. The root has
# Python, make and git and nothing else, and is made once (debootstrap, some minutes) and kept, with
# what was installed in it. DEBIAN13_ROOT says where, CLEAN=1 has the project installed anew in it.
set -euo pipefail

root=${DEBIAN13_ROOT:-/var/tmp/lianxi-debian13}
target=${1:-test}
project=$(cd "$(dirname "$0")/.." && pwd)
home=$root/root/lianxi/main

if [ "$(id -u)" != 0 ]; then
  echo "error: a root of its own can be made by root only; try sudo make test-debian13" >&2
  exit 1
fi
if [ ! -e "$root/.complete" ]; then
  command -v debootstrap >/dev/null || {
    echo "error: debootstrap makes the root and is not here; install it (apt-get install debootstrap)" >&2
    exit 1
  }
  echo "making a Debian 13 in $root"
  rm -rf "$root"
  mkdir -p "$root"
  debootstrap --variant=minbase --include=python3,make,git,ca-certificates trixie "$root" \
    >"$root.log" 2>&1 || { tail -n 5 "$root.log" >&2; exit 1; }
  touch "$root/.complete"
fi

# What git knows or would, as it is now; what was installed there before stays.
mkdir -p "$home"
[ -z "${CLEAN:-}" ] || rm -rf "$home/.venv" "$home/.uv"
find "$home" -mindepth 1 -maxdepth 1 ! -name .venv ! -name .uv -exec rm -rf {} +
(cd "$project" && git ls-files -z --cached --others --exclude-standard \
  | tar --create --null --files-from=- --ignore-failed-read --file=- 2>/dev/null) \
  | tar --extract --directory="$home"

# The network as it is here, with the authorities that are trusted here.
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"

kept=()
while IFS= read -r variable; do
  kept+=("$variable=${!variable}")
done < <(compgen -e | grep -E '^(https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|SSL_CERT_FILE|PIP_INDEX_URL|PIP_CERT|UV_.*|WORKERS|CI)$')

# Mounts live in a namespace of their own, so nothing is left behind.
export root project target
exec unshare --mount --propagation private bash -euc '
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount --rbind /sys "$root/sys"
  rm -rf "$root"/tmp/*
  if [ -d "$project/../shared" ]; then
    mkdir -p "$root/root/lianxi/shared"
    mount --bind -o ro "$project/../shared" "$root/root/lianxi/shared"
  fi
  PATH=$PATH:/usr/sbin:/sbin exec chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 \
    PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin "$@" \
    make --no-print-directory -C /root/lianxi/main "$target"
' debian13 "${kept[@]}"
