#!/usr/bin/env bash
# Promise: 1,000 slow readers, 1,000 slow writers and a slow upstream hold neither memory beyond the stated bound nor other requests
# OCTOPUS_SOAK_SECONDS makes each phase longer (default 5). OCTOPUS_SOAK_FACTOR allows others to wait longer, on a machine that is not quiet (default 1).
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
ulimit -n "$(ulimit -H -n)" 2>/dev/null || true
limit=$(ulimit -n)
if [ "$limit" != unlimited ] && [ "$limit" -lt 5000 ]; then fail "5,000 open files are needed and $limit are allowed: raise ulimit -n"; fi
npm run --silent setup
# With clients and upstreams on the same machine full buffers of thousands of connections are more than the system grants to TCP altogether
# (net.ipv4.tcp_mem), and it begins to throw away packets of every connection. A network of its own has smaller ones.
small='ip link set lo up && for side in r w; do echo "4096 65536 524288" >"/proc/sys/net/ipv4/tcp_${side}mem" || exit; done'
if unshare -rn sh -c "$small" 2>/dev/null; then exec unshare -rn sh -c "$small && exec node '$LIB/slow-clients.mjs'"; fi
node "$LIB/slow-clients.mjs"
