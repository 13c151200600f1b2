#!/usr/bin/env bash
# Promise: SIGTERM under load fails no request whose head had arrived, and an idle gateway with kept connections is gone in under 200 ms
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/shutdown.mjs"
