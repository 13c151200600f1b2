#!/usr/bin/env bash
# Promise: every known defect of other gateways has a named test here, and it passes
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/regressions.mjs"
