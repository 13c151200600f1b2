#!/usr/bin/env bash
# Promise: two workers cost no more CPU per request than one process by a tenth, ask registry and instances no oftener, and their metrics add up
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/workers.mjs"
