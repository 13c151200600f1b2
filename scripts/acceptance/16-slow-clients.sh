#!/usr/bin/env bash
# Promise: 1,000 slow readers, 1,000 slow writers and a slow upstream hold neither memory beyond the stated bound nor other requests
# OCTOPUS_SOAK_SECONDS makes each phase longer (default 5).
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
ulimit -n "$(ulimit -H -n)" 2>/dev/null || true
limit=$(ulimit -n)
if [ "$limit" != unlimited ] && [ "$limit" -lt 5000 ]; then fail "5,000 open files are needed and $limit are allowed: raise ulimit -n"; fi
npm run --silent setup
node "$LIB/slow-clients.mjs"
