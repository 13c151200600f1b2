#!/usr/bin/env bash
# npm run test:components: the programs that tests and measurements use and that npm does not bring, from Debian's packages.
set -euo pipefail

# program:package
COMPONENTS="promtool:prometheus nginx:nginx-light haproxy:haproxy caddy:caddy nghttpd:nghttp2-server wrk:wrk curl:curl git:git ps:procps taskset:util-linux nghttp:nghttp2-client h2load:nghttp2-client openssl:openssl etcd:etcd-server named:bind9 nsupdate:bind9-dnsutils avahi-daemon:avahi-daemon"

missing=()
packages=()
# Others may ask for theirs: test-components.sh program:package...
for component in ${*:-$COMPONENTS}; do
  program=${component%%:*}
  if ! PATH="$PATH:/usr/sbin:/usr/local/sbin:/sbin" command -v "$program" >/dev/null; then
    missing+=("$program")
    packages+=("${component##*:}")
  fi
done

# Modules of Debian's own Python. module:package
MODULES="websockets:python3-websockets grpc:python3-grpcio zeroconf:python3-zeroconf"

for component in $MODULES; do
  module=${component%%:*}
  if ! /usr/bin/python3 -c "import $module" 2>/dev/null; then
    missing+=("python3 $module")
    packages+=("${component##*:}")
  fi
done

if [ ${#missing[@]} -eq 0 ]; then
  echo "All programs are there."
  exit 0
fi
echo "Missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get here. Install what gives you: ${missing[*]}" >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Installing needs root. Run: sudo apt-get install --no-install-recommends ${packages[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "${packages[@]}"
